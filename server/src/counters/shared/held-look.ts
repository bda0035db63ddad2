/**
 * Compares what this replica holds in Redis with what it has in flight. A hold whose request is not in flight is given back. A
 * request in flight that Redis does not hold is held again: the others took this replica for dead, or a hold was lost. Other code
 * that cancels holds may fail; this comparison finds what it left.
 *
 * A hold under way is never taken for one without a request. Redis answers in order, so a hold in the list was answered before
 * the list. By the end of that turn it is in flight, or its connection broke and it is cancelled. A request that ended is settled
 * first: this replica reads the list twice, and then waits for the ledger.
 */
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises';
import type { HeldReport, Hold } from '../counters.ts';
import type { RedisCounters, SharedHold } from '../redis/redis-counters.ts';
import { type HeldThere, recordName } from '../redis/redis-held.ts';
import type { Living } from './living.ts';

export interface HeldLookOptions {
  readonly redis: Pick<RedisCounters, 'heldOf' | 'cancel'>;
  readonly living: Pick<Living, 'takeRecent' | 'all' | 'say' | 'sweepUnknown'>;
  /** Returns the holds of all requests that are not settled yet. */
  readonly inFlight: () => readonly Hold[];
  /** Resolves when everything settled before this call is in the ledger; rejects when the ledger is out of reach. */
  readonly flush: () => Promise<void>;
  /** Reports to Redis the rows that are in the ledger. */
  readonly tell: () => Promise<void>;
  /** Makes Redis hold what a request in flight holds. */
  readonly takeAgain: (hold: Hold) => Promise<void>;
  readonly onLook?: (event: { readonly givenBack: number; readonly takenAgain: number }) => void;
}

export interface HeldLook {
  /**
   * Compares the organizations in use, or all. Rejects if Redis or the ledger is out of reach; the next call finds what was not
   * given back.
   */
  look(at: 'in use' | 'all'): Promise<void>;
  facts(): { readonly withoutRequest: number; readonly givenBack: number };
}

/** The age from which holds are compared. */
const GRACE_MS = 2_000;
/** The delay before the second reading. A request that just ended settles in much less. */
const CONFIRM_MS = 250;
const ORGANIZATIONS_AT_ONCE = 100;

export function createHeldLook(options: HeldLookOptions): HeldLook {
  const { redis, living, inFlight, flush, tell, takeAgain, onLook } = options;
  /** The organizations to compare again: those in which the last call found something. */
  let watched = new Set<string>();
  let withoutRequest = 0;
  let givenBack = 0;
  return {
    look: async (at) => {
      const before = [...living.takeRecent(), ...watched, ...inFlight().map(({ plan }) => plan.organizationId)];
      const organizationIds = [...new Set(at === 'all' ? [...before, ...living.all()] : before)];
      // If this call fails, the next one compares the same organizations.
      watched = new Set(organizationIds);
      const sides = await sidesOf(organizationIds);
      const stray = new Map([...sides].flatMap(([id, { stray: names }]) => (names.size === 0 ? [] : [[id, names] as const])));
      const lacking = [...sides.values()].flatMap((side) => side.lacking);
      const confirmed = stray.size === 0 ? stray : await confirm(stray);
      withoutRequest = sizeOf(confirmed);
      await living.say(wordOf(sides, withoutRequest, lacking.length));
      const given = withoutRequest === 0 ? 0 : await giveBack(confirmed);
      givenBack += given;
      await Promise.all(lacking.map(takeAgain));
      if (given + lacking.length > 0) onLook?.({ givenBack: given, takenAgain: lacking.length });
      watched = new Set(organizationIds.filter((id) => sides.get(id)?.isToWatch));
    },
    facts: () => ({ withoutRequest, givenBack }),
  };

  async function sidesOf(organizationIds: readonly string[]): Promise<Map<string, Sides>> {
    const sides = new Map<string, Sides>();
    for (let at = 0; at < organizationIds.length; at += ORGANIZATIONS_AT_ONCE) {
      const some = organizationIds.slice(at, at + ORGANIZATIONS_AT_ONCE);
      const lists = await Promise.all(some.map((id) => redis.heldOf(id, GRACE_MS)));
      await endOfTurn();
      const here = Map.groupBy(inFlight() as readonly SharedHold[], ({ plan }) => plan.organizationId);
      for (const [index, id] of some.entries()) sides.set(id, sidesIn(lists[index] as HeldThere, here.get(id) ?? []));
    }
    await living.sweepUnknown(new Map([...sides].map(([id, { others }]) => [id, others])));
    return sides;
  }

  async function confirm(stray: ReadonlyMap<string, ReadonlySet<string>>): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    await sleep(CONFIRM_MS);
    const again = await sidesOf([...stray.keys()]);
    return new Map([...stray].map(([id, names]) => [id, names.intersection(again.get(id)?.stray ?? new Set())]));
  }

  /** Gives back stray holds. Requests that ended late have rows, which settle them first; the others have no row. */
  async function giveBack(stray: ReadonlyMap<string, ReadonlySet<string>>): Promise<number> {
    await flush();
    await tell();
    let given = 0;
    for (const [id, names] of stray) if (names.size > 0) given += await redis.cancel(id, [...names]);
    return given;
  }
}

/** One organization's holds in Redis, compared with its requests in flight. */
interface Sides {
  readonly held: number;
  /** The names of requests that are held and not in flight. */
  readonly stray: ReadonlySet<string>;
  /** The requests in flight that neither Redis nor the local counters hold. */
  readonly lacking: readonly SharedHold[];
  readonly others: ReadonlySet<string>;
  readonly isToWatch: boolean;
}

function sidesIn({ atMs, requests, hasMarks, others }: HeldThere, here: readonly SharedHold[]): Sides {
  const names = new Set(here.map(({ requestId }) => recordName(requestId)));
  const lacking = here.filter(
    (hold) => hold.local === null && hold.atMs < atMs - GRACE_MS && !requests.has(recordName(hold.requestId)),
  );
  const stray = requests.difference(names);
  return { held: requests.size, stray, lacking, others, isToWatch: hasMarks || requests.size > 0 };
}

function sizeOf(stray: ReadonlyMap<string, ReadonlySet<string>>): number {
  return [...stray.values()].reduce((sum, names) => sum + names.size, 0);
}

/** Formats the report of this replica. A request that ended during the comparison counts on neither side. */
function wordOf(sides: ReadonlyMap<string, Sides>, withoutRequest: number, lacking: number): string {
  let matched = 0;
  for (const { held, stray } of sides.values()) matched += held - stray.size;
  return `${matched + withoutRequest} ${matched + lacking} ${withoutRequest + lacking}`;
}

/** Adds up the reports of all replicas. A replica without a report counts as zero. */
export function sumOfReports(words: readonly string[]): HeldReport {
  const numbers = words.map((word) => word.split(' ').map(Number));
  const sum = (place: number) => numbers.reduce((all, one) => all + (one[place] || 0), 0);
  return { held: sum(0), inFlight: sum(1), difference: sum(2) };
}
