/**
 * Our keys for one identity provider: they sign our requests. They are stored sealed, as one text. While a key is replaced there are
 * two, both in our metadata; the first one signs, until the identity provider has read the second.
 */
import { generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { OwnCertificate } from '../protocols.ts';
import { fingerprintOf } from './certificates.ts';
import { selfSigned } from './self-signed.ts';

const OwnKey = z.object({
  private: z.string().min(1).max(16_384),
  certificate: z.string().min(1).max(16_384),
  made_at: z.string(),
});
const OwnKeys = z.object({ keys: z.array(OwnKey).min(1).max(2) });
type OwnKey = z.infer<typeof OwnKey>;

const BITS = 3_072;
const YEARS = 10;

/** Returns new keys as the text to seal. */
export async function newOwnKeys(nowMs: number): Promise<string> {
  return JSON.stringify({ keys: [await newKey(nowMs)] });
}

/** Adds the next key; the present one still signs. There are at most two: a next one that is there is replaced. */
export async function withNextKey(secret: string | null, nowMs: number): Promise<string> {
  const [current] = readOwnKeys(secret);
  const next = await newKey(nowMs);
  return JSON.stringify({ keys: current === undefined ? [next] : [current, next] });
}

/** Drops the present key, so that the next one signs. Returns null if there is no next one. */
export function withoutOldKey(secret: string | null): string | null {
  const [, next] = readOwnKeys(secret);
  return next === undefined ? null : JSON.stringify({ keys: [next] });
}

/** Returns the certificates of the keys, the one that signs first. */
export function ownCertificates(secret: string | null): readonly OwnCertificate[] {
  return readOwnKeys(secret).map(({ certificate, made_at: madeAt }) => {
    return { id: fingerprintOf(new X509Certificate(certificate)), pem: certificate, madeAt };
  });
}

/** Returns the keys in a secret, the one that signs first; none if the secret is null or not of this form. */
export function readOwnKeys(secret: string | null): readonly OwnKey[] {
  if (secret === null) return [];
  try {
    return OwnKeys.parse(JSON.parse(secret)).keys;
  } catch {
    return [];
  }
}

/** Returns a certificate's content in base64, as metadata wants it. */
export function certificateBody({ certificate }: OwnKey): string {
  return new X509Certificate(certificate).raw.toString('base64');
}

async function newKey(nowMs: number): Promise<OwnKey> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: BITS });
  const certificate = selfSigned(pair, {
    commonName: 'Headgate',
    fromMs: nowMs - 3_600_000,
    untilMs: nowMs + YEARS * 365 * 86_400_000,
  });
  return {
    private: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate,
    made_at: new Date(nowMs).toISOString(),
  };
}
