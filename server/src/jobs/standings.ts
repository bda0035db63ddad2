/**
 * Keeps the standing of every organization: at most 10 s after its usage or configuration changed, and again when a period or a window
 * turns. A turn does a bounded piece of work; where nothing is due it costs three small questions.
 *
 * When the database is away: the list shows what was known last, with its instant, and the next turn tries again.
 */
import type { Counters } from '../counters/counters.ts';
import type { Clock } from '../lib/clock.ts';
import type { Database } from '../store/database.ts';
import type { OrganizationRow } from '../store/organizations.ts';
import * as standings from '../store/standings.ts';
import { judgeOrganizations } from './judge-organizations.ts';

export interface StandingsOptions {
  readonly db: Database;
  readonly counters: Counters;
  readonly clock: Clock;
  /** What else is to be looked at in organizations that changed. What it throws ends the turn, and they are due again. */
  readonly alsoLook?: (organizations: readonly OrganizationRow[], nowMs: number) => Promise<unknown>;
  /** Told once per failure that follows a success. */
  readonly onFailure: (error: Error) => void;
}

export interface StandingsJob {
  /** Waits for the turn under way, then no more. */
  stop(): Promise<void>;
}

const EVERY_MS = 2_000;
/** Between two turns while there is more to do, so that other work on the database goes on. */
const PAUSE_MS = 50;
const ORGANIZATIONS_MAX = 200;
const CHANGES_MAX = 1_000;

/** Begins after the first pause. Two of them at once repeat each other's work and spoil nothing. */
export function keepStandings(options: StandingsOptions): StandingsJob {
  let isStopped = false;
  let isFailing = false;
  let timer: NodeJS.Timeout;
  let turn: Promise<void> = Promise.resolve();
  const refresh = createRefresh(options);
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

/** One turn at a time: judges what is due and returns how many organizations that were, at most 200. */
export function createRefresh({ db, counters, clock, alsoLook }: Omit<StandingsOptions, 'onFailure'>): () => Promise<number> {
  let targets: standings.GrantableTargets | null = null;
  return async () => {
    await standings.takeChanges(db, CHANGES_MAX);
    const version = await standings.catalogueVersion(db);
    const nowMs = clock.nowMs();
    const due = await standings.dueOrganizations(db, { nowMs, catalogueVersion: version, most: ORGANIZATIONS_MAX });
    if (due.length === 0) return 0;
    if (targets === null || targets.version !== version) targets = await standings.grantableTargets(db);
    const judged = await judgeOrganizations({ db, counters, nowMs, targets }, due);
    await alsoLook?.(due, nowMs);
    await standings.storeJudged(db, judged, new Date(nowMs));
    return due.length;
  };
}
