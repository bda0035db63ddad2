import type { Counters } from '../counters/counters.ts';
import type { Clock } from '../lib/clock.ts';
import type { RandomBytes } from '../lib/secrets.ts';
import type { Database } from '../store/database.ts';

/** Which configuration a change touched: what the data plane must load anew before the change is answered. */
export interface ConfigScopes {
  readonly catalogue?: boolean;
  readonly organizationIds?: readonly string[];
  /** Keys whose cached form must go. */
  readonly keyIds?: readonly string[];
}

/** Where the admin plane writes what only an operator may read. Never given a secret or a request's body. */
export interface AdminLog {
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** The data keys in use, unwrapped at start. */
export interface AdminKeys {
  /** Wraps each organization's content key. */
  readonly master: Buffer;
  /** For the hashes of keys and admin tokens. */
  readonly pepper: Buffer;
  /** Seals credentials, and answers kept for `Idempotency-Key`. */
  readonly credentials: Buffer;
}

/** Everything the admin plane is given. It makes none of it. */
export interface AdminDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly keys: AdminKeys;
  readonly log: AdminLog;
  /** Random bytes for secrets and ids; the system's when absent. */
  readonly random?: RandomBytes;
  /** CIDRs of proxies whose `x-forwarded-for` is believed. */
  readonly trustedProxies: readonly string[];
  /** Resolves once the answering process serves by the new configuration, so that a write is live before its 2xx. */
  readonly configChanged: (scopes: ConfigScopes) => Promise<void>;
}
