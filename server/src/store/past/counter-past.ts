/**
 * The past of counters in the memory of one process, read while that process settles and stores. Each row counts exactly once.
 */
import { type CounterSpec, countsUse } from '../../domain/limits/limit-plan.ts';
import type { CountedUse } from '../../domain/usage/settled-uses.ts';
import type { Database } from '../database.ts';
import type { UsePoint } from '../usage/usage.ts';
import type { Span } from '../usage/usage-rows.ts';
import type { PastQuestion } from './folded-past.ts';
import { createPastReader, type Exactness } from './past-reader.ts';
import { createPatience } from './patience.ts';
import type { Follower } from './stored-since.ts';

export interface CounterPastOptions {
  readonly db: Database;
  /** Returns a follower of the ledger writer: see stored-since.ts. */
  readonly follow: () => Follower;
  /** Returns the present access groups of a called name. */
  readonly groupsOf: (calledName: string) => ReadonlySet<string>;
}

export interface CounterPast {
  /**
   * Returns what the counter would have counted from `fromMs` up to, not including, `toMs`, as of the moment at which it calls
   * `nowAsOf`. It calls it synchronously or later, and again if the database was unavailable in between. Rejects with
   * StoreUnavailable.
   */
  readonly ask: (counter: CounterSpec, fromMs: number, toMs: number, nowAsOf: () => void) => Promise<readonly UsePoint[]>;
  /** Waits for an answer on behalf of a request: see patience.ts. */
  readonly patience: (answered: Promise<void>) => Promise<void>;
}

interface Question extends PastQuestion {
  readonly nowAsOf: () => void;
}

/** One follower for all questions that were fixed together. The last one ends it. */
interface Fixed {
  readonly follower: Follower;
  questions: number;
}

export function createCounterPast(options: CounterPastOptions): CounterPast {
  const reader = createPastReader<Question, Fixed>(options.db, exactness(options));
  return {
    ask: (counter, fromMs, toMs, nowAsOf) => reader.ask({ counter, fromMs, toMs, nowAsOf }),
    patience: createPatience(reader.answered),
  };
}

/**
 * The moment of an answer is a place in the journal. Usage settled before it is stored before the ledger is read. The counters
 * count later usage themselves, so later usage that the snapshot already contains is subtracted.
 */
function exactness({ db, follow, groupsOf }: CounterPastOptions): Exactness<Question, Fixed> {
  return {
    fix: async (questions) => {
      const fixed: Fixed = { follower: follow(), questions: questions.length };
      // Making the follower made the journal write all settled usage, and the counters have counted that by now.
      for (const { nowAsOf } of questions) nowAsOf();
      try {
        await fixed.follower.reached;
      } catch (error) {
        fixed.follower.end();
        throw error;
      }
      return questions.map(() => fixed);
    },
    read: async (parts, run) => {
      const found = await run(db);
      const byFollower = new Map<Fixed, UsesById>();
      for (const { fixed } of parts) {
        if (!byFollower.has(fixed)) byFollower.set(fixed, byId(await fixed.follower.usesIn(found.snapshot)));
      }
      const moves = parts.map(({ question, fixed, ...span }) => {
        const uses = byFollower.get(fixed)?.get(question.counter.scopeId) ?? [];
        return uses.filter((use) => isCounted(question, use, span, groupsOf)).map((use) => movedBy(question, use));
      });
      return { found, moves };
    },
    release: (fixed) => {
      fixed.questions -= 1;
      if (fixed.questions === 0) fixed.follower.end();
    },
  };
}

type UsesById = ReadonlyMap<string, readonly CountedUse[]>;

/** Groups uses by the ids of their scopes, so that thousands of counters find theirs among thousands of uses. */
function byId(uses: readonly CountedUse[]): UsesById {
  const found = new Map<string, CountedUse[]>();
  for (const use of uses) {
    for (const id of [use.organizationId, use.teamId, use.memberId, use.keyId]) {
      if (id === null) continue;
      const same = found.get(id);
      if (same === undefined) found.set(id, [use]);
      else same.push(use);
    }
  }
  return found;
}

function isCounted(
  { counter }: Question,
  use: CountedUse,
  { fromMs, toMs }: Span,
  groupsOf: CounterPastOptions['groupsOf'],
): boolean {
  return (
    use.organizationId === counter.organizationId && use.atMs >= fromMs && use.atMs < toMs && countsUse(counter, use, groupsOf)
  );
}

function movedBy({ counter: { unit } }: Question, { atMs, requests, tokens, nanoUsd }: CountedUse): UsePoint {
  return { atMs, amount: unit === 'nano_usd' ? -nanoUsd : unit === 'tokens' ? -tokens : -requests };
}
