/**
 * What strangers can make happen as often as they like, told in the audit log without filling it: so many events of a minute one by one, and
 * all others of that minute together in one when it is over. Each process counts by itself.
 */
import { setTimeout as later } from 'node:timers';
import { appendAlone, type NewAuditEvent } from '../../store/audit/audit.ts';
import { ANONYMOUS } from '../http/actor.ts';
import type { AdminDeps } from '../http/deps.ts';

const MINUTE_MS = 60_000;
/** So many of what was not told one by one are kept as examples. */
const SOME_MAX = 10;

/** What of a minute was not told one by one. */
interface Rest<F> {
  readonly count: number;
  /** Of each reason how many. */
  readonly reasons: Readonly<Record<string, number>>;
  /** At most ten of them, each of another name. */
  readonly some: readonly F[];
}

/** How one kind of event is told. */
interface Telling<F> {
  readonly clock: AdminDeps['clock'];
  /** So many of a minute are told one by one, each name once. */
  readonly eachMax: number;
  /** Writes the one event of what remained of a minute. Never rejects. */
  tellRest(rest: Rest<F>): Promise<void>;
}

export interface Flood<F> {
  /**
   * Counts one. True: it is to be told by itself; what remained of a minute that is over is written by then. `name` is what makes two of them
   * the same: who was tried and from where. `reason` is one of few words.
   */
  isTold(name: string, reason: string, fact: F): Promise<boolean>;
  /** Tells what remains of the minute so far; resolves when it is written. */
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

/** Writes one event that nobody signed in made, in the platform's chain. When it cannot be written the log has it. */
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
