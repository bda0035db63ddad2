/**
 * Records events that strangers can cause as often as they like, without filling the audit log. Writes the first events of a
 * minute one by one, and all others of that minute as one event when it is over. Each process counts by itself.
 */
import { setTimeout as later } from 'node:timers';
import { appendAlone, type NewAuditEvent } from '../../store/audit/audit.ts';
import { ANONYMOUS } from '../http/actor.ts';
import type { AdminDeps } from '../http/deps.ts';

const MINUTE_MS = 60_000;
/** The most events that are kept as examples. */
const EXAMPLES_MAX = 10;

/** The events of a minute that were counted instead of written one by one. */
interface CountedEvents<F> {
  readonly count: number;
  /** The number of events by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** At most ten examples, each with another name. */
  readonly examples: readonly F[];
}

/** The settings for one kind of event. */
interface FloodOptions<F> {
  readonly clock: AdminDeps['clock'];
  /** The most events of a minute that are written one by one. Each name is written once. */
  readonly eachMax: number;
  /** Writes one event for all counted events of a minute. Never rejects. */
  writeCounted(counted: CountedEvents<F>): Promise<void>;
}

export interface Flood<F> {
  /**
   * Counts one event. Returns true if the caller must write it by itself. The counted events of an earlier minute are written by then.
   * `name` identifies equal events: who was tried, and from where. `reason` is one of a few words.
   */
  mustWrite(name: string, reason: string, fact: F): Promise<boolean>;
  /** Writes the counted events of the present minute. Resolves when they are written. */
  settled(): Promise<void>;
}

interface Minute<F> {
  readonly sinceMs: number;
  readonly written: Set<string>;
  readonly examples: Map<string, F>;
  readonly reasons: Map<string, number>;
  count: number;
}

export function createFlood<F>({ clock, eachMax, writeCounted }: FloodOptions<F>): Flood<F> {
  let minute: Minute<F> | null = null;
  let writing: Promise<void> = Promise.resolve();
  const end = (which: Minute<F> | null) => {
    if (which === null || which !== minute) return;
    minute = null;
    const { count, reasons, examples } = which;
    if (count > 0) writing = writeCounted({ count, reasons: Object.fromEntries(reasons), examples: [...examples.values()] });
  };
  const begin = (): Minute<F> => {
    const begun = { sinceMs: clock.monotonicMs(), written: new Set<string>(), examples: new Map(), reasons: new Map(), count: 0 };
    later(() => end(begun), MINUTE_MS).unref();
    return begun;
  };
  return {
    mustWrite: async (name, reason, fact) => {
      if (minute !== null && clock.monotonicMs() - minute.sinceMs >= MINUTE_MS) end(minute);
      minute ??= begin();
      const isWrittenAlone = minute.written.size < eachMax && !minute.written.has(name);
      if (isWrittenAlone) minute.written.add(name);
      else countIn(minute, name, reason, fact);
      await writing;
      return isWrittenAlone;
    },
    settled: () => {
      end(minute);
      return writing;
    },
  };
}

function countIn<F>(minute: Minute<F>, name: string, reason: string, fact: F): void {
  const { examples, reasons } = minute;
  minute.count += 1;
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  if (examples.size < EXAMPLES_MAX && !examples.has(name)) examples.set(name, fact);
}

/** Writes an event of an anonymous caller to the platform's audit chain. If that fails, logs it instead. */
export async function appendAnonymousEvent(
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
    deps.log.warn(
      { action, ...after, reason: (error as Error).message },
      'audit: failed sign-ins and unknown tokens could not be recorded',
    );
  }
}
