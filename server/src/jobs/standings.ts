/**
 * Keeps the standing of every organization: at most 10 s after its usage or configuration changed, and again when a period or a window
 * turns. A turn does a bounded piece of work; where nothing is due it costs three small questions.
 *
 * When the database is away: the list shows what was known last, with its instant, and the next turn tries again.
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
  /** What else is to be looked at in organizations that changed. What it throws ends the turn, and they are due again. */
  readonly alsoLook?: (organizations: readonly standings.OrganizationToJudge[], nowMs: number) => Promise<unknown>;
  /** Told once per failure that follows a success. */
  readonly onFailure: (error: Error) => void;
}

export interface StandingsJob {
  /** Waits for the turn under way, then no more. */
  stop(): Promise<void>;
}

const EVERY_MS = 2_000;
/**
 * While more are due than a turn takes, an organization that goes on changing is judged again no sooner: with the turn that finds it and the work
 * before it, within 10 s.
 */
const REST_MS = 6_000;
/** The same for what else is looked at; an organization that stops changing before that is due once more. */
const LOOK_REST_MS = 20_000;
/** So long after a turn that was full. */
const PRESSED_MS = 10_000;
/** Between two turns while there is more to do, so that other work on the database goes on. */
const PAUSE_MS = 50;
const ORGANIZATIONS_MAX = 200;
const CHANGES_MAX = 5_000;

/** Begins after the first pause. Two of them at once repeat each other's work and spoil nothing. */
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
  /** How long an organization that was judged is left alone while there is more to do than fits, however it changes; 0 unless given. */
  readonly restMs?: number;
  /** The same for what else is looked at. */
  readonly lookRestMs?: number;
  /** Organizations in one turn; 200 unless given. */
  readonly most?: number;
}

/** One turn at a time: judges what is due and returns how many organizations that were. */
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
    // Where many organizations are in traffic it is dear to look for changes: what was found is judged first, but not for ever.
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

/** When each organization was looked at last. Forgotten is looked at again, so what is kept need not outlast the process. */
function createLooks(restMs: number) {
  const lastMs = new Map<string, number>();
  return {
    /** From when on it may be looked at. */
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
