/**
 * Records events that strangers can cause as often as they like, without filling the audit log. Writes the first events of a
 * minute one by one, and all others of that minute as one event when it is over. Each process counts by itself.
 */
import { setTimeout as later } from 'node:timers';
import { appendAlone, type NewAuditEvent } from '../../store/audit/audit.ts';
import { ANONYMOUS } from '../http/actor.ts';
import type { AdminDeps } from '../http/deps.ts';

const MINUTE_MS = 60_000;
/** The most events of the rest that are kept as examples. */
const SOME_MAX = 10;

/** The events of a minute that were not written one by one. */
interface Rest<F> {
  readonly count: number;
  /** The number of events by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** At most ten examples, each with another name. */
  readonly some: readonly F[];
}

/** The settings for one kind of event. */
interface Telling<F> {
  readonly clock: AdminDeps['clock'];
  /** The most events of a minute that are written one by one. Each name is written once. */
  readonly eachMax: number;
  /** Writes one event for the rest of a minute. Never rejects. */
  tellRest(rest: Rest<F>): Promise<void>;
}

export interface Flood<F> {
  /**
   * Counts one event. Returns true if the caller must write it by itself; the rest of a minute that is over is written by then.
   * `name` identifies equal events: who was tried, and from where. `reason` is one of a few words.
   */
  isTold(name: string, reason: string, fact: F): Promise<boolean>;
  /** Writes the rest of the minute so far. Resolves when it is written. */
  settled(): Promise<void>;
}

interface Minute<F> {
  readonly sinceMs: number;
  readonly told: Set<string>;
  readonly some: Map<string, F>;
  readonly reasons: Map<string, number>;
  count: number;
}

export function createFlood<F>({ clock, eachMax, tellRest }: Telling<F>): Flood<F> {
  let minute: Minute<F> | null = null;
  let telling: Promise<void> = Promise.resolve();
  const end = (which: Minute<F> | null) => {
    if (which === null || which !== minute) return;
    minute = null;
    const { count, reasons, some } = which;
    if (count > 0) telling = tellRest({ count, reasons: Object.fromEntries(reasons), some: [...some.values()] });
  };
  const begin = (): Minute<F> => {
    const begun = { sinceMs: clock.monotonicMs(), told: new Set<string>(), some: new Map(), reasons: new Map(), count: 0 };
    later(() => end(begun), MINUTE_MS).unref();
    return begun;
  };
  return {
    isTold: async (name, reason, fact) => {
      if (minute !== null && clock.monotonicMs() - minute.sinceMs >= MINUTE_MS) end(minute);
      minute ??= begin();
      const isTold = minute.told.size < eachMax && !minute.told.has(name);
      if (isTold) minute.told.add(name);
      else countIn(minute, name, reason, fact);
      await telling;
      return isTold;
    },
    settled: () => {
      end(minute);
      return telling;
    },
  };
}

function countIn<F>(minute: Minute<F>, name: string, reason: string, fact: F): void {
  const { some, reasons } = minute;
  minute.count += 1;
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  if (some.size < SOME_MAX && !some.has(name)) some.set(name, fact);
}

/** Writes an event of an anonymous caller to the platform's audit chain. If that fails, logs it instead. */
export async function tellOfStrangers(
  deps: AdminDeps,
  event: Pick<NewAuditEvent, 'action' | 'objectType' | 'objectId' | 'ip'> & { readonly after: object },
): Promise<void> {
  const { kind, id, name } = ANONYMOUS;
  try {
    await appendAlone(deps.db, deps.audit, {
      organizationId: null,
      at: new Date(deps.clock.nowMs()),
      ...{ actorKind: kind, actorId: id, actorName: name },
      ...{ objectName: null, before: null, reason: null, requestId: null },
      ...event,
    });
  } catch (error) {
    const { action, after } = event;
    deps.log.warn({ action, ...after, reason: (error as Error).message }, 'audit: what strangers tried could not be recorded');
  }
}
