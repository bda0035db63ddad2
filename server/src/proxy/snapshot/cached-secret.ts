import type { KeyConfig } from '../../domain/tenancy/tenancy.ts';
import type { CachedKey } from './cached-key.ts';
import type { RefusedProof } from './refused-proofs.ts';

/** The key of a secret, and the time until which it may be cached; null: as long as the key. */
export interface FoundSecret {
  readonly key: KeyConfig;
  readonly secretValidUntilMs: number | null;
  /** True if something else than a secret of the key proved it. */
  readonly isProof?: true;
}

/** Finds the key of a secret or a proof; null if it has none. */
export type FindKey = () => Promise<FoundSecret | RefusedProof | null>;

/**
 * A secret in the cache. `validUntilMs` null: it works until it is replaced. A proof is checked again once it ended, so nobody asks
 * whether it did.
 */
export interface CachedSecret {
  readonly key: CachedKey;
  readonly validUntilMs: number | null;
  readonly isProof: boolean;
}

/** A secret that ended, and when. */
export interface EndedSecret {
  readonly key: CachedKey;
  readonly endedMs: number;
}

/** Returns the key of a cached secret that has ended; null for any other. */
export function endedOf(cached: CachedSecret | undefined, nowMs: number): EndedSecret | null {
  if (cached === undefined || cached.validUntilMs === null || nowMs < cached.validUntilMs) return null;
  return { key: cached.key, endedMs: cached.validUntilMs };
}

/**
 * Forgets secrets that ended long ago, and proofs that ended. A key whose secrets are short gets another each hour, and would keep
 * all of them.
 */
export function forgetEnded(secrets: Map<string, CachedSecret>, nowMs: number, keptMs: number): void {
  for (const [secret, { validUntilMs, isProof }] of secrets) {
    if (validUntilMs !== null && nowMs - validUntilMs >= (isProof ? 0 : keptMs)) secrets.delete(secret);
  }
}
