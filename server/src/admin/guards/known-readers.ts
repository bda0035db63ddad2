/**
 * Callers who may read health and metrics while the database is away, because they could shortly before. Nobody else can be checked
 * then, and an outage is when operators need both.
 */
import { can } from '../../domain/tenancy/permission.ts';
import { hashSecret } from '../../lib/secrets.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import type { Actor } from '../http/actor.ts';
import type { Authenticate } from '../http/authenticate.ts';
import type { AdminDeps } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';

const READERS_MAX = 100;
/** The longest time between a caller's last check and the outage. Prometheus scrapes at least every few minutes. */
const BEFORE_MS_MAX = 15 * 60_000;
/** The longest time that a check counts, however long the outage lasts. */
const CHECK_MS_MAX = 86_400_000;

type Headers = Parameters<Authenticate>[1];

/** Keeps hashes of credentials only, of the 100 callers that were checked last. */
class KnownReaders {
  readonly #deps: AdminDeps;
  readonly #known = new Map<string, { readonly actor: Actor; readonly checkedMs: number }>();

  constructor(deps: AdminDeps) {
    this.#deps = deps;
  }

  /** Notes a caller who was just checked with the database. */
  note(headers: Headers, ip: string, actor: Actor): void {
    const name = this.#nameOf(headers, ip);
    this.#known.delete(name);
    if (!can(actor, 'platform.read', { organizationId: null })) return;
    this.#known.set(name, { actor, checkedMs: this.#deps.clock.nowMs() });
    const [oldest] = this.#known.keys();
    if (this.#known.size > READERS_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** Forgets a credential that the database does not know any more. */
  forget(headers: Headers, ip: string): void {
    this.#known.delete(this.#nameOf(headers, ip));
  }

  /** Returns the caller if the database knew them at most 15 minutes before `awaySinceMs` and at most a day ago, else null. */
  find(headers: Headers, ip: string, awaySinceMs: number): Actor | null {
    const known = this.#known.get(this.#nameOf(headers, ip));
    if (known === undefined) return null;
    const earliestMs = Math.max(awaySinceMs - BEFORE_MS_MAX, this.#deps.clock.nowMs() - CHECK_MS_MAX);
    return known.checkedMs >= earliestMs ? known.actor : null;
  }

  /** A token may be limited to networks, so the address is a part of the name. */
  #nameOf({ authorization, cookie }: Headers, ip: string): string {
    return hashSecret(this.#deps.keys.pepper, `${ip} ${authorization ?? cookie ?? ''}`);
  }
}

const readers = new WeakMap<AdminDeps, KnownReaders>();

function readersOf(deps: AdminDeps): KnownReaders {
  const known = readers.get(deps) ?? new KnownReaders(deps);
  readers.set(deps, known);
  return known;
}

/** Returns the same authentication, which also notes who may read the platform. */
export function noteReaders(authenticate: Authenticate): Authenticate {
  return async (deps, headers, ip) => {
    try {
      const actor = await authenticate(deps, headers, ip);
      readersOf(deps).note(headers, ip, actor);
      return actor;
    } catch (error) {
      if (error instanceof Problem) readersOf(deps).forget(headers, ip);
      throw error;
    }
  };
}

/** Returns the same authentication, which also takes known readers while the database is away: for what answers without it. */
export function orKnownReader(authenticate: Authenticate): Authenticate {
  return async (deps, headers, ip) => {
    const awaySinceMs = deps.process.databaseAwaySinceMs();
    const known = awaySinceMs === null ? null : readersOf(deps).find(headers, ip, awaySinceMs);
    if (known !== null) return known;
    try {
      return await authenticate(deps, headers, ip);
    } catch (error) {
      // The outage may have just begun.
      const reader = isStoreUnavailable(error) ? readersOf(deps).find(headers, ip, deps.clock.nowMs()) : null;
      if (reader === null) throw error;
      return reader;
    }
  };
}
