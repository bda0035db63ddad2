/**
 * Stores rows that settle long after their admission, when the fold may have passed their quarter of an hour. The transaction
 * locks the marks of their organizations, so that no fold moves past a row that it does not see. Where the mark is past a row,
 * the row is added to the days too.
 */
import type { QueryResultRow } from 'pg';
import { localDays } from '../domain/usage/folded-span.ts';
import { LINE_TAGS } from '../domain/usage/settled-rows.ts';
import { isAboutTheRows, storeErrorFrom } from '../store/errors.ts';
import { ADDED, eachScope, type FoldedScopes } from '../store/folds/fold-statement.ts';
import { type FoldMark, wideUntilMs } from '../store/folds/folds.ts';
import { QUARTER_MS } from '../store/usage/usage-rows.ts';
import { statementFor, statementsWith } from './ledger-statement.ts';

/**
 * The age from which a row is late. The fold is an hour behind, and a statement with younger rows has finished long before the
 * fold gets there.
 */
export const LATE_AFTER_MS = 30 * 60_000;

/** The organization and the admission time of a late row. */
export interface LateRow {
  readonly organizationId: string;
  readonly admittedAtMs: number;
}

/**
 * Returns the rows among lines that were admitted before an instant. Ignores lines that are no rows: the database refuses them.
 */
export function rowsBefore(lines: readonly string[], beforeMs: number): readonly LateRow[] {
  return lines.flatMap((line) => {
    const [tag, , admittedAt, organizationId = ''] = line.split('\t', 4);
    const admittedAtMs = Number(admittedAt);
    return tag === LINE_TAGS.end && admittedAtMs < beforeMs ? [{ organizationId, admittedAtMs }] : [];
  });
}

/** A part of one day that is folded, and the kinds of scopes for which it is. */
interface FoldedStretch {
  readonly organizationId: string;
  readonly fold: number;
  readonly scopes: FoldedScopes;
  readonly day: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** Runs a statement on the connection of a transaction, with a timeout. */
export type RunQuery = <Row extends QueryResultRow>(query: {
  readonly text: string;
  readonly values?: readonly unknown[];
}) => Promise<{ readonly rows: readonly Row[] }>;

/** Stores lines in a transaction that locks the marks of the late rows' organizations. Returns the answer of STORE_LINES. */
export async function storeLate<Row extends QueryResultRow>(
  run: RunQuery,
  late: readonly LateRow[],
  lines: Buffer,
): Promise<{ readonly rows: readonly Row[] }> {
  await run({ text: 'begin' });
  try {
    const marks = await holdMarks(run, [...new Set(late.map(({ organizationId }) => organizationId))].sort());
    const stretches = foldedStretches(late, marks);
    const result = await run<Row>({
      text: statementFor(lines, LATE),
      values: [lines, ...columnsOf(stretches)],
    });
    await run({ text: 'commit' });
    return result;
  } catch (error) {
    // In all other cases the connection is closed, which rolls back as well.
    if (isAboutTheRows(storeErrorFrom(error))) await run({ text: 'rollback' });
    throw error;
  }
}

function foldedStretches(late: readonly LateRow[], marks: readonly FoldMark[]): readonly FoldedStretch[] {
  const byOrganization = new Map(marks.map((mark) => [mark.organizationId, mark]));
  const stretches = new Map<string, FoldedStretch>();
  for (const { organizationId, admittedAtMs } of late) {
    const mark = byOrganization.get(organizationId);
    for (const stretch of mark === undefined ? [] : foldedAt(mark, admittedAtMs)) {
      stretches.set(`${organizationId} ${stretch.scopes} ${stretch.startMs}`, stretch);
    }
  }
  return [...stretches.values()];
}

/** Creates missing marks first: otherwise a mark made meanwhile could pass a row before it is locked. */
async function holdMarks(run: RunQuery, organizationIds: readonly string[]): Promise<readonly FoldMark[]> {
  const values = [organizationIds];
  await run({
    text: 'insert into scope_marks (organization_id) select unnest($1::text[]) order by 1 on conflict do nothing',
    values,
  });
  const { rows } = await run<Record<'organization_id' | 'time_zone', string> & Record<'fold' | 'since_ms' | 'until_ms', number>>({
    text: `select organization_id, fold, time_zone, (extract(epoch from since) * 1000)::float8 as since_ms, (extract(epoch from until) * 1000)::float8 as until_ms
      from scope_marks where organization_id = any($1::text[]) order by organization_id for share`,
    values,
  });
  return rows.map((row) => ({
    organizationId: row.organization_id,
    fold: row.fold,
    timeZone: row.time_zone,
    sinceMs: row.since_ms,
    untilMs: row.until_ms,
  }));
}

/** Returns the folded part of a day around a row's quarter, for each kind of scope whose fold has passed it. */
function foldedAt(mark: FoldMark, admittedAtMs: number): readonly FoldedStretch[] {
  const { organizationId, fold, sinceMs } = mark;
  const bucketMs = Math.floor(admittedAtMs / QUARTER_MS) * QUARTER_MS;
  if (fold === 0 || bucketMs < sinceMs) return [];
  const reach = { wide: wideUntilMs(mark), narrow: mark.untilMs } as const;
  return (['wide', 'narrow'] as const).flatMap((scopes) => {
    if (bucketMs >= reach[scopes]) return [];
    const [day] = localDays(mark.timeZone, bucketMs, bucketMs + QUARTER_MS);
    return day === undefined ? [] : [{ organizationId, fold, scopes, ...day }];
  });
}

function columnsOf(stretches: readonly FoldedStretch[]): readonly unknown[] {
  const instants = (of: (stretch: FoldedStretch) => number) => stretches.map((one) => new Date(of(one)).toISOString());
  return [
    stretches.map(({ organizationId }) => organizationId),
    stretches.map(({ fold }) => fold),
    stretches.map(({ scopes }) => scopes),
    stretches.map(({ day }) => day),
    instants(({ startMs }) => startMs),
    instants(({ endMs }) => endMs),
  ];
}

const lateOf = (scopes: FoldedScopes) => `select d.organization_id, d.fold, s.scope, s.scope_id, n.called_name, d.day,
      m.admitted as requests, m.total_tokens as tokens, m.spend_nano_usd as nano_usd
    from folded as d join moves as m on m.organization_id = d.organization_id and m.bucket_start >= d.since and m.bucket_start < d.before,
    ${eachScope(scopes, 'm')} and d.scopes = '${scopes}'`;

/**
 * `$1`: lines. `$2` to `$7`: the folded parts of days: organization, fold, scopes, day, from, to. Quarters are named by their
 * beginning.
 */
const LATE_PARTS = `,
folded as (
  select * from unnest($2::text[], $3::integer[], $4::text[], $5::date[], $6::timestamptz[], $7::timestamptz[])
    as f(organization_id, fold, scopes, day, since, before)
),
scoped as materialized (
  select organization_id, fold, scope, scope_id, called_name, day,
    sum(requests)::bigint as requests, sum(tokens)::bigint as tokens, sum(nano_usd)::bigint as nano_usd
  from (${lateOf('wide')} union all ${lateOf('narrow')}) as late group by 1, 2, 3, 4, 5, 6
  having sum(requests) <> 0 or sum(tokens) <> 0 or sum(nano_usd) <> 0
), ${ADDED}`;

const LATE = statementsWith(LATE_PARTS);
