/**
 * Updates the standing of every organization: within 10 s after its usage or configuration changes, and when a period or window
 * ends. A turn does a bounded amount of work. With nothing due it costs three small queries.
 *
 * If the database is down: the list shows the last known standing and its time, and the next turn retries.
 */
import type { Counters } from '../counters/counters.ts';
import type { Clock } from '../lib/timing/clock.ts';
import type { Database } from '../store/database.ts';
import * as standings from '../store/tenancy/standings.ts';
import { judgeOrganizations } from './judge-organizations.ts';

export interface StandingsOptions {
  readonly db: Database;
  readonly counters: Counters;
  readonly clock: Clock;
  /** Makes other checks of organizations that changed. If it throws, the turn fails and the organizations stay due. */
  readonly alsoLook?: (organizations: readonly standings.OrganizationToJudge[], nowMs: number) => Promise<unknown>;
  /** Called once per failure that follows a success. */
  readonly onFailure: (error: Error) => void;
}

export interface StandingsJob {
  /** Waits for the current turn; no other begins. */
  stop(): Promise<void>;
}

const EVERY_MS = 2_000;
/**
 * The time for which a judged organization that changes again is left out while more are due than a turn takes. With the turn
 * that finds it and the work before it, it is still judged within 10 s.
 */
const REST_MS = 6_000;
/** The same for `alsoLook`. An organization that stops changing earlier is checked once more. */
const LOOK_REST_MS = 20_000;
/** The time for which a full turn counts as overload. */
const PRESSED_MS = 10_000;
/** The pause between two turns while more are due, so that other work on the database proceeds. */
const PAUSE_MS = 50;
const ORGANIZATIONS_MAX = 200;
const CHANGES_MAX = 5_000;

/** Starts the turns, the first after a pause. Two processes that do so repeat each other's work without harm. */
export function keepStandings(options: StandingsOptions): StandingsJob {
  let isStopped = false;
  let isFailing = false;
  let timer: NodeJS.Timeout;
  let turn: Promise<void> = Promise.resolve();
  const refresh = createRefresh({ ...options, restMs: REST_MS, lookRestMs: LOOK_REST_MS });
  const again = (ms: number) => {
    if (!isStopped) timer = setTimeout(() => (turn = take()), ms).unref();
  };
  async function take(): Promise<void> {
    try {
      const judged = await refresh();
      isFailing = false;
      again(judged < ORGANIZATIONS_MAX ? EVERY_MS : PAUSE_MS);
    } catch (error) {
      if (!isFailing) options.onFailure(error as Error);
      isFailing = true;
      again(EVERY_MS);
    }
  }
  again(PAUSE_MS);
  return {
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}

export interface RefreshOptions extends Omit<StandingsOptions, 'onFailure'> {
  /** The time for which a judged organization is left out under overload, even if it changes; 0 by default. */
  readonly restMs?: number;
  /** The same for `alsoLook`. */
  readonly lookRestMs?: number;
  /** The most organizations in one turn; 200 by default. */
  readonly most?: number;
}

/** Returns a function that judges what is due and returns the number of organizations. Its calls must not overlap. */
export function createRefresh({
  db,
  counters,
  clock,
  alsoLook,
  restMs = 0,
  lookRestMs = 0,
  most = ORGANIZATIONS_MAX,
}: RefreshOptions): () => Promise<number> {
  let targets: standings.GrantableTargets | null = null;
  let hasMore = false;
  let takenMs = Number.NEGATIVE_INFINITY;
  let fullMs = Number.NEGATIVE_INFINITY;
  const looks = createLooks(lookRestMs);
  return async () => {
    const nowMs = clock.nowMs();
    // With many organizations in traffic, finding changes is expensive: first judge what was found, but look again every 2 s.
    if (!hasMore || Math.abs(nowMs - takenMs) >= EVERY_MS) {
      const isPressed = Math.abs(nowMs - fullMs) < PRESSED_MS;
      await standings.takeChanges(db, { most: CHANGES_MAX, nowMs, restMs: isPressed ? restMs : 0 });
      takenMs = nowMs;
    }
    const version = await standings.catalogueVersion(db);
    const due = await standings.dueOrganizations(db, { nowMs, catalogueVersion: version, most });
    hasMore = due.length >= most;
    if (hasMore) fullMs = nowMs;
    if (due.length === 0) return 0;
    if (targets === null || targets.version !== version) targets = await standings.grantableTargets(db);
    const judged = await judgeOrganizations({ db, counters, nowMs, targets }, due);
    const looked = hasMore ? due.filter(({ id }) => looks.nextMs(id, nowMs) <= nowMs) : due;
    await alsoLook?.(looked, nowMs);
    for (const { id } of looked) looks.took(id, nowMs);
    const waiting = new Set(due.filter((row) => !looked.includes(row)).map(({ id }) => id));
    const dueAtMs = ({ organizationId: id, dueAtMs }: standings.Judged) =>
      waiting.has(id) ? Math.min(dueAtMs, looks.nextMs(id, nowMs)) : dueAtMs;
    await standings.storeJudged(
      db,
      judged.map((one) => ({ ...one, dueAtMs: dueAtMs(one) })),
      new Date(nowMs),
    );
    return due.length;
  };
}

/** Remembers when each organization was last checked. A forgotten one is checked again, so nothing needs to survive a restart. */
function createLooks(restMs: number) {
  const lastMs = new Map<string, number>();
  return {
    /** Returns the time from which it may be checked again. */
    nextMs(id: string, nowMs: number): number {
      const last = lastMs.get(id) ?? Number.NEGATIVE_INFINITY;
      return last > nowMs ? nowMs : last + restMs;
    },
    took(id: string, nowMs: number): void {
      lastMs.delete(id);
      lastMs.set(id, nowMs);
      for (const [oldest, ms] of lastMs) {
        if (ms + restMs > nowMs) break;
        lastMs.delete(oldest);
      }
    },
  };
}
