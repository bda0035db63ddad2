/**
 * What this replica holds in Redis against what it has in flight. A hold whose request is not in flight is given back; a request in flight that
 * Redis does not hold is held again: this replica was taken for gone, or a hold was lost. Whatever else cancels holds may fail; this finds
 * what it left.
 *
 * A hold under way is never taken for one without a request. Redis answers in order, so a hold that the list has was answered before the
 * list was; it is in flight by the end of that turn, or its connection broke and it is cancelled. A request that ended is settled first: the list is
 * asked twice, and then the ledger is waited for.
 */
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises';
import type { HeldReport, Hold } from '../counters.ts';
import type { RedisCounters, SharedHold } from '../redis/redis-counters.ts';
import { type HeldThere, recordName } from '../redis/redis-held.ts';
import type { Living } from './living.ts';

export interface HeldLookOptions {
  readonly redis: Pick<RedisCounters, 'heldOf' | 'cancel'>;
  readonly living: Pick<Living, 'takeRecent' | 'all' | 'say' | 'sweepUnknown'>;
  /** Holds of every request that is not settled yet. */
  readonly inFlight: () => readonly Hold[];
  /** Resolves when everything settled before this call is in the ledger; rejects when the ledger is away. */
  readonly flush: () => Promise<void>;
  /** Tells Redis of what is in the ledger. */
  readonly tell: () => Promise<void>;
  /** Has Redis hold what a request in flight holds. */
  readonly takeAgain: (hold: Hold) => Promise<void>;
  readonly onLook?: (event: { readonly givenBack: number; readonly takenAgain: number }) => void;
}

export interface HeldLook {
  /** Looks at the organizations in use, or at all. Rejects where Redis or the ledger is away; what was not given back is found by the next. */
  look(at: 'in use' | 'all'): Promise<void>;
  facts(): { readonly withoutRequest: number; readonly givenBack: number };
}

/** Younger holds are left alone. */
const GRACE_MS = 2_000;
/** A request that just ended settles in much less. */
const CONFIRM_MS = 250;
const ORGANIZATIONS_AT_ONCE = 100;

export function createHeldLook(options: HeldLookOptions): HeldLook {
  const { redis, living, inFlight, flush, tell, takeAgain, onLook } = options;
  /** Organizations that something was found in at the last look. */
  let watched = new Set<string>();
  let withoutRequest = 0;
  let givenBack = 0;
  return {
    look: async (at) => {
      const before = [...living.takeRecent(), ...watched, ...inFlight().map(({ plan }) => plan.organizationId)];
      const organizationIds = [...new Set(at === 'all' ? [...before, ...living.all()] : before)];
      // Should this look fail, the next one looks at the same.
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

  /** What ended and is only late is settled by its row. The rest has no row. */
  async function giveBack(stray: ReadonlyMap<string, ReadonlySet<string>>): Promise<number> {
    await flush();
    await tell();
    let given = 0;
    for (const [id, names] of stray) if (names.size > 0) given += await redis.cancel(id, [...names]);
    return given;
  }
}

/** One organization's holds in Redis beside its requests in flight. */
interface Sides {
  readonly held: number;
  /** Held without a request: names. */
  readonly stray: ReadonlySet<string>;
  /** In flight, with nothing that stands in for Redis, and not held there. */
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

/** A request that ended while it was looked at is on neither side. */
function wordOf(sides: ReadonlyMap<string, Sides>, withoutRequest: number, lacking: number): string {
  let matched = 0;
  for (const { held, stray } of sides.values()) matched += held - stray.size;
  return `${matched + withoutRequest} ${matched + lacking} ${withoutRequest + lacking}`;
}

/** Of what all replicas said; one that said nothing yet holds nothing yet. */
export function sumOfReports(words: readonly string[]): HeldReport {
  const numbers = words.map((word) => word.split(' ').map(Number));
  const sum = (place: number) => numbers.reduce((all, one) => all + (one[place] || 0), 0);
  return { held: sum(0), inFlight: sum(1), difference: sum(2) };
}
