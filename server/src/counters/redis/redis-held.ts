/** Holds in Redis, one record for each request, and the operations for callers that know only a request's id. */
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import { requestTail } from '../../lib/id.ts';
import type { HeldAmount } from '../counters.ts';
import { counterSet, holdsKey } from './redis-plan.ts';
import { numbersIn, type RunScript, scripts } from './redis-scripts.ts';

/** A request whose row is in the ledger. */
export interface StoredUse {
  readonly requestId: string;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** The operations on records of requests. Each is one script, or one for some hundred records. */
export interface HeldRecords {
  /** Reports rows that are in the ledger. Deletes the records of their requests, and settles those that are not settled yet. */
  stored(organizationId: string, uses: readonly StoredUse[]): Promise<void>;
  /**
   * Cancels holds that nobody waits for: gives back what they took, and makes one that reaches Redis later take nothing.
   * Idempotent; a settled request stays settled. By request id or by record name. Returns how many had taken something.
   */
  cancel(organizationId: string, requestIds: readonly string[]): Promise<number>;
  /**
   * Returns what this process holds of an organization since at least `olderThanMs`. Also removes marks of holds cancelled long
   * ago.
   */
  heldOf(organizationId: string, olderThanMs: number): Promise<HeldThere>;
  /**
   * Corrects what counters hold to the sum of their requests' records, in one step for each organization. Returns the counters
   * that differed, with what they held and what the records hold. Skips minute and hour limits, rolling budgets, and
   * organizations with more than 5,000 records.
   */
  compareHeld(counters: readonly CounterSpec[]): Promise<readonly HeldAmount[]>;
  /**
   * Ends the holds of another process in an organization. For a process that is `gone`, they count as used until its rows report
   * the actual use. For one that is `back` and has stored everything in its journal, they are given back. Returns how many
   * requests.
   */
  sweep(organizationId: string, owner: string, its: 'gone' | 'back'): Promise<number>;
}

/** The requests that one process holds of an organization, and the other processes that hold something. */
export interface HeldThere {
  /** The time of the first page read, by Redis's clock. */
  readonly atMs: number;
  /** The names of its requests; see `recordName`. */
  readonly requests: ReadonlySet<string>;
  /** True if a hold was cancelled there a while ago: a hold sent before that may still arrive. */
  readonly hasMarks: boolean;
  /** Other processes that have held something for at least 30 seconds. */
  readonly others: ReadonlySet<string>;
}

/**
 * Returns the part of a request's id that never changes; Redis keeps the record under it. Ids of another form than ours are kept
 * whole.
 */
export function recordName(requestId: string): string {
  return requestId.length === 36 ? requestTail(requestId) : requestId;
}

/** The most requests of one organization that one script deletes. */
const LET_GO_AT_ONCE = 500;
/** The most records that one script reads. */
const HELD_AT_ONCE = 1_000;
/** The most records that one comparison reads. It is one script, which blocks Redis while it runs. */
const COMPARED_RECORDS_MAX = 5_000;
/** The age of a hold from which the process that owns it is reported. */
const OTHERS_OLDER_MS = 30_000;

/** Returns the operations on records. `owner`: this process among those that share the counters. */
export function heldRecords({
  run,
  prefix,
  owner,
}: {
  readonly run: RunScript;
  readonly prefix: () => string;
  readonly owner: string;
}): HeldRecords {
  return { stored, cancel, heldOf, compareHeld, sweep };

  async function stored(organizationId: string, uses: readonly StoredUse[]): Promise<void> {
    const args = uses.flatMap(({ requestId, tokens, nanoUsd }) => [recordName(requestId), 1, tokens, nanoUsd]);
    for (let at = 0; at < args.length; at += 4 * LET_GO_AT_ONCE)
      await run(scripts.stored, [holdsKey(prefix(), organizationId)], args.slice(at, at + 4 * LET_GO_AT_ONCE));
  }

  async function cancel(organizationId: string, requestIds: readonly string[]): Promise<number> {
    let givenBack = 0;
    for (let at = 0; at < requestIds.length; at += LET_GO_AT_ONCE) {
      const names = requestIds.slice(at, at + LET_GO_AT_ONCE).map(recordName);
      givenBack += numbersIn(await run(scripts.cancel, [holdsKey(prefix(), organizationId)], names))[0] as number;
    }
    return givenBack;
  }

  function heldOf(organizationId: string, olderThanMs: number): Promise<HeldThere> {
    const keys = [holdsKey(prefix(), organizationId)];
    return readHeld((cursor) => run(scripts.held, keys, [owner, cursor, HELD_AT_ONCE, olderThanMs, OTHERS_OLDER_MS]));
  }

  async function compareHeld(counters: readonly CounterSpec[]): Promise<readonly HeldAmount[]> {
    const differing: HeldAmount[] = [];
    for (const [organizationId, some] of Map.groupBy(counters, (spec) => spec.organizationId)) {
      const { keys, json, order } = counterSet(prefix(), organizationId, some);
      const allKeys = [...keys, holdsKey(prefix(), organizationId)];
      const amounts = numbersIn(await run(scripts.compare, allKeys, [json, COMPARED_RECORDS_MAX]));
      for (let at = 0; 2 * at < amounts.length; at += 1) {
        const [held, inFlight] = [amounts[2 * at] as number, amounts[2 * at + 1] as number];
        if (held !== inFlight) differing.push({ counter: some[order[at] as number] as CounterSpec, held, inFlight });
      }
    }
    return differing;
  }

  async function sweep(organizationId: string, who: string, its: 'gone' | 'back'): Promise<number> {
    const answer = await run(scripts.sweep, [holdsKey(prefix(), organizationId)], [who, its === 'back' ? 1 : 0]);
    return numbersIn(answer)[0] as number;
  }
}

/** Reads all pages; `page` reads the one that begins at a cursor. */
async function readHeld(page: (cursor: string) => Promise<Buffer>): Promise<HeldThere> {
  const [requests, others] = [new Set<string>(), new Set<string>()];
  let hasMarks = false;
  let atMs = Number.POSITIVE_INFINITY;
  let cursor = '0';
  do {
    const [next = '0', now, marks = '0', names = '', owners = ''] = (await page(cursor)).toString('latin1').split('\n');
    for (const name of listed(names)) requests.add(name);
    for (const owner of listed(owners)) others.add(owner);
    hasMarks ||= marks !== '0';
    atMs = Math.min(atMs, Number(now));
    cursor = next;
  } while (cursor !== '0');
  return { atMs, requests, hasMarks, others };
}

function listed(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}
