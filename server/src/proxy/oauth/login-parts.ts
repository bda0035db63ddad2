import { createHash, timingSafeEqual } from 'node:crypto';
import { hashedSecret, hashesOf } from '../../lib/secrets.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { AuditTrail } from '../../store/audit/audit.ts';
import type { Database } from '../../store/database.ts';
import type { ConfigChange } from '../snapshot/snapshot.ts';

/** The means of the login endpoints. */
export interface LoginParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly keys: { readonly pepper: Buffer; readonly otherPepper: { readonly pepper: Buffer } | null };
  /** The key from which the tokens that replace a refresh token are made. */
  readonly successorKey: Buffer;
  readonly audit: AuditTrail;
  readonly guesses: Guesses;
  /** Returns the network under which an address counts: of an IPv6 address its /64. */
  readonly networkOf: (address: string) => string;
  /** Makes a change visible to this process. Others learn of it from the database. */
  readonly apply: (change: ConfigChange) => Promise<void>;
}

/** Counts the wrong codes and tokens of each address. */
export interface Guesses {
  /** Returns the milliseconds until this address may try again. */
  waitMs(ip: string): number;
  wrong(ip: string): void;
}

/** Returns the hash of a new secret, and the pepper's name. */
export function hashed({ keys }: LoginParts, secret: string) {
  return hashedSecret(keys.pepper, secret);
}

/** Returns the hashes that a secret may be stored under. */
export function hashesIn({ keys }: LoginParts, secret: string): readonly Buffer[] {
  return hashesOf(keys, secret);
}

/** Reports whether a verifier of PKCE belongs to a challenge (RFC 7636, S256). */
export function isVerifierOf(challenge: string, verifier: string): boolean {
  const made = Buffer.from(createHash('sha256').update(verifier).digest('base64url'));
  const wanted = Buffer.from(challenge);
  return made.length === wanted.length && timingSafeEqual(made, wanted);
}
