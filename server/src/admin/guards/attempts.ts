/**
 * Audit events for actions that change nothing and still matter: a refused attempt, an export, a call to a provider. Each caller,
 * chain and kind writes at most one event a minute in each process. The next event says how many were left out since. If an event
 * cannot be written, for example while the database is down, it is logged instead. The answer to the caller is the same.
 */
import { nowAndThen } from '../../lib/timing/now-and-then.ts';
import { appendAlone } from '../../store/audit/audit.ts';
import { organizationOf, type Place } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';
import { Problem } from '../http/problem.ts';

const EVERY_MS = 60_000;

type Action = 'access.deny' | 'export.create' | 'provider.call';

export class Attempts {
  readonly #deps: AdminDeps;
  readonly #isDue: (name: string) => number | null;
  readonly #pending = new Set<Promise<void>>();

  constructor(deps: AdminDeps) {
    this.#deps = deps;
    this.#isDue = nowAndThen(EVERY_MS, deps.clock);
  }

  /**
   * Records that `authorize` refused a call. A missing role is an event of the organization. An attempt on another tenant's
   * object is an event of the platform, because the object's owner must not learn who tried. The answer does not wait for that
   * event, so that its timing does not reveal that the object exists.
   */
  async denied(call: AdminCall, place: Place, error: unknown): Promise<void> {
    if (!(error instanceof Problem)) return;
    const organizationId = organizationOf(place);
    const facts = { status: error.status, organization_id: organizationId };
    if (error.status === 403) await this.#record(call, 'access.deny', organizationId, facts);
    else void this.#record(call, 'access.deny', null, facts);
  }

  /** Records an export before its first line is read, or a call to a provider before it is made. */
  async made(call: AdminCall, action: Exclude<Action, 'access.deny'>, place: Place): Promise<void> {
    const organizationId = organizationOf(place);
    const ids = idsIn(call.body);
    await this.#record(call, action, organizationId, { organization_id: organizationId, ...ids }, Object.values(ids).join(' '));
  }

  /** Resolves when no event is being written. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** `about` tells apart what is recorded each for itself. */
  #record(call: AdminCall, action: Action, organizationId: string | null, facts: object, about = ''): Promise<void> {
    const heldBack = this.#isDue(`${call.actor.kind} ${call.actor.id} ${organizationId} ${action} ${about}`);
    if (heldBack === null) return Promise.resolve();
    const writing: Promise<void> = this.#write(call, action, organizationId, {
      ...facts,
      params: call.raw.params,
      held_back: heldBack,
    })
      .catch((error: unknown) => {
        this.#deps.log.warn(
          { action, reason: (error as Error).message },
          'audit: a refused call, an export or a call to a provider could not be recorded',
        );
      })
      .finally(() => this.#pending.delete(writing));
    this.#pending.add(writing);
    return writing;
  }

  async #write(
    { actor, raw, requestId }: AdminCall,
    action: Action,
    organizationId: string | null,
    after: object,
  ): Promise<void> {
    const { db, audit, clock } = this.#deps;
    const event = {
      organizationId,
      at: new Date(clock.nowMs()),
      actorKind: actor.kind,
      actorId: actor.id,
      actorName: actor.name,
      action,
      objectType: 'operation',
      objectId: `${raw.method} ${raw.route}`,
      objectName: null,
      before: null,
      after,
      reason: raw.reason,
      ip: raw.ip,
      requestId,
    };
    await appendAlone(db, audit, event);
  }
}

/** The objects that a body names, such as the credential that is tried. A field's bound is that of its route. */
function idsIn(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  return Object.fromEntries(Object.entries(body).filter(([field, value]) => field.endsWith('_id') && typeof value === 'string'));
}
