/** The past of counters that one process keeps alone, read while it goes on settling and storing: each row counts exactly once. */
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
  /** The ledger writer's; see there. */
  readonly follow: () => Follower;
  /** The access groups of a called name now. */
  readonly groupsOf: (calledName: string) => ReadonlySet<string>;
}

export interface CounterPast {
  /**
   * What the counter would have counted from `fromMs` up to, not including, `toMs`, as of the instant at which it calls `nowAsOf`: in the turn of
   * the call or later, and once more where the database went away in between. Rejects with StoreUnavailable when the database is away.
   */
  readonly ask: (counter: CounterSpec, fromMs: number, toMs: number, nowAsOf: () => void) => Promise<readonly UsePoint[]>;
  /** How a request waits for an answer; see there. */
  readonly patience: (answered: Promise<void>) => Promise<void>;
}

interface Question extends PastQuestion {
  readonly nowAsOf: () => void;
}

/** A follower for all the questions that were fixed together; the last one lets go of it. */
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
 * The instant is a place in the journal: what was settled before it is stored before the ledger is read, and what is settled later the counters
 * count themselves. What of the latter the snapshot holds already is taken away again.
 */
function exactness({ db, follow, groupsOf }: CounterPastOptions): Exactness<Question, Fixed> {
  return {
    fix: async (questions) => {
      const fixed: Fixed = { follower: follow(), questions: questions.length };
      // Taking its place, the follower has had the journal write what was settled, and by then the counters were told of it.
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

/** By whom they count for: thousands of counters look for theirs among thousands of uses. */
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

function movedBy({ counter: { unit } }: Question, { atMs, tokens, nanoUsd }: CountedUse): UsePoint {
  return { atMs, amount: unit === 'nano_usd' ? -nanoUsd : unit === 'tokens' ? -tokens : -1 };
}
