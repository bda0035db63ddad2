/** The past of counters that many processes share, read from one state of the ledger so that every row counts exactly once. */
import { and, eq, ne, type SQL, sql } from 'drizzle-orm';
import type { PastFrom, Recorded, UnstoredUse } from '../domain/asked-past.ts';
import { type CounterSpec, countsUse } from '../domain/limit-plan.ts';
import { requestIdAt, requestTail } from '../lib/id.ts';
import type { Database } from './database.ts';
import { StoreUnavailable } from './errors.ts';
import { ledger, requestLog } from './schema.ts';
import { keysCoveredBy, spendSince, type UsePoint } from './usage.ts';
import { instantOf } from './usage-rows.ts';

/**
 * Reads what the ledger holds, adds what was settled and is not in it yet, and leaves out what it holds of requests that the counters go on
 * to settle by themselves. `groupsOf`: the access groups of a called name now. Rejects with StoreError when the database is away.
 */
export function askShared(db: Database, groupsOf: (calledName: string) => ReadonlySet<string>): PastFrom {
  return async (counter, fromMs, toMs, asked) => {
    const { unstored, recorded } = await asked;
    if (unstored === null) return [];
    const answer = db.transaction(
      async (tx) => {
        // The first statement fixes the state that all of them read.
        const points = await spendSince(tx, counter, fromMs, toMs);
        const before = new Set(unstored.map(({ tail }) => tail));
        const later = (await recorded()).filter(({ tail }) => !before.has(tail));
        const isWithin = ({ atMs }: Recorded) => atMs >= fromMs && atMs < toMs;
        const inFlight = await amountsIn(tx, counter, later.filter(isWithin));
        const covered = unstored.filter((use) => isWithin(use) && countsUse(counter, use.use, groupsOf));
        const known = new Set((await amountsIn(tx, counter, covered)).map(({ tail }) => tail));
        const missing = covered.filter(({ tail }) => !known.has(tail)).map((use) => pointOf(counter, use));
        return merged(counter, fromMs, without(points, inFlight), missing);
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
    return within(ANSWER_MS_MAX, answer);
  };
}

/** Requests wait for this; a database that takes longer counts as away. */
const ANSWER_MS_MAX = 2_000;

function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new StoreUnavailable(`the ledger did not answer within ${ms} ms`, '08006'));
    const timer = setTimeout(late, ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

interface KnownAmount extends UsePoint {
  readonly tail: string;
}

/** What the ledger holds of these requests, as far as the counter counts them. */
async function amountsIn(tx: Database, counter: CounterSpec, requests: readonly Recorded[]): Promise<readonly KnownAmount[]> {
  if (requests.length === 0) return [];
  const source = counter.unit === 'requests' ? requestLog : ledger;
  const amount: SQL = counter.unit === 'requests' ? sql`${requestLog.count}` : sql`${unitOf(counter)}`;
  const ids = requests.map(({ tail, atMs }) => requestIdAt(tail, atMs));
  const instants = requests.map(({ atMs }) => new Date(atMs).toISOString());
  const one = sql`(${source.admittedAt}, ${source.requestId}) in (select * from unnest(${sql.param(instants)}::timestamptz[], ${sql.param(ids)}::text[]))`;
  const wanted = and(
    eq(source.organizationId, counter.organizationId),
    keysCoveredBy(counter, source),
    one,
    // Constant bounds, so that partitions of other months are left alone.
    sql`${source.admittedAt} between ${instantOf(Math.min(...requests.map(({ atMs }) => atMs)))} and ${instantOf(Math.max(...requests.map(({ atMs }) => atMs)))}`,
    counter.unit === 'requests' ? ne(requestLog.status, 'refused') : undefined,
  );
  const { rows } = await tx.execute<{ id: string; at: string; amount: string | null }>(
    sql`select ${source.requestId} as id, max(${source.admittedAt}) as at, sum(${amount}) as amount from ${source} where ${wanted} group by 1`,
  );
  return rows.map(({ id, at, amount: sum }) => ({
    tail: requestTail(id),
    atMs: new Date(at).getTime(),
    amount: Number(sum ?? 0),
  }));
}

function unitOf({ unit }: CounterSpec) {
  return unit === 'tokens' ? ledger.totalTokens : ledger.nanoUsd;
}

function pointOf({ unit }: CounterSpec, { atMs, tokens, nanoUsd }: UnstoredUse): UsePoint {
  return { atMs, amount: unit === 'requests' ? 1 : unit === 'tokens' ? tokens : nanoUsd };
}

/** Calendar counters have one sum, trailing ones points in the order of their times. */
function merged(
  { window }: CounterSpec,
  fromMs: number,
  points: readonly UsePoint[],
  more: readonly UsePoint[],
): readonly UsePoint[] {
  const all = [...points, ...more];
  if (window.is !== 'calendar') return all.sort((a, b) => a.atMs - b.atMs);
  const amount = all.reduce((total, point) => total + point.amount, 0);
  return [{ atMs: fromMs, amount }];
}

/** A row counts in the first point that is not before it: points stand at the last admission of their slot. */
function without(points: readonly UsePoint[], out: readonly KnownAmount[]): readonly UsePoint[] {
  const left = points.map((point) => ({ ...point }));
  for (const { atMs, amount } of out) {
    const point = left.length === 1 ? left[0] : left.find((one) => one.atMs >= atMs && one.amount >= amount);
    if (point !== undefined) point.amount -= amount;
  }
  return left.filter(({ amount }) => amount > 0);
}
