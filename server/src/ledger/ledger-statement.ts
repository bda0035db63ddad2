/**
 * One statement that stores a batch of journal lines: rows, ledger entries, content and shapes. It adds the new rows to the
 * rollups. The lines are its only parameter and are split here, so that our process sends the same bytes that it wrote to the
 * journal.
 */
import {
  ATTRIBUTION_MARK,
  ENTRY_FIELDS,
  type EndField,
  type EntryField,
  LINE_TAGS,
  SHAPE_FIELDS,
  type ShapeField,
  TAGS_MARK,
  TRIED_MARK,
} from '../domain/usage/settled-rows.ts';
import { ID_PREFIXES } from '../store/schema.ts';
import {
  COUNTS,
  DIMENSIONS,
  ROLLUP_KEY,
  ROLLUP_SUMS,
  rollupDimensions,
  TOKENS,
  UNIT_ROLLUP_COLUMNS,
  UNIT_ROLLUP_KEY,
  UNIT_ROLLUP_SUMS,
  unitsOf,
} from '../store/usage/rollup-columns.ts';
import { ATTEMPT_ROLLUPS } from './ledger-statement-attempts.ts';
import { LABELLED, type MoreParts, ORIGINS, TAGS } from './ledger-statement-labels.ts';
import { addTo, END, list } from './statement-parts.ts';

const end = END;
const shape = (field: ShapeField) => `f[${SHAPE_FIELDS.indexOf(field) + 1}]`;
const entry = (field: EntryField) => `x[${ENTRY_FIELDS.indexOf(field) + 1}]`;
const orEmpty = (text: string) => `coalesce(${text}, '')`;

const ID = 'organization_id, admitted_at, request_id';

const isShape = `f[1] = '${LINE_TAGS.shape}'`;
// Equivalent to `= end tag`, but lets the planner expect that most lines are ends, and use a hash join.
const isEnd = `f[1] <> '${LINE_TAGS.shape}'`;

const { deployment_id: _, ...PREFIXES } = ID_PREFIXES;
/** The ids that log and ledger have in common, which the tables store in a short form. */
const IDS = Object.keys(PREFIXES) as readonly (keyof typeof PREFIXES)[];
/** The short ids, which `ends` and `entries` have beside the long ones. */
const SHORT_IDS = IDS.map((name) => `short_${name}`);

const NO_MORE: MoreParts = { ofEnds: '', ofLog: '', rollups: '' };

const TRIED: MoreParts = {
  ofEnds: `, substr(${end('tried')}, 2) as tried`,
  ofLog: ', tried',
  rollups: ATTEMPT_ROLLUPS,
};

const all = (...parts: readonly MoreParts[]): MoreParts => ({
  ofEnds: parts.map(({ ofEnds }) => ofEnds).join(''),
  ofLog: parts.map(({ ofLog }) => ofLog).join(''),
  rollups: parts.map(({ rollups }) => rollups).join(''),
});

/**
 * The kinds of lines that need a statement of their own. `origin`: lines that say something about their origin, and have neither tags
 * nor attempts. Batches with attempts are rare, so `tried` is for lines with or without tags, and `every` for lines with anything.
 */
export const LINES_WITH = ['plain', 'origin', 'tagged', 'tried', 'every'] as const;
export type LinesWith = (typeof LINES_WITH)[number];

const MORE: Readonly<Record<LinesWith, MoreParts>> = {
  plain: NO_MORE,
  origin: all(LABELLED, ORIGINS),
  tagged: all(LABELLED, TAGS),
  tried: all(LABELLED, TAGS, TRIED),
  every: all(LABELLED, TAGS, TRIED, ORIGINS),
};

/** Splits each line into its fields, and the first end of each request into columns. */
const linesAndEnds = (ofEnds: string) => `lines as materialized (
  select n, string_to_array(line, E'\\t', '') as f from string_to_table($1::text, E'\\n') with ordinality as t(line, n)
),
firsts as (
  select min(n) as n from lines where ${isEnd} group by ${end('request_id')}
),
ends as materialized (
  select n,
    ${end('organization_id')} as organization_id,
    to_timestamp(0) + ${end('admitted_at_ms')}::bigint * interval '1 millisecond' as admitted_at,
    ${end('request_id')} as request_id,
    ${end('client_request_id')} as client_request_id,
    ${list(['team_id', 'key_id', 'member_id', 'service_account_id'], (name) => `${end(name as EndField)} as ${name}`)},
    ${orEmpty(end('called_name'))} as called_name,
    ${end('status')} as status,
    ${end('http_status')}::integer as http_status,
    ${end('code')} as code,
    ${end('param')} as param,
    ${orEmpty(end('endpoint'))} as endpoint,
    ${end('stream')}::boolean as stream,
    ${end('deployment_id')} as deployment_id,
    ${orEmpty(end('provider'))} as provider,
    ${end('attempts')}::integer as attempts,
    ${end('finish_reason')} as finish_reason,
    ${end('gateway_us')}::integer as gateway_us,
    ${end('provider_ms')}::integer as provider_ms,
    ${end('first_token_ms')}::integer as first_token_ms,
    ${orEmpty(end('decision'))} as decision,
    ${end('count')}::integer as count,
    coalesce(string_to_array(${end('repeat_ids')}, ','), '{}') as repeat_ids,
    ${end('other_usage')}::jsonb as other_usage,
    ${end('entries')} as entries,
    ${end('content')} as content,
    ${list(IDS, (name) => `short_id('${PREFIXES[name as keyof typeof PREFIXES]}', ${end(name as EndField)}) as short_${name}`)}${ofEnds}
  from lines join firsts using (n)
)`;

const ENTRY_TEXTS: readonly EntryField[] = ['kind', 'deployment_id', 'provider', 'upstream_model', 'price_id'];

/** The ledger entries of the ends, and their sums for each request. */
const ENTRIES = `entries as materialized (
  select n, ${ID}, ${list(DIMENSIONS)}, ${list(SHORT_IDS)},
    least(${entry('attempt')}::integer, 32767)::smallint as attempt,
    ${list(ENTRY_TEXTS, (name) => `${entry(name as EntryField)} as ${name}`)},
    ${list(TOKENS, (name) => `${entry(name as EntryField)}::bigint as ${name}`)},
    ${entry('other_usage')}::jsonb as other_usage,
    ${entry('nano_usd')}::bigint as nano_usd,
    ${entry('service_tier')} as service_tier,
    ${entry('unpriced_units')} as unpriced_units
  from ends,
    lateral unnest(string_to_array(entries, E'\\x1e')) as e(text),
    lateral string_to_array(e.text, E'\\x1f', '') as a(x)
),
sums as (
  select n, ${list(TOKENS, (name) => `sum(${name})::bigint as ${name}`)},
    case when count(nano_usd) = count(*) then sum(nano_usd)::bigint end as nano_usd,
    (count(nano_usd) < count(*))::integer as unpriced,
    count(unpriced_units) > 0 as partly_priced
  from entries group by n
)`;

/** Columns of tokens that are null instead of 0, because a null takes no room. */
const TOKENS_OR_NULL = TOKENS.filter((name) => name !== 'total_tokens');
const orNull = (names: readonly string[]) => list(names, (name) => `nullif(${name}, 0)`);

/** The condition that the request was not stored before the upgrade to these tables. */
const IS_NEW = `not (admitted_at <= (select until from records_from_before)
    and was_stored_before(organization_id, admitted_at, request_id))`;

/** Columns of the log whose values are those of the end. */
const LOGGED = [
  'called_name',
  'status',
  'endpoint',
  'decision',
  'code',
  'param',
  'finish_reason',
  'client_request_id',
  'stream',
  'gateway_us',
  'provider_ms',
  'first_token_ms',
  'count',
  'other_usage',
  'nano_usd',
] as const;
/** Columns of the ledger whose values are those of the entry. */
const OWED = [
  'kind',
  'called_name',
  'provider',
  'upstream_model',
  'other_usage',
  'nano_usd',
  'service_tier',
  'unpriced_units',
] as const;

/**
 * Stores the rows of the log, their ledger entries and content, and the shapes. `logged`: the ids of the new rows. `owed`: their
 * new entries.
 */
const storedRows = (ofLog: string) => `logged as (
  insert into request_records (admitted_at, ${list(IDS)}, deployment_id, ${list(LOGGED)}, http_status, attempts, total_tokens,
    ${list(TOKENS_OR_NULL)}, partly_priced, repeat_ids${ofLog})
  select admitted_at, ${list(SHORT_IDS)}, short_id('dep', deployment_id), ${list(LOGGED)}, least(http_status, 32767),
    least(attempts, 32767), coalesce(total_tokens, 0), ${orNull(TOKENS_OR_NULL)}, coalesce(partly_priced, false),
    nullif(repeat_ids, '{}')${ofLog}
  from ends left join sums using (n) where ${IS_NEW}
  on conflict do nothing
  returning request_id as short_request_id
),
added as (
  insert into ledger_records (admitted_at, ${list(IDS)}, deployment_id, price_id, attempt, ${list(OWED)}, total_tokens,
    ${list(TOKENS_OR_NULL)})
  select admitted_at, ${list(SHORT_IDS)}, short_id('dep', deployment_id), short_id('price', price_id), attempt, ${list(OWED)},
    total_tokens, ${orNull(TOKENS_OR_NULL)}
  from entries join logged using (short_request_id)
  on conflict do nothing
  returning request_id as short_request_id, attempt, kind
),
owed as (
  select entries.* from entries join added using (short_request_id, attempt, kind)
),
kept as (
  insert into request_content (${ID}, sealed)
  select ${ID}, decode(content, 'base64') from ends join logged using (short_request_id) where content is not null
  on conflict do nothing
),
explained as (
  insert into decision_shapes (organization_id, shape_id, rules)
  select ${shape('organization_id')}, ${shape('shape_id')}, ${shape('rules')}::jsonb from lines where ${isShape}
  on conflict do nothing
)`;

const USED_UNITS = `(${unitsOf('owed')}) as used (${list(UNIT_ROLLUP_COLUMNS)})`;

/** The amounts that each new row adds to the rollups, and the statements that add them. */
const ROLLUPS = `moves (${list(ROLLUP_KEY)}, ${list(ROLLUP_SUMS)}) as (
  select ${rollupDimensions}, coalesce(deployment_id, ''), provider,
    case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end,
    case when status = 'estimated' then count else 0 end,
    case when status = 'refused' then count else 0 end,
    case when status = 'refused' then 0 else count end,
    coalesce(unpriced, 0), ${list(TOKENS, () => '0')}, 0
  from ends join logged using (short_request_id) left join sums using (n)
  union all
  select ${rollupDimensions}, deployment_id, provider, ${list(COUNTS, () => '0')}, ${list(TOKENS)}, coalesce(nano_usd, 0)
  from owed
),
moved as (
  ${addTo('rollups', ROLLUP_KEY, ROLLUP_SUMS, 'moves')}
),
units_moved as (
  ${addTo('unit_rollups', UNIT_ROLLUP_KEY, UNIT_ROLLUP_SUMS, USED_UNITS)}
)`;

/** Chooses the statement for lines. The marks occur nowhere else in a line. */
export function statementFor(lines: Buffer, statements: Readonly<Record<LinesWith, string>>): string {
  const isTried = lines.includes(TRIED_MARK);
  const isTagged = isTried || lines.includes(TAGS_MARK);
  if (lines.includes(ATTRIBUTION_MARK)) return isTagged ? statements.every : statements.origin;
  if (isTried) return statements.tried;
  return isTagged ? statements.tagged : statements.plain;
}

/**
 * Builds the statement with further parts, which may read `moves`: the amounts that each new row adds to its quarter of the
 * rollups. Its answer is `stored`, how many rows were new; `xid`, the transaction's id; and `at_ms`, the database's time.
 */
function storeLinesAnd(parts: string, lines: LinesWith): string {
  const { ofEnds, ofLog, rollups } = MORE[lines];
  return `
with ${linesAndEnds(ofEnds)},
${ENTRIES},
${storedRows(ofLog)},
${ROLLUPS}${rollups}${parts}
select count(*)::integer as stored, pg_current_xact_id()::text as xid,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as at_ms
from logged`;
}

/** Builds the statement for every kind of lines, each with the same further parts. */
export function statementsWith(parts: string): Readonly<Record<LinesWith, string>> {
  const built = LINES_WITH.map((lines) => [lines, storeLinesAnd(parts, lines)] as const);
  return Object.fromEntries(built) as Record<LinesWith, string>;
}

/**
 * Stores lines. `$1`: lines as one text. Idempotent: a request whose row exists changes nothing, so its entries count once
 * however often they are replayed. Returns how many rows were new. There is one for each kind of lines, so that an installation
 * without tags pays nothing for them.
 */
export const STORE_STATEMENTS = statementsWith('');

/** As STORE_STATEMENTS, for lines with nothing further. */
export const STORE_LINES = STORE_STATEMENTS.plain;
