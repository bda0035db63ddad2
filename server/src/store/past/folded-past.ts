/** The past of calendar counters from folded days and months. One statement answers many questions from one snapshot. */
import { type SQL, sql } from 'drizzle-orm';
import { isLabelMatch, type TargetMatch } from '../../domain/limits/rate-limit.ts';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import { type DateRange, foldedSpan } from '../../domain/usage/folded-span.ts';
import type { Database } from '../database.ts';
import type { FoldMark } from '../folds/folds.ts';
import { scopeMarks } from '../schema.ts';
import type { CounterScope } from '../usage/usage.ts';
import { DAY_MS, HOUR_MS, instantOf, QUARTER_MS, type Span, wholeSteps } from '../usage/usage-rows.ts';

/** The question how much a counter's scope used from `fromMs` up to, not including, `toMs`. */
export interface PastQuestion extends Span {
  readonly counter: CounterScope;
}

/** A question as rows that can be read in one statement. `fold` is the number of the fold of these days. */
export interface FoldedQuestion {
  readonly question: PastQuestion;
  readonly fold: number;
  readonly months: DateRange | null;
  readonly days: readonly DateRange[];
  /** The span that is read from the quarters or hours after the mark. */
  readonly whole: Span;
  /** The parts that are read from quarters or hours, because no whole day covers them. */
  readonly rest: readonly (Span & { readonly stepMs: number })[];
}

/** The longest part that is read from quarters or hours. A longer one would make the statement too slow. */
const REST_MS_MAX = 2 * DAY_MS;

/**
 * Returns null if days and months cannot answer: for a trailing window, an unfolded past, a label, or a span that ends within a quarter.
 */
export function asFolded(question: PastQuestion, mark: FoldMark | null): FoldedQuestion | null {
  const { counter, fromMs, toMs } = question;
  if (mark === null || mark.fold === 0 || counter.window.is !== 'calendar' || isLabelMatch(counter.match)) return null;
  const { rest, whole, months, days } = foldedSpan(mark.timeZone, { fromMs, toMs }, mark.sinceMs);
  if (whole === null || rest.some((part) => part.toMs - part.fromMs > REST_MS_MAX)) return null;
  if ([whole.fromMs, whole.toMs].some((ms) => ms % QUARTER_MS !== 0)) return null;
  const steps = isWide(counter.scope) ? [HOUR_MS, QUARTER_MS] : [QUARTER_MS];
  const parts = rest.map((part) => wholeSteps(part, steps));
  if (parts.includes(null)) return null;
  return { question, fold: mark.fold, months, days, whole, rest: parts.flatMap((part) => part ?? []) };
}

/** The sum of each question, and the number of rows read for it. Null if the organization has a new fold by now. */
export interface FoldedAnswer {
  readonly sums: readonly ({ readonly amount: number; readonly rows: number } | null)[];
  /** The `pg_current_snapshot()` of the statement. */
  readonly snapshot: string;
}

/** Reads the sums of all questions in one statement. Returns them in the order of the questions. */
export async function foldedSums(db: Database, questions: readonly FoldedQuestion[]): Promise<FoldedAnswer> {
  const parts = questions.flatMap((one, index) => partsOf(one, index));
  const bySource = Map.groupBy(parts, ({ source, of }) => `${source} ${kindOf(of.counter.match)}`);
  const selects = [...bySource.values()].map((some) => selectOf(some));
  const { rows } = await db.execute<{ index: number; amount: string; rows: string; is_same: boolean; snapshot: string }>(sql`
    select index, coalesce(sum(amount), 0)::text as amount, sum(row_count)::text as rows, bool_and(is_same) as is_same,
      pg_current_snapshot()::text as snapshot
    from (${sql.join(selects, sql` union all `)}) as parts group by index`);
  const sums: FoldedAnswer['sums'][number][] = questions.map(() => null);
  for (const { index, amount, rows: count, is_same } of rows) {
    if (is_same) sums[index] = { amount: Number(amount), rows: Number(count) };
  }
  return { sums, snapshot: rows[0]?.snapshot ?? '' };
}

type Source =
  | 'months'
  | 'days'
  | 'since_mark_narrow'
  | 'since_mark_team'
  | 'since_mark_organization'
  | `${'hours' | 'quarters'}_${Scope}`;

interface Part {
  readonly index: number;
  readonly source: Source;
  readonly of: PastQuestion;
  readonly fold: number;
  /** A date for days and months, else a timestamp. */
  readonly from: string;
  readonly to: string;
}

function partsOf({ question, fold, months, days, whole, rest }: FoldedQuestion, index: number): readonly Part[] {
  const { scope } = question.counter;
  const common = { index, of: question, fold };
  const dates = (source: Source, { first, last }: DateRange): Part => ({ ...common, source, from: first, to: last });
  const instants = (source: Source, { fromMs, toMs }: Span): Part => ({
    ...common,
    source,
    from: instantOf(fromMs).toISOString(),
    to: instantOf(toMs).toISOString(),
  });
  return [
    ...(months === null ? [] : [dates('months', months)]),
    ...days.map((range) => dates('days', range)),
    instants(scope === 'organization' || scope === 'team' ? `since_mark_${scope}` : 'since_mark_narrow', whole),
    ...rest.map(({ stepMs, ...part }) => instants(`${stepMs === HOUR_MS ? 'hours' : 'quarters'}_${scope}`, part)),
  ];
}

/** The way to match the called names of a question: one value of the column, a prefix, or an access group in the database. */
type MatchKind = 'name' | 'prefix' | 'access_group';

function kindOf(match: TargetMatch): MatchKind {
  return match.is === 'prefix' || match.is === 'access_group' ? match.is : 'name';
}

function matchText(match: TargetMatch): string {
  switch (match.is) {
    case 'any':
    case 'tag':
    case 'end_user':
      return '';
    case 'exact':
      return match.name;
    case 'prefix':
      return match.prefix;
    case 'access_group':
      return match.key;
  }
}

function isWide(scope: Scope): boolean {
  return scope === 'organization' || scope === 'team';
}

const SCOPE_MARKS: Readonly<Record<Scope, string>> = { organization: 'o', team: 't', user: 'u', key: 'k' };

function selectOf(parts: readonly Part[]): SQL {
  const [{ source, of }] = parts as [Part];
  const kind = kindOf(of.counter.match);
  const isOfDates = source === 'months' || source === 'days';
  const type = sql.raw(isOfDates ? 'date' : 'timestamptz');
  const asked = sql`unnest(${sql.param(parts.map(({ index }) => index))}::integer[],
    ${textOf(parts, ({ of: { counter } }) => counter.organizationId)}::text[], ${sql.param(parts.map(({ fold }) => fold))}::integer[],
    ${textOf(parts, ({ of: { counter } }) => SCOPE_MARKS[counter.scope])}::text[],
    ${textOf(parts, ({ of: { counter } }) => (counter.scope === 'organization' ? '' : counter.scopeId))}::text[],
    ${textOf(parts, ({ of: { counter } }) => matchText(counter.match))}::text[],
    ${textOf(parts, ({ of: { counter } }) => counter.unit)}::text[],
    ${textOf(parts, ({ from }) => from)}::${type}[], ${textOf(parts, ({ to }) => to)}::${type}[])
    as q(index, organization_id, fold, scope, scope_id, name, unit, since, before)`;
  if (isOfDates)
    return sql`select q.index, u.amount, u.row_count, true as is_same from ${asked}, lateral (${datesOf(source, kind)}) as u`;
  if (source.startsWith('since_mark')) {
    return sql`select q.index, u.amount, u.row_count, coalesce(m.fold = q.fold, false) as is_same from ${asked}
      left join ${scopeMarks} as m on m.organization_id = q.organization_id, lateral (${sinceMark(source, kind)}) as u`;
  }
  const [step, scope] = source.split('_') as ['hours' | 'quarters', Scope];
  const rows = rowsOf(step === 'hours' ? HOURS : QUARTERS, scope, kind, 'q.since', 'q.before');
  return sql`select q.index, u.amount, u.row_count, true as is_same from ${asked}, lateral (${sql.raw(summed(rows))}) as u`;
}

function textOf(parts: readonly Part[], of: (part: Part) => string) {
  return sql.param(parts.map(of));
}

const UNIT_OF = (requests: string, tokens: string, money: string) =>
  `case q.unit when 'nano_usd' then ${money} when 'tokens' then ${tokens} else ${requests} end`;

/** Returns SQL that sums rows of whole days or months. */
function datesOf(source: 'months' | 'days', kind: MatchKind): SQL {
  const [table, at] = source === 'months' ? ['scope_months', 'month'] : ['scope_days', 'day'];
  const ofScope = 's.organization_id = q.organization_id and s.fold = q.fold and s.scope = q.scope and s.scope_id = q.scope_id';
  const sums = `select sum(${UNIT_OF('s.requests', 's.tokens', 's.nano_usd')}) as amount, count(*) as row_count`;
  const within = `s.${at} between q.since and q.before`;
  switch (kind) {
    case 'name':
      return sql.raw(`${sums} from ${table} as s where ${ofScope} and s.called_name = q.name and ${within}`);
    case 'access_group':
      return sql.raw(`${sums} from target_labels as l join ${table} as s on ${ofScope} and s.called_name = l.target_name and ${within}
        where l.access_group = q.name`);
    case 'prefix':
      // Finds the scope's names one by one through the index, however many days each has.
      return sql.raw(`with recursive names (name) as (
          select (select min(s.called_name) from ${table} as s where ${ofScope} and s.called_name > '')
          union all
          select (select min(s.called_name) from ${table} as s where ${ofScope} and s.called_name > names.name) from names where names.name is not null
        )
        ${sums} from names join ${table} as s on ${ofScope} and s.called_name = names.name and ${within} where starts_with(names.name, q.name)`);
  }
}

interface RowSource {
  readonly table: string;
  readonly at: string;
}
const QUARTERS: RowSource = { table: 'rollups', at: 'bucket_start' };
const HOURS: RowSource = { table: 'team_rollups', at: 'hour_start' };

const OF_SCOPE: Readonly<Record<Scope, string>> = {
  organization: '',
  team: 'and r.team_id = q.scope_id',
  user: "and r.member_id = q.scope_id and r.member_id <> ''",
  key: 'and r.key_id = q.scope_id',
};
const NAMED: Readonly<Record<MatchKind, string>> = {
  name: "and (q.name = '' or r.called_name = q.name)",
  prefix: 'and starts_with(r.called_name, q.name)',
  access_group: 'and r.called_name in (select target_name from target_labels where access_group = q.name)',
};

function rowsOf({ table, at }: RowSource, scope: Scope, kind: MatchKind, since: string, before: string): string {
  return `select ${UNIT_OF('r.admitted', 'r.total_tokens', 'r.spend_nano_usd')} as amount from ${table} as r
    where r.organization_id = q.organization_id ${OF_SCOPE[scope]} and r.${at} >= ${since} and r.${at} < ${before} ${NAMED[kind]}`;
}

function summed(rows: string): string {
  return `select sum(r.amount) as amount, count(*) as row_count from (${rows}) as r`;
}

const floorHour = (text: string) => `date_trunc('hour', ${text}, 'UTC')`;
const ceilHour = (text: string) => floorHour(`${text} + interval '3599.999 seconds'`);

/**
 * Returns SQL that sums the usage after the mark. Reads organizations and teams by the hour, and by the quarter only in cut-off
 * hours.
 */
function sinceMark(source: Source, kind: MatchKind): SQL {
  if (source === 'since_mark_narrow') {
    const of = (scope: Scope) => rowsOf(QUARTERS, scope, kind, 'greatest(m.until, q.since)', 'q.before');
    // Each of the two has its own index. The one for the other scope finds nothing.
    return sql.raw(summed(`${of('key')} and q.scope = 'k' union all ${of('user')} and q.scope = 'u'`));
  }
  const scope = source === 'since_mark_team' ? 'team' : 'organization';
  const from = `greatest(${floorHour('m.until')}, m.since, q.since)`;
  const lastHour = floorHour('q.before');
  const parts = [
    rowsOf(HOURS, scope, kind, ceilHour(from), lastHour),
    rowsOf(QUARTERS, scope, kind, from, `least(${ceilHour(from)}, q.before)`),
    rowsOf(QUARTERS, scope, kind, `greatest(${lastHour}, ${ceilHour(from)})`, 'q.before'),
  ];
  return sql.raw(summed(parts.join(' union all ')));
}

/** Returns the marks of organizations, by id. Organizations without one are absent. */
export async function marksOf(db: Database, organizationIds: readonly string[]): Promise<ReadonlyMap<string, FoldMark>> {
  const rows = await db
    .select()
    .from(scopeMarks)
    .where(sql`${scopeMarks.organizationId} = any(${sql.param(organizationIds)}::text[])`);
  return new Map(
    rows.map(({ organizationId, fold, timeZone, since, until }) => [
      organizationId,
      { organizationId, fold, timeZone, sinceMs: since.getTime(), untilMs: until.getTime() },
    ]),
  );
}
