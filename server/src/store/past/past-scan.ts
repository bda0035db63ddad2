/**
 * Reads the past of counters that days cannot answer in pieces: of trailing windows, and of calendar periods whose days are not
 * folded yet. A statement reads a bounded number of rows for each of several questions. The next statement continues after them.
 */
import { and, eq, gte, lt, ne, type SQL, sql } from 'drizzle-orm';
import { isLabelMatch } from '../../domain/limits/rate-limit.ts';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import type { Database } from '../database.ts';
import { ledger, organizationDays, requestLog, rollups, teamRollups } from '../schema.ts';
import { labelSource } from '../usage/label-use.ts';
import { type CounterScope, keysCoveredBy, type UsePoint, whoseOf } from '../usage/usage.ts';
import { cover, DAY_MS, HOUR_MS, instantOf, QUARTER_MS, type Span } from '../usage/usage-rows.ts';

/** A part of a question's span in rows of one kind. `stepMs` is the length of a row's time; null for single requests. */
export interface Scan extends Span {
  readonly stepMs: number | null;
}

/** Returns the parts in which a question is read, in order. */
export function scansOf(counter: CounterScope, span: Span): readonly Scan[] {
  return cover(span, stepsOf(counter)).sort((one, other) => one.fromMs - other.fromMs);
}

/** Returns the lengths of rows that can be read for a counter: they identify its scope and are no longer than its slots. */
function stepsOf({ scope, match, window }: CounterScope): readonly number[] {
  // A quarter of an hour is also read for narrower slots: it counts as used at its end, so no use expires early.
  if (isLabelMatch(match)) return [QUARTER_MS];
  const slotMs = window.is === 'trailing' ? window.slotMs : Number.POSITIVE_INFINITY;
  const steps: Readonly<Record<Scope, readonly number[]>> = {
    organization: match.is === 'any' ? [DAY_MS, HOUR_MS, QUARTER_MS] : [HOUR_MS, QUARTER_MS],
    team: [HOUR_MS, QUARTER_MS],
    user: [QUARTER_MS],
    key: [QUARTER_MS],
  };
  return steps[scope].filter((stepMs) => stepMs <= slotMs);
}

export interface ScanQuestion {
  readonly counter: CounterScope;
  readonly scan: Scan;
}

export interface ScanAnswer {
  /** The result of each question: one sum for a calendar counter, else a point per slot, in order. */
  readonly found: readonly ScanFound[];
  /** The `pg_current_snapshot()` of the statement. */
  readonly snapshot: string;
}

export interface ScanFound {
  readonly points: readonly UsePoint[];
  readonly rows: number;
  /** The time at which to continue. Null if the part was read to its end. */
  readonly nextMs: number | null;
}

/** Reads up to `rowsMax` rows of each question, and further rows with the time of the last one. */
export async function scanSums(db: Database, questions: readonly ScanQuestion[], rowsMax: number): Promise<ScanAnswer> {
  const parts = questions.map(({ counter, scan }, index) => partOf(counter, scan, index, rowsMax));
  const { rows } = await db.execute<
    Record<'at_ms' | 'amount' | 'row_count' | 'last_ms' | 'snapshot', string> & { index: number | null }
  >(sql`
    select index, (extract(epoch from least(max(until), now())) * 1000)::bigint::text as at_ms, coalesce(sum(amount), 0)::text as amount,
      count(at)::text as row_count, (extract(epoch from max(at)) * 1000)::bigint::text as last_ms, pg_current_snapshot()::text as snapshot
    from (values (1)) as always left join (${sql.join(parts, sql` union all `)}) as parts on true
    group by index, slot order by index, slot`);
  const byQuestion = Map.groupBy(rows, ({ index }) => index);
  const found = questions.map(({ scan }, index): ScanFound => {
    const own = byQuestion.get(index) ?? [];
    const count = own.reduce((sum, row) => sum + Number(row.row_count), 0);
    const nextMs = count < rowsMax ? scan.toMs : Math.max(...own.map(({ last_ms }) => Number(last_ms))) + (scan.stepMs ?? 1);
    const points = own.map(({ at_ms, amount }) => ({ atMs: Number(at_ms), amount: Number(amount) }));
    return { points: points.filter(({ amount }) => amount !== 0), rows: count, nextMs: nextMs < scan.toMs ? nextMs : null };
  });
  return { found, snapshot: rows[0]?.snapshot ?? '' };
}

/** Returns SQL for the first rows of a part: the start and the end of each, its slot and its amount. */
function partOf(counter: CounterScope, { stepMs, ...span }: Scan, index: number, rowsMax: number): SQL {
  const { at, table, amount, condition } = sourceOf(counter, stepMs);
  const { window } = counter;
  const slot =
    window.is === 'trailing' ? sql`floor(extract(epoch from ${at}) * 1000 / ${window.slotMs}::float8)::bigint` : sql`0::bigint`;
  const until = stepMs === null ? at : sql`${at} + ${stepMs - 1} * interval '1 millisecond'`;
  return sql`select ${index}::integer as index, one.* from (select ${slot} as slot, ${at} as at, ${until} as until, ${amount} as amount
    from ${table} where ${and(condition, gte(at, instantOf(span.fromMs)), lt(at, instantOf(span.toMs)))}
    order by ${at} fetch first ${sql.raw(String(rowsMax))} rows with ties) as one`;
}

function sourceOf(counter: CounterScope, stepMs: number | null) {
  const { unit, organizationId, match } = counter;
  if (isLabelMatch(match)) return labelSource(counter, match, stepMs);
  if (stepMs === null) {
    const source = unit === 'requests' ? requestLog : ledger;
    const isCounted = unit === 'requests' ? ne(requestLog.status, 'refused') : undefined;
    const amount = unit === 'requests' ? requestLog.count : unit === 'tokens' ? ledger.totalTokens : ledger.nanoUsd;
    return { table: source, at: source.admittedAt, amount, condition: and(keysCoveredBy(counter, source), isCounted) };
  }
  const whose = whoseOf(counter);
  const [table, at] =
    stepMs === DAY_MS
      ? ([organizationDays, organizationDays.dayStart] as const)
      : stepMs === HOUR_MS
        ? ([teamRollups, teamRollups.hourStart] as const)
        : ([rollups, rollups.bucketStart] as const);
  const amount = unit === 'requests' ? table.admitted : unit === 'tokens' ? table.totalTokens : table.spendNanoUsd;
  if (table === organizationDays) return { table, at, amount, condition: eq(table.organizationId, organizationId) };
  if (table === rollups) return { table, at, amount, condition: keysCoveredBy(counter, rollups) };
  return { table, at, amount, condition: whose.is === 'teams' ? whose.condition(teamRollups) : sql`false` };
}
