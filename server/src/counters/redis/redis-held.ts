/** Holds as Redis keeps them: a record for each request. What is done to them by whoever knows no more than a request's id. */
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

/** What is done to the records of requests. Each is one script, or one for some hundred records. */
export interface HeldRecords {
  /** These rows are in the ledger: what kept them known until then is let go, and what was not settled by then is. */
  stored(organizationId: string, uses: readonly StoredUse[]): Promise<void>;
  /**
   * Holds that nobody waits for: what they took is given back, and one that reaches Redis later takes nothing. Idempotent; a settled request stays
   * settled. By request id or its name. Returns how many had taken something.
   */
  cancel(organizationId: string, requestIds: readonly string[]): Promise<number>;
  /** What this process holds of an organization, as far as it was admitted at least so long ago. Removes marks of holds cancelled long ago. */
  heldOf(organizationId: string, olderThanMs: number): Promise<HeldThere>;
  /**
   * Has counters hold what requests in flight hold of them by their records, in one step an organization. Returns those that held something else,
   * with what they hold now. Left out: minute and hour limits, rolling budgets, organizations with more than 5,000 records.
   */
  compareHeld(counters: readonly CounterSpec[]): Promise<readonly HeldAmount[]>;
  /**
   * What a process that is gone held of an organization stands as used until its rows say better; of one that `is back` and has stored all
   * that its journal knew of, the rest is given back. Returns how many requests.
   */
  sweep(organizationId: string, owner: string, its: 'gone' | 'back'): Promise<number>;
}

/** What one process holds of an organization, and who else holds something. */
export interface HeldThere {
  /** When Redis was asked, by its clock. */
  readonly atMs: number;
  /** Names of requests; see `recordName`. */
  readonly requests: ReadonlySet<string>;
  /** Something was cancelled there a while ago: a hold may still arrive that was sent before. */
  readonly hasMarks: boolean;
  /** Processes that have held something for a while. */
  readonly others: ReadonlySet<string>;
}

/** Redis keeps a request's record under this part of its id, which never changes. Ids of another form than ours are kept whole. */
export function recordName(requestId: string): string {
  return requestId.length === 36 ? requestTail(requestId) : requestId;
}

/** Requests of one organization that one script lets go of. */
const LET_GO_AT_ONCE = 500;
/** Records that one script looks at. */
const HELD_AT_ONCE = 1_000;
/** Records that a comparison goes through: it happens in one script, and Redis does nothing else meanwhile. */
const COMPARED_RECORDS_MAX = 5_000;
/** A process that is not known to live is looked for behind holds this old. */
const OTHERS_OLDER_MS = 30_000;

/** `owner`: this process among those that share the counters. */
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

/** Reads all pages; `page` asks for the one that begins at a cursor. */
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
