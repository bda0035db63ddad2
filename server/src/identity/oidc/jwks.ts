import { calculateJwkThumbprint, type JWK } from 'jose';
import { quoted } from './quoted.ts';

/** A public key of a provider, with only what verifies a signature. */
export type PublicJwk = Readonly<Record<string, string>> & { readonly kty: string };

export interface TrustedKey {
  /** Its `kid`; without one its thumbprint. */
  readonly id: string;
  /** Null: the provider gave it none. */
  readonly kid: string | null;
  readonly jwk: PublicJwk;
}

const KEYS_MAX = 50;
const KID_LENGTH_MAX = 200;
const MEMBER_LENGTH_MAX = 3_000;
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
};

/** Reads a JWK set: at most 50 keys, without those for encryption, secret ones, and what is no key. Returns words if it is no set. */
export async function readJwks(document: unknown): Promise<readonly TrustedKey[] | { readonly problem: string }> {
  const list = typeof document === 'object' && document !== null ? (document as { readonly keys?: unknown }).keys : undefined;
  if (!Array.isArray(list)) return { problem: `sent no JWK set: its "keys" is ${quoted(list)}` };
  if (list.length > KEYS_MAX) return { problem: `sent a JWK set of ${list.length} keys; at most ${KEYS_MAX} are read` };
  const keys = new Map<string, TrustedKey>();
  for (const one of list) {
    const key = await readJwk(one);
    // The first of two with one name counts, whatever comes later.
    if (key !== null && !keys.has(key.id)) keys.set(key.id, key);
  }
  return keys.size === 0 ? { problem: 'sent a JWK set without a public key for signatures' } : [...keys.values()];
}

/** Reads one key; null if it is none that verifies signatures of the algorithms in use. */
export async function readJwk(given: unknown): Promise<TrustedKey | null> {
  if (typeof given !== 'object' || given === null) return null;
  const from = given as Readonly<Record<string, unknown>>;
  const { kty, kid, use, alg, key_ops: operations, d } = from;
  const members = typeof kty === 'string' && Object.hasOwn(MEMBERS, kty) ? MEMBERS[kty] : undefined;
  // A provider that shows a private key has lost it.
  if (members === undefined || d !== undefined || (use !== undefined && use !== 'sig')) return null;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return null;
  if (!members.every((name) => isMember(from[name]))) return null;
  const named = kid === undefined ? null : typeof kid === 'string' && /^[\x20-\x7e]{1,200}$/.test(kid) ? kid : undefined;
  if (named === undefined || (alg !== undefined && !(typeof alg === 'string' && /^[A-Za-z0-9]{1,20}$/.test(alg)))) return null;
  const jwk = {
    kty: kty as string,
    ...(named === null ? {} : { kid: named }),
    ...(alg === undefined ? {} : { alg }),
    ...Object.fromEntries(members.map((name) => [name, from[name] as string])),
  } as PublicJwk;
  const id = named ?? (await calculateJwkThumbprint(jwk as JWK).catch(() => null));
  return id === null || id.length > KID_LENGTH_MAX ? null : { id, kid: named, jwk };
}

/** Returns the keys that could have signed with this header, as the library chooses them. */
export function candidatesOf(keys: readonly TrustedKey[], alg: string, kid: string | undefined): readonly TrustedKey[] {
  const kty = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' }[alg.slice(0, 2)];
  return keys.filter(
    ({ kid: named, jwk }) =>
      jwk.kty === kty && (kid === undefined || kid === named) && (jwk.alg === undefined || jwk.alg === alg),
  );
}

function isMember(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MEMBER_LENGTH_MAX && /^[A-Za-z0-9_-]+$/.test(value);
}
