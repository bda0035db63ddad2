import { isDeepStrictEqual } from 'node:util';
import { type AppendedEvent, appendAuditEvent, rememberAppended } from '../../store/audit/audit.ts';
import { bumpConfigVersions } from '../../store/configuration/config-versions.ts';
import type { Database } from '../../store/database.ts';
import type { Actor } from './actor.ts';
import type { AdminCall } from './call.ts';
import type { ConfigScopes } from './deps.ts';
import { claimIdempotency } from './idempotency.ts';

/** One change to an object, for the audit log. Never put a secret into `before` or `after`. */
export interface ChangeEvent {
  /** `organization.update`, `key.rotate`… */
  readonly action: string;
  /** Null: the platform's own chain. */
  readonly organizationId: string | null;
  readonly objectType: string;
  readonly objectId: string;
  readonly objectName: string | null;
  /** The object as the API shows it, before and after. Null if it did not exist or no longer exists. */
  readonly before: object | null;
  readonly after: object | null;
  /** The actor, if it is not the caller of the request: a person who is just signing in. */
  readonly by?: Pick<Actor, 'kind' | 'id' | 'name'>;
}

/** The tools of a change: its transaction, its time and its audit log. */
export interface Change {
  readonly tx: Database;
  readonly now: Date;
  /** Writes an audit event in this transaction. An update that changes nothing writes none. */
  record(event: ChangeEvent): Promise<void>;
  /** Declares which configuration this changes. */
  touch(scopes: ConfigScopes): void;
}

/**
 * Makes one change of the control plane. Its writes, its audit events and the new configuration versions are one transaction.
 * Then waits until the data plane uses the change, so that a write is live before it is answered.
 */
export async function change<T>(call: AdminCall, work: (change: Change) => Promise<T>): Promise<T> {
  const touched: ConfigScopes[] = [];
  const appended: AppendedEvent[] = [];
  const result = await call.deps.db.transaction(async (tx) => {
    await claimIdempotency(tx, call);
    const now = new Date(call.deps.clock.nowMs());
    const done = await work({
      tx,
      now,
      record: async (event) => {
        const done = await record(tx, call, now, event);
        if (done !== null) appended.push(done);
      },
      touch: (scopes) => touched.push(scopes),
    });
    // A dry run ends by throwing Rehearsed. A route that takes the parameter and makes the change all the same is a mistake.
    if (isDryRun(call)) throw new Error('a dry run must not store its change');
    await bumpConfigVersions(tx, merged(touched));
    return done;
  });
  await rememberAppended(call.deps.audit, appended);
  if (touched.length > 0) await call.deps.configChanged(merged(touched));
  return result;
}

function isDryRun({ query }: { readonly query: unknown }): boolean {
  return typeof query === 'object' && query !== null && 'dry_run' in query && query.dry_run === true;
}

/** The error that ends a dry run. It rolls back the transaction of the change and carries the answer. */
export class Rehearsed extends Error {
  readonly answer: unknown;

  constructor(answer: unknown) {
    super('a dry run stores nothing');
    this.name = 'Rehearsed';
    this.answer = answer;
  }
}

/**
 * Makes a change. For a dry run, returns what the change would return: runs it in its transaction with all its checks, and rolls
 * it back.
 */
export async function changeOrRehearse<T>(
  call: AdminCall,
  { isDryRun }: { readonly isDryRun: boolean },
  work: (change: Change) => Promise<T>,
): Promise<T> {
  if (!isDryRun) return change(call, work);
  try {
    return await change(call, async (change) => {
      throw new Rehearsed(await work(change));
    });
  } catch (error) {
    if (error instanceof Rehearsed) return error.answer as T;
    throw error;
  }
}

async function record(tx: Database, call: AdminCall, now: Date, event: ChangeEvent): Promise<AppendedEvent | null> {
  const { before, after } = differences(event.before, event.after);
  if (before !== null && after !== null && Object.keys(after).length === 0) return null;
  const by = event.by ?? call.actor;
  return appendAuditEvent(tx, call.deps.audit, {
    organizationId: event.organizationId,
    at: now,
    actorKind: by.kind,
    actorId: by.id,
    actorName: by.name,
    action: event.action,
    objectType: event.objectType,
    objectId: event.objectId,
    objectName: event.objectName,
    before,
    after,
    reason: call.raw.reason,
    ip: call.raw.ip,
    requestId: call.requestId,
  });
}

/** Reports whether a patch changes nothing that people see. Then nothing is written and the version stays. */
export function isUnchanged(before: object, after: object): boolean {
  return isDeepStrictEqual(before, after);
}

/** Returns only the differing fields of an update, and all fields of a creation or deletion. */
function differences(before: object | null, after: object | null): { before: object | null; after: object | null } {
  if (before === null || after === null) return { before, after };
  const was = before as Readonly<Record<string, unknown>>;
  const is = after as Readonly<Record<string, unknown>>;
  const changed = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (name) => !isDeepStrictEqual(was[name], is[name]),
  );
  const pick = (from: Readonly<Record<string, unknown>>) => Object.fromEntries(changed.map((name) => [name, from[name] ?? null]));
  return { before: pick(was), after: pick(is) };
}

function merged(touched: readonly ConfigScopes[]): ConfigScopes {
  return {
    catalogue: touched.some((scopes) => scopes.catalogue === true),
    organizationIds: [...new Set(touched.flatMap((scopes) => scopes.organizationIds ?? []))],
    keyIds: [...new Set(touched.flatMap((scopes) => scopes.keyIds ?? []))],
  };
}
