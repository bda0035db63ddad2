/**
 * Usage of requests by their labels: rows of a rollup by labels for whole quarters of an hour, and single requests at the ends of a
 * span. So sums are exact for any span. A request has a row for each of its labels, so a reader chooses which of them to add up.
 */
import { and, gte, lt, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import { NAMES_MAX, type NameKind, OTHER_NAME } from '../../domain/usage/attribution.ts';
import { hasIdIn, ledger, requestLog, usageNameCounts, usageNames } from '../schema.ts';
import { unitRows } from './unit-sums.ts';
import { HAS_UNITS, UNITS_OF_ROW, USES } from './units-of-row.ts';
import {
  type Condition,
  cover,
  instantOf,
  type KeyColumns,
  QUARTER_MS,
  type Span,
  USAGE_SUMS,
  usageRows,
  type Whose,
} from './usage-rows.ts';

/** A question about usage by labels. */
export interface LabelQuestion {
  readonly span: Span;
  /** The condition for sources without labels. A coarser one reads fewer rows. */
  readonly whose: Whose;
  /** The same condition for sources with labels. */
  readonly keys: Extract<Whose, { is: 'keys' }>;
  readonly conditions: readonly Condition[];
}

/** A kind of labels: its rollups, and the labels of a single request. */
export interface Labels {
  readonly rollups: PgTable & KeyColumns & { readonly bucketStart: PgColumn };
  /** The columns of the labels. */
  readonly columns: readonly string[];
  /** A lateral join of single requests, `named`, with these columns. */
  readonly each: SQL;
  /** The condition for single requests that have any. */
  readonly has: SQL | undefined;
}

/** The two sources of a report: usage without units, and usage in units. */
export interface Source {
  readonly sums: readonly string[];
  /** The columns of every row but its labels, in order. */
  readonly columns: string;
  /** Returns all usage, with or without labels. */
  all(question: LabelQuestion): SQL;
  /** Returns the usage of requests with labels that meet a condition: a row per label, with its columns last. */
  labelled(question: LabelQuestion, labels: Labels, which: SQL): SQL;
}

const PEOPLE = 'organization_id, team_id, key_id, member_id, service_account_id';
const NAMES = 'called_name, deployment_id, provider';
const UNIT_SUMS = ['uses', 'quantity', 'unpriced_quantity'] as const;

export const USAGE: Source = {
  sums: USAGE_SUMS,
  columns: ['at', PEOPLE, NAMES, ...USAGE_SUMS].join(', '),
  all: ({ span, whose, conditions }) => usageRows(span, whose, conditions),
  labelled: (question, labels, which) =>
    labelledRows(question, labels, which, { ofQuarters: usageOfQuarters, ofRows: usageOfRows }),
};

export const UNITS: Source = {
  sums: UNIT_SUMS,
  columns: ['at', PEOPLE, NAMES, 'unit', ...UNIT_SUMS].join(', '),
  all: ({ span, whose, conditions }) => unitRows(span, whose, conditions),
  labelled: (question, labels, which) =>
    labelledRows(question, labels, which, { ofQuarters: unitsOfQuarters, ofRows: unitsOfRows }),
};

/** Returns all usage with further columns. `as`: their SQL. */
export function allAs(source: Source, question: LabelQuestion, as: string): SQL {
  return sql`select ${sql.raw(source.columns)}, ${sql.raw(as)} from ${source.all(question)} as everything`;
}

/** Returns rows with further columns, negated: added to other rows, they leave the rest. */
export function lessOf({ sums, columns }: Source, rows: SQL, as: string): SQL {
  const negated = columns
    .split(', ')
    .map((name) => (sums.includes(name) ? `-${name}` : name))
    .join(', ');
  return sql`select ${sql.raw(negated)}, ${sql.raw(as)} from (${rows}) as labelled`;
}

/**
 * Returns SQL for the name under which a request's usage counts: its own, or OTHER_NAME if the names of its organization were too many
 * and it is none of them.
 */
export function boundedName(kind: NameKind, name: SQL): SQL {
  const { names, per } = NAMES_MAX[kind];
  const period = sql`date_trunc(${sql.raw(`'${per}'`)}, ${requestLog.admittedAt}, 'UTC')`;
  const same = (table: typeof usageNames | typeof usageNameCounts) =>
    sql`${table.organizationId} = ${requestLog.organizationId} and ${table.kind} = ${sql.raw(`'${kind}'`)} and ${table.period} = ${period}`;
  return sql`case when exists (select from ${usageNameCounts} where ${same(usageNameCounts)} and ${usageNameCounts.names} >= ${sql.raw(String(names))})
    and not exists (select from ${usageNames} where ${same(usageNames)} and ${usageNames.name} = ${name}) then ${sql.raw(`'${OTHER_NAME}'`)} else ${name} end`;
}

type Part = (span: Span, question: LabelQuestion, labels: Labels, which: SQL) => SQL;

function labelledRows(
  question: LabelQuestion,
  labels: Labels,
  which: SQL,
  read: { readonly ofQuarters: Part; readonly ofRows: Part },
): SQL {
  const parts = cover(question.span, [QUARTER_MS]).map(({ stepMs, ...part }) =>
    stepMs === null ? read.ofRows(part, question, labels, which) : read.ofQuarters(part, question, labels, which),
  );
  return sql.join(parts.length === 0 ? [read.ofQuarters(question.span, question, labels, which)] : parts, sql` union all `);
}

function usageOfQuarters(span: Span, question: LabelQuestion, labels: Labels, which: SQL): SQL {
  const columns = ['bucket_start as at', PEOPLE, NAMES, ...USAGE_SUMS, ...labels.columns].join(', ');
  return sql`select ${sql.raw(columns)} from ${labels.rollups} where ${and(ofQuarters(span, question, labels), sql`unit = ''`, which)}`;
}

function unitsOfQuarters(span: Span, question: LabelQuestion, labels: Labels, which: SQL): SQL {
  const columns = ['bucket_start as at', PEOPLE, NAMES, 'unit', ...UNIT_SUMS, ...labels.columns].join(', ');
  return sql`select ${sql.raw(columns)} from ${labels.rollups} where ${and(ofQuarters(span, question, labels), sql`unit <> ''`, which)}`;
}

function ofQuarters(span: Span, { keys, conditions }: LabelQuestion, { rollups }: Labels): SQL | undefined {
  return and(keys.condition(rollups), within(rollups.bucketStart, span), ...conditions.map(isAmong));
}

function isAmong({ column, values }: Condition): SQL {
  return sql`${sql.identifier(column)} = any(${sql.param([...values])}::text[])`;
}

/** Returns SQL for single requests and their ledger entries: a row per label. */
function usageOfRows(span: Span, question: LabelQuestion, labels: Labels, which: SQL): SQL {
  const columns = sql.raw([USAGE.columns, ...labels.columns].join(', '));
  return sql`select ${columns} from (${usageOfSpan(span, question, labels)}) as one where ${narrowed(question, which)}`;
}

function usageOfSpan(span: Span, { keys }: LabelQuestion, { columns, each, has }: Labels): SQL {
  const whole = sql.raw(`coalesce(member_id, '') as member_id, coalesce(service_account_id, '') as service_account_id`);
  const none = (names: readonly string[]) => sql.raw(names.map((name) => `0::bigint as ${name}`).join(', '));
  const [counts, amounts] = [USAGE_SUMS.slice(0, 5), USAGE_SUMS.slice(5)];
  const named = namedColumns(columns);
  const wanted = and(within(requestLog.admittedAt, span), has, keys.condition(requestLog));
  return sql`select admitted_at as at, organization_id, team_id, key_id, ${whole}, called_name, coalesce(deployment_id, '') as deployment_id,
      coalesce((select d.provider from deployments as d where d.id = deployment_id), '') as provider,
      case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end as requests,
      case when status = 'estimated' then count else 0 end as estimated_requests,
      case when status = 'refused' then count else 0 end as refused_requests,
      case when status = 'refused' then 0 else count end as admitted,
      (${IS_UNPRICED})::integer as unpriced_requests, ${none(amounts)}, ${named}
    from ${requestLog}, ${each} where ${wanted}
    union all
    select owed.admitted_at, owed.organization_id, owed.team_id, owed.key_id, coalesce(owed.member_id, ''), coalesce(owed.service_account_id, ''),
      owed.called_name, owed.deployment_id, owed.provider, ${none(counts)},
      ${sql.raw(amounts.map((name) => (name === 'spend_nano_usd' ? 'coalesce(owed.nano_usd, 0)' : `owed.${name}`)).join(', '))}, ${named}
    from ${requestLog}, ${OWED}, ${each} where ${wanted}`;
}

function unitsOfRows(span: Span, question: LabelQuestion, { columns, each, has }: Labels, which: SQL): SQL {
  const wanted = and(within(requestLog.admittedAt, span), has, question.keys.condition(requestLog));
  // The ledger has a column `kind` too.
  const labels = sql.raw(columns.map((name) => `named.${name} as label_${name}`).join(', '));
  const owed = sql`select owed.*, ${labels} from ${requestLog}, ${OWED}, ${each} where ${wanted}`;
  const all = `admitted_at as at, organization_id, team_id, key_id, coalesce(member_id, '') as member_id,
      coalesce(service_account_id, '') as service_account_id, ${NAMES}, unit, ${USES} as uses, amount as quantity, unpriced as unpriced_quantity`;
  const used = sql.raw([all, ...columns.map((name) => `label_${name} as ${name}`)].join(', '));
  return sql`select * from (select ${used} from (${owed}) as one, ${sql.raw(UNITS_OF_ROW)} where ${sql.raw(HAS_UNITS)}) as used
    where ${narrowed(question, which)}`;
}

function namedColumns(columns: readonly string[]): SQL {
  return sql.raw(columns.map((name) => `named.${name} as ${name}`).join(', '));
}

function narrowed({ conditions }: LabelQuestion, which: SQL): SQL | undefined {
  return and(which, ...conditions.map(isAmong));
}

// The planner merges neither of these into its query, so that each table's index is used.
const OF_REQUEST = sql`${hasIdIn('l', 'organization_id', sql`${requestLog.organizationId}`)}
    and l.admitted_at = ${requestLog.admittedAt} and ${hasIdIn('l', 'request_id', sql`${requestLog.requestId}`)}`;

const OWED = sql`lateral (select * from ${ledger} as l where ${OF_REQUEST} offset 0) as owed`;

const IS_UNPRICED = sql`exists (select 1 from ${ledger} as l where ${OF_REQUEST} and l.nano_usd is null offset 0)`;

function within(column: PgColumn, span: Span): SQL | undefined {
  return and(gte(column, instantOf(span.fromMs)), lt(column, instantOf(span.toMs)));
}
