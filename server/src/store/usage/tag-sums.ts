/**
 * Usage by the tags of requests. A request counts under each of its tags, so these lines add up to more than the total. Like
 * other usage, it is read from whole quarters of an hour, and from single rows at the ends of a span. So sums are exact for any
 * span.
 */
import { and, gte, isNotNull, lt, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { hasIdIn, ledger, requestLog, tagRollups } from '../schema.ts';
import { unitRows } from './unit-sums.ts';
import { HAS_UNITS, UNITS_OF_ROW, USES } from './units-of-row.ts';
import { type Condition, cover, instantOf, QUARTER_MS, type Span, USAGE_SUMS, usageRows, type Whose } from './usage-rows.ts';

/** A question about usage by tag. */
export interface TagQuestion {
  readonly span: Span;
  /** The condition for sources without tags. A coarser one reads fewer rows. */
  readonly whose: Whose;
  /** The same condition for sources with tags. */
  readonly keys: Extract<Whose, { is: 'keys' }>;
  readonly conditions: readonly Condition[];
  /** The tags to return. Null: every tag, and an empty one for requests without tags. */
  readonly only: readonly string[] | null;
}

const PEOPLE = 'organization_id, team_id, key_id, member_id, service_account_id';
const NAMES = 'called_name, deployment_id, provider';
const UNIT_SUMS = ['uses', 'quantity', 'unpriced_quantity'] as const;
/** The columns of usageRows without `until`. Below are those of unitRows. Both fix the order. */
const USAGE_COLUMNS = ['at', PEOPLE, NAMES, ...USAGE_SUMS].join(', ');
const UNIT_COLUMNS = ['at', PEOPLE, NAMES, 'unit', ...UNIT_SUMS].join(', ');

/** Returns a subquery like usageRows, with a column `tag`. */
export function tagUsageRows(question: TagQuestion): SQL {
  const of = (which: SQL) => taggedRows(question, which, { ofQuarters: usageOfQuarters, ofRows: usageOfRows });
  if (question.only !== null) return sql`(${of(among(question.only))})`;
  const all = sql`select ${sql.raw(USAGE_COLUMNS)}, '' as tag from ${usageRows(question.span, question.whose, question.conditions)} as everything`;
  return sql`(${of(sql`tag <> ''`)} union all ${all} union all ${lessOf(of(sql`tag = ''`), USAGE_SUMS, USAGE_COLUMNS)})`;
}

/** Returns a subquery like unitRows, with a column `tag`. */
export function tagUnitRows(question: TagQuestion): SQL {
  const of = (which: SQL) => taggedRows(question, which, { ofQuarters: unitsOfQuarters, ofRows: unitsOfRows });
  if (question.only !== null) return sql`(${of(among(question.only))})`;
  const all = sql`select ${sql.raw(UNIT_COLUMNS)}, '' as tag from ${unitRows(question.span, question.whose, question.conditions)} as everything`;
  return sql`(${of(sql`tag <> ''`)} union all ${all} union all ${lessOf(of(sql`tag = ''`), UNIT_SUMS, UNIT_COLUMNS)})`;
}

/** Returns the usage of requests with tags, negated. Added to all usage, it leaves that of requests without tags. */
function lessOf(rows: SQL, sums: readonly string[], columns: string): SQL {
  const negated = columns
    .split(', ')
    .map((name) => (sums.includes(name) ? `-${name}` : name))
    .join(', ');
  return sql`select ${sql.raw(negated)}, tag from (${rows}) as tagged`;
}

function among(tags: readonly string[]): SQL {
  return sql`tag = any(${sql.param([...tags])}::text[])`;
}

type Part = (span: Span, question: TagQuestion, which: SQL) => SQL;

function taggedRows(question: TagQuestion, which: SQL, read: { readonly ofQuarters: Part; readonly ofRows: Part }): SQL {
  const parts = cover(question.span, [QUARTER_MS]).map(({ stepMs, ...part }) =>
    stepMs === null ? read.ofRows(part, question, which) : read.ofQuarters(part, question, which),
  );
  return sql.join(parts.length === 0 ? [read.ofQuarters(question.span, question, which)] : parts, sql` union all `);
}

function usageOfQuarters(span: Span, question: TagQuestion, which: SQL): SQL {
  const columns = ['bucket_start as at', PEOPLE, NAMES, ...USAGE_SUMS].join(', ');
  return sql`select ${sql.raw(columns)}, tag from ${tagRollups} where ${and(ofQuarters(span, question), sql`unit = ''`, which)}`;
}

function unitsOfQuarters(span: Span, question: TagQuestion, which: SQL): SQL {
  const columns = ['bucket_start as at', PEOPLE, NAMES, 'unit', ...UNIT_SUMS].join(', ');
  return sql`select ${sql.raw(columns)}, tag from ${tagRollups} where ${and(ofQuarters(span, question), sql`unit <> ''`, which)}`;
}

function ofQuarters(span: Span, { keys, conditions }: TagQuestion): SQL | undefined {
  const more = conditions.map(({ column, values }) => sql`${sql.identifier(column)} = any(${sql.param([...values])}::text[])`);
  return and(keys.condition(tagRollups), within(tagRollups.bucketStart, span), ...more);
}

/** Returns SQL for single requests and their ledger entries: a row per tag, and one with an empty tag. */
function usageOfRows(span: Span, question: TagQuestion, which: SQL): SQL {
  const wanted = narrowed(question, which);
  return sql`select ${sql.raw(USAGE_COLUMNS)}, tag from (${usageOfSpan(span, question)}) as one where ${wanted}`;
}

function usageOfSpan(span: Span, { keys }: TagQuestion): SQL {
  const whole = sql.raw(`coalesce(member_id, '') as member_id, coalesce(service_account_id, '') as service_account_id`);
  const none = (names: readonly string[]) => sql.raw(names.map((name) => `0::bigint as ${name}`).join(', '));
  const [counts, amounts] = [USAGE_SUMS.slice(0, 5), USAGE_SUMS.slice(5)];
  return sql`select admitted_at as at, organization_id, team_id, key_id, ${whole}, called_name, coalesce(deployment_id, '') as deployment_id,
      coalesce((select d.provider from deployments as d where d.id = deployment_id), '') as provider,
      case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end as requests,
      case when status = 'estimated' then count else 0 end as estimated_requests,
      case when status = 'refused' then count else 0 end as refused_requests,
      case when status = 'refused' then 0 else count end as admitted,
      (${IS_UNPRICED})::integer as unpriced_requests, ${none(amounts)}, tag
    from ${requestLog}, ${EACH_TAG} where ${and(taggedIn(span), keys.condition(requestLog))}
    union all
    select owed.admitted_at, owed.organization_id, owed.team_id, owed.key_id, coalesce(owed.member_id, ''), coalesce(owed.service_account_id, ''),
      owed.called_name, owed.deployment_id, owed.provider, ${none(counts)},
      ${sql.raw(amounts.map((name) => (name === 'spend_nano_usd' ? 'coalesce(owed.nano_usd, 0)' : `owed.${name}`)).join(', '))}, tag
    from ${requestLog}, ${OWED}, ${EACH_TAG} where ${and(taggedIn(span), keys.condition(requestLog))}`;
}

function unitsOfRows(span: Span, question: TagQuestion, which: SQL): SQL {
  const owed = sql`select owed.*, tag from ${requestLog}, ${OWED}, ${EACH_TAG} where ${and(taggedIn(span), question.keys.condition(requestLog))}`;
  const columns = `admitted_at as at, organization_id, team_id, key_id, coalesce(member_id, '') as member_id,
      coalesce(service_account_id, '') as service_account_id, ${NAMES}, unit, ${USES} as uses, amount as quantity, unpriced as unpriced_quantity`;
  return sql`select ${sql.raw(columns)}, tag from (${owed}) as one, ${sql.raw(UNITS_OF_ROW)}
    where ${and(sql.raw(HAS_UNITS), narrowed(question, which))}`;
}

function narrowed({ conditions }: TagQuestion, which: SQL): SQL | undefined {
  return and(
    which,
    ...conditions.map(({ column, values }) => sql`${sql.identifier(column)} = any(${sql.param([...values])}::text[])`),
  );
}

const EACH_TAG = sql`lateral unnest(array_append(${requestLog.tags}, '')) as named (tag)`;

// The planner merges neither of these into its query, so that each table's index is used.
const OF_REQUEST = sql`${hasIdIn('l', 'organization_id', sql`${requestLog.organizationId}`)}
    and l.admitted_at = ${requestLog.admittedAt} and ${hasIdIn('l', 'request_id', sql`${requestLog.requestId}`)}`;

const OWED = sql`lateral (select * from ${ledger} as l where ${OF_REQUEST} offset 0) as owed`;

const IS_UNPRICED = sql`exists (select 1 from ${ledger} as l where ${OF_REQUEST} and l.nano_usd is null offset 0)`;

function taggedIn(span: Span): SQL | undefined {
  return and(within(requestLog.admittedAt, span), isNotNull(requestLog.tags));
}

function within(column: PgColumn, span: Span): SQL | undefined {
  return and(gte(column, instantOf(span.fromMs)), lt(column, instantOf(span.toMs)));
}
