/**
 * The views through which all requests and ledger entries are read, whichever version stored them. In both, ids are text; the
 * tables of this version store them as bytes. A condition on an id needs `hasId`, which lets each table use its index.
 */
import { and, eq, getTableName, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { bigint, boolean, integer, jsonb, type PgColumn, pgView, text } from 'drizzle-orm/pg-core';
import { createdAt, instant } from './columns.ts';
import { LEDGER_KINDS, type OtherUsage, REQUEST_STATUSES } from './records.ts';
import { tokenCounts } from './usage.ts';

/** The dimensions at the time of the request, so that history stays the same when a key moves. */
const dimensions = () => ({
  organizationId: text('organization_id').notNull(),
  admittedAt: instant('admitted_at').notNull(),
  requestId: text('request_id').notNull(),
  teamId: text('team_id').notNull(),
  keyId: text('key_id').notNull(),
  memberId: text('member_id'),
  serviceAccountId: text('service_account_id'),
  calledName: text('called_name').notNull(),
});

const otherUsage = () => jsonb('other_usage').$type<OtherUsage>();

/** Every request. The columns are those of `requestRecords`. */
export const requestLog = pgView('requests', {
  ...dimensions(),
  clientRequestId: text('client_request_id'),
  status: text('status', { enum: REQUEST_STATUSES }).notNull(),
  httpStatus: integer('http_status').notNull(),
  code: text('code'),
  param: text('param'),
  endpoint: text('endpoint').notNull(),
  stream: boolean('stream').notNull(),
  deploymentId: text('deployment_id'),
  attempts: integer('attempts').notNull(),
  finishReason: text('finish_reason'),
  gatewayUs: integer('gateway_us').notNull(),
  providerMs: integer('provider_ms'),
  firstTokenMs: integer('first_token_ms'),
  ...tokenCounts(),
  otherUsage: otherUsage(),
  nanoUsd: bigint('nano_usd', { mode: 'number' }),
  partlyPriced: boolean('partly_priced').notNull(),
  decision: text('decision').notNull(),
  count: integer('count').notNull(),
  repeatIds: text('repeat_ids').array().notNull(),
  tags: text('tags').array(),
  tagRoute: text('tag_route'),
  /** Null also for every request that the version before stored. */
  tried: text('tried'),
  endUser: text('end_user'),
  session: text('session'),
  client: text('client'),
}).existing();

/** Every ledger entry. The columns are those of `ledgerRecords`. */
export const ledger = pgView('ledger_entries', {
  ...dimensions(),
  attempt: integer('attempt').notNull(),
  kind: text('kind', { enum: LEDGER_KINDS }).notNull(),
  deploymentId: text('deployment_id').notNull(),
  provider: text('provider').notNull(),
  upstreamModel: text('upstream_model').notNull(),
  priceId: text('price_id'),
  ...tokenCounts(),
  otherUsage: otherUsage(),
  nanoUsd: bigint('nano_usd', { mode: 'number' }),
  serviceTier: text('service_tier'),
  unpricedUnits: text('unpriced_units'),
  createdAt: createdAt(),
}).existing();

const VIEWS: ReadonlySet<string> = new Set(['requests', 'ledger_entries']);

/** The prefixes of the ids that are stored as bytes, by column. */
export const ID_PREFIXES = {
  organization_id: 'org',
  request_id: 'req',
  team_id: 'team',
  key_id: 'key',
  member_id: 'mem',
  service_account_id: 'svc',
  deployment_id: 'dep',
} as const;
type ShortColumn = keyof typeof ID_PREFIXES;

/** Returns the condition that an id column, of these views or of any table, has this id. */
export function hasId(column: PgColumn, id: string | SQLWrapper): SQL {
  if (!VIEWS.has(getTableName(column.table)) || !isShortColumn(column.name)) return eq(column, id);
  return hasShortId(sql`${sql.identifier(getTableName(column.table))}`, column.name, sql`${id}::text`);
}

/** As hasId, for a view that has another name in the query. */
export function hasIdIn(alias: string, column: ShortColumn, id: SQL): SQL {
  return hasShortId(sql.raw(alias), column, id);
}

// The planner knows `is_short` for each of the two tables, so one arm is left of the case.
function hasShortId(view: SQL, column: ShortColumn, id: SQL): SQL {
  const short = sql.raw(`short_${column}`);
  return sql`case when ${view}.is_short then ${view}.${short} = ${shortened(column, id)} else ${view}.${sql.raw(column)} = ${id} end`;
}

/** Returns the condition that an id column, of these views or of any table, has one of these ids. */
export function hasAnyId(column: PgColumn, ids: readonly string[]): SQL {
  const given = sql`${sql.param([...ids])}::text[]`;
  if (!VIEWS.has(getTableName(column.table)) || !isShortColumn(column.name)) return sql`${column} = any(${given})`;
  const view = sql.identifier(getTableName(column.table));
  const short = sql`array(select ${shortened(column.name, sql`id`)} from unnest(${given}) as given (id))`;
  return sql`case when ${view}.is_short then ${view}.${sql.raw(`short_${column.name}`)} = any(${short}) else ${column} = any(${given}) end`;
}

/** The two forms of rows: those of this version, and those of the version before. */
export type Form = 'short' | 'long';

/** Returns the condition that a request has this form. */
export function isOfForm(form: Form): SQL {
  return form === 'short' ? sql`requests.is_short` : sql`not requests.is_short`;
}

/** As hasId, among requests of one form. Unlike hasId, it lets an index return the rows in their order. */
export function hasIdAs(form: Form, column: PgColumn, id: string | SQLWrapper): SQL {
  if (form === 'long' || !isShortColumn(column.name)) return eq(column, id);
  return sql`${shortOf(column)} = ${shortened(column.name, sql`${id}::text`)}`;
}

/** The columns that order requests of one form: by time, then by id. */
export function orderColumns(form: Form): readonly SQLWrapper[] {
  return [requestLog.admittedAt, form === 'short' ? shortOf(requestLog.requestId) : requestLog.requestId];
}

/** Returns SQL for a request's id as a value of the last of these columns. */
export function orderedId(form: Form, id: string | number): SQL {
  return form === 'short' ? shortened('request_id', sql`${id}::text`) : sql`${id}`;
}

/**
 * Returns a query of an organization's newest requests that meet a condition, with these columns and `admitted_at`. Rows of each
 * form come in the order of an index.
 */
export function newestOfOrganization(organizationId: SQL, columns: SQL, wanted: SQL | undefined, limit: number): SQL {
  const { admittedAt } = requestLog;
  const half = (form: Form) => sql`(select ${columns}, ${admittedAt} from ${requestLog}
    where ${and(isOfForm(form), hasIdAs(form, requestLog.organizationId, organizationId), wanted)} order by ${admittedAt} desc limit ${limit})`;
  return sql`select * from (${half('short')} union all ${half('long')}) as newest order by admitted_at desc limit ${limit}`;
}

/** Returns SQL for an id in the form in which the tables store it. */
function shortened(column: ShortColumn, id: SQL): SQL {
  return sql`short_id('${sql.raw(ID_PREFIXES[column])}', ${id})`;
}

function shortOf(column: PgColumn): SQL {
  return sql.raw(`requests.short_${column.name}`);
}

function isShortColumn(name: string): name is ShortColumn {
  return Object.hasOwn(ID_PREFIXES, name);
}
