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

/** Forgets secrets that ended long ago. A key whose secrets are short gets another each hour, and would keep all of them. */
export function forgetEnded(secrets: Map<string, CachedSecret>, beforeMs: number): void {
  for (const [secret, { validUntilMs }] of secrets) if (validUntilMs !== null && validUntilMs <= beforeMs) secrets.delete(secret);
}
