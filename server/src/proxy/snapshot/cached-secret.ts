import type { CachedKey } from './cached-key.ts';

/** A secret in the cache. `validUntilMs` null: it works until it is replaced. */
export interface CachedSecret {
  readonly key: CachedKey;
  readonly validUntilMs: number | null;
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

/** The first character of a proof's name in the cache. No secret in a header contains it. */
const PROOF = '\n';

/**
 * Forgets secrets that ended long ago. A key whose secrets are short gets another each hour, and would keep all of them. A proof is
 * checked again anyway, so it is forgotten as soon as it ends.
 */
export function forgetEnded(secrets: Map<string, CachedSecret>, nowMs: number, keptMs: number): void {
  for (const [secret, { validUntilMs }] of secrets) {
    if (validUntilMs !== null && nowMs - validUntilMs >= (secret.startsWith(PROOF) ? 0 : keptMs)) secrets.delete(secret);
  }
}
