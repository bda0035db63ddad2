/** Key sets (RFC 7517): the public keys of an issuer, and the choice of the one that a token names. */
import { type CryptoKey, importJWK, type JWK } from 'jose';

/** The usable keys of an issuer. */
export interface KeySet {
  readonly keys: readonly JWK[];
}

export const KEY_SET_BYTES_MAX = 128 * 1024;
const KEYS_MAX = 100;
/** The members that hold private parts: RFC 7518, 6.2.2, 6.3.2 and 6.4.1. */
const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'] as const;

/** Thrown for a text that is no key set, or has no usable key. The message is the end of a sentence for a person. */
export class BadKeySet extends Error {}

/** Reads a key set. Keeps only public keys that can verify signatures. */
export function readKeySet(text: string): KeySet {
  if (Buffer.byteLength(text) > KEY_SET_BYTES_MAX) throw new BadKeySet(`is larger than ${KEY_SET_BYTES_MAX / 1024} kB`);
  const parsed = parsedOf(text);
  if (!isObject(parsed) || !Array.isArray(parsed.keys)) throw new BadKeySet('is not a JSON object with a list "keys"');
  if (parsed.keys.length > KEYS_MAX) throw new BadKeySet(`has more than ${KEYS_MAX} keys`);
  const keys = parsed.keys.filter(isUsable).map(publicPartOf);
  if (keys.length === 0) throw new BadKeySet('has no public key that verifies signatures (kty RSA, EC or OKP)');
  return { keys };
}

/** Throws BadKeySet if a person pasted a set with a private key: it should be kept elsewhere, and replaced. */
export function refusePrivateKeys(text: string): void {
  const parsed = parsedOf(text);
  const keys = isObject(parsed) && Array.isArray(parsed.keys) ? parsed.keys : [];
  if (keys.some((key) => isObject(key) && PRIVATE_PARTS.some((name) => Object.hasOwn(key, name))))
    throw new BadKeySet('has a private or shared key. Paste only public keys, and replace this one');
}

function parsedOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadKeySet('is not JSON');
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isUsable(key: unknown): key is Readonly<Record<string, unknown>> {
  if (!isObject(key) || typeof key.kty !== 'string' || !['RSA', 'EC', 'OKP'].includes(key.kty)) return false;
  if (key.use !== undefined && key.use !== 'sig') return false;
  return key.key_ops === undefined || (Array.isArray(key.key_ops) && key.key_ops.includes('verify'));
}

function publicPartOf({ kty, kid, alg, crv, n, e, x, y }: Readonly<Record<string, unknown>>): JWK {
  const all = { kty, kid, alg, crv, n, e, x, y };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => typeof value === 'string')) as unknown as JWK;
}

/** Returns the keys that may have made this signature. With a `kid` only keys that have exactly it. */
export function keysFor({ keys }: KeySet, algorithm: string, keyId: string | null): readonly JWK[] {
  return keys.filter(
    (key) => (keyId === null || key.kid === keyId) && (key.alg === undefined || key.alg === algorithm) && fits(key, algorithm),
  );
}

const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'Ed25519' };

function fits({ kty, crv }: JWK, algorithm: string): boolean {
  if (algorithm.startsWith('RS') || algorithm.startsWith('PS')) return kty === 'RSA';
  return kty === (algorithm === 'EdDSA' ? 'OKP' : 'EC') && crv === CURVES[algorithm];
}

const imported = new WeakMap<JWK, Map<string, Promise<CryptoKey>>>();

/** Imports a key once. Rejects if it is no valid key. */
export function keyOf(jwk: JWK, algorithm: string): Promise<CryptoKey> {
  const known = imported.get(jwk) ?? new Map<string, Promise<CryptoKey>>();
  imported.set(jwk, known);
  const made = known.get(algorithm) ?? (importJWK(jwk, algorithm) as Promise<CryptoKey>);
  known.set(algorithm, made);
  return made;
}
