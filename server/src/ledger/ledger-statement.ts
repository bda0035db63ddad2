/**
 * One statement that stores a batch of journal lines: rows, ledger entries, content and shapes. It adds the new rows to the
 * rollups. The lines are its only parameter and are split here, so that our process sends the same bytes that it wrote to the
 * journal.
 */
import {
  END_FIELDS,
  ENTRY_FIELDS,
  type EndField,
  type EntryField,
  LINE_TAGS,
  SHAPE_FIELDS,
  type ShapeField,
  TAG_SEPARATOR,
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
  TAG_ROLLUP_KEY,
  TAG_ROLLUP_SUMS,
  TOKENS,
  UNIT_ROLLUP_COLUMNS,
  UNIT_ROLLUP_KEY,
  UNIT_ROLLUP_SUMS,
  unitsOf,
} from '../store/usage/rollup-columns.ts';
import { HAS_UNITS, UNITS_OF_ROW, USES } from '../store/usage/units-of-row.ts';
import { ATTEMPT_ROLLUPS } from './ledger-statement-attempts.ts';

/** Returns the SQL of a field of a line, as text; null if it is empty. Arrays count from one. */
const end = (field: EndField) => `f[${END_FIELDS.indexOf(field) + 1}]`;
const shape = (field: ShapeField) => `f[${SHAPE_FIELDS.indexOf(field) + 1}]`;
const entry = (field: EntryField) => `x[${ENTRY_FIELDS.indexOf(field) + 1}]`;
const orEmpty = (text: string) => `coalesce(${text}, '')`;

const ID = 'organization_id, admitted_at, request_id';

const isShape = `f[1] = '${LINE_TAGS.shape}'`;
// Equivalent to `= end tag`, but lets the planner expect that most lines are ends, and use a hash join.
const isEnd = `f[1] <> '${LINE_TAGS.shape}'`;
const list = (names: readonly string[], write: (name: string) => string = (name) => name) => names.map(write).join(', ');

const { deployment_id: _, ...PREFIXES } = ID_PREFIXES;
/** The ids that log and ledger have in common, which the tables store in a short form. */
const IDS = Object.keys(PREFIXES) as readonly (keyof typeof PREFIXES)[];
/** The short ids, which `ends` and `entries` have beside the long ones. */
const SHORT_IDS = IDS.map((name) => `short_${name}`);

/** The additional parts of a statement whose lines have tags, or tags and attempts. */
interface MoreParts {
  /** Columns of `ends`, with a leading comma. */
  readonly ofEnds: string;
  /** Columns of the log, with a leading comma. */
  readonly ofLog: string;
  /** Further parts of the `with`, with a leading comma. */
  readonly rollups: string;
}

const NO_MORE: MoreParts = { ofEnds: '', ofLog: '', rollups: '' };

const zeros = (names: readonly string[]) => list(names, () => '0');

/** Returns an `insert` that groups the rows of `source` by `key`, and adds their sums to the rows that a table has already. */
const addTo = (table: string, key: readonly string[], sums: readonly string[], source: string) =>
  `insert into ${table} (${list(key)}, ${list(sums)})
  select ${list(key)}, ${list(sums, (name) => `sum(${name})`)} from ${source}
  group by ${list(key)} order by ${list(key)}
  on conflict (${list(key)}) do update set ${list(sums, (name) => `${name} = ${table}.${name} + excluded.${name}`)}`;

// Equivalent to `is not null`, but lets the planner expect few rows: for many it would compile the statement, which takes
// seconds.
const HAS_TAGS = 'sign(cardinality(tags)) = 1';

const TAGS: MoreParts = {
  ofEnds: `,
    string_to_array(nullif(substr(${end('tags')}, 2), ''), '${TAG_SEPARATOR}') as tags, ${end('tag_route')} as tag_route`,
  ofLog: ', tags, tag_route',
  rollups: `,
tagged as materialized (
  select request_id, tag from ends, lateral unnest(array_append(tags, '')) as t(tag) where ${HAS_TAGS}
),
tag_moves (${list(TAG_ROLLUP_KEY)}, ${list(TAG_ROLLUP_SUMS)}) as (
  select ${rollupDimensions}, coalesce(deployment_id, ''), provider, tag, '',
    case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end,
    case when status = 'estimated' then count else 0 end,
    case when status = 'refused' then count else 0 end,
    case when status = 'refused' then 0 else count end,
    coalesce(unpriced, 0), ${zeros(TOKENS)}, 0, ${zeros(UNIT_ROLLUP_SUMS)}
  from ends join tagged using (request_id) join logged using (short_request_id) left join sums using (n)
  union all
  select ${rollupDimensions}, deployment_id, provider, tag, '', ${zeros(COUNTS)}, ${list(TOKENS)}, coalesce(nano_usd, 0),
    ${zeros(UNIT_ROLLUP_SUMS)}
  from owed join tagged using (request_id)
  union all
  select ${rollupDimensions}, deployment_id, provider, tag, unit, ${zeros(ROLLUP_SUMS)}, ${USES}, amount, unpriced
  from (select * from owed join tagged using (request_id) where ${HAS_UNITS}) as one, ${UNITS_OF_ROW}
),
tag_moved as (
  ${addTo('tag_rollups', TAG_ROLLUP_KEY, TAG_ROLLUP_SUMS, 'tag_moves')}
)`,
};

/** With attempts. A batch with them is rare, so it has no statement without tags. */
const ATTEMPTS: MoreParts = {
  ofEnds: `${TAGS.ofEnds}, substr(${end('tried')}, 2) as tried`,
  ofLog: `${TAGS.ofLog}, tried`,
  rollups: TAGS.rollups + ATTEMPT_ROLLUPS,
};

/** The kinds of lines that need a statement of their own. `tried`: lines with attempts, with or without tags. */
export type LinesWith = 'plain' | 'tagged' | 'tried';

const MORE: Readonly<Record<LinesWith, MoreParts>> = { plain: NO_MORE, tagged: TAGS, tried: ATTEMPTS };

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

/**
 * Stores lines. `$1`: lines as one text. Idempotent: a request whose row exists changes nothing, so its entries count once
 * however often they are replayed. Returns how many rows were new.
 */
export const STORE_LINES = storeLinesAnd('');

/** As STORE_LINES, for lines with tags. A separate statement, so that an installation without tags pays nothing for them. */
export const STORE_TAGGED_LINES = storeLinesAnd('', 'tagged');

/** As STORE_TAGGED_LINES, for lines of which one lists its attempts. */
export const STORE_TRIED_LINES = storeLinesAnd('', 'tried');

/** Chooses the statement for lines. The marks occur nowhere else in a line. */
export function statementFor(lines: Buffer, statements: Readonly<Record<LinesWith, string>>): string {
  if (lines.includes(TRIED_MARK)) return statements.tried;
  return lines.includes(TAGS_MARK) ? statements.tagged : statements.plain;
}

/**
 * Builds the statement with further parts, which may read `moves`: the amounts that each new row adds to its quarter of the
 * rollups. Its answer is `stored`, how many rows were new; `xid`, the transaction's id; and `at_ms`, the database's time.
 */
export function storeLinesAnd(parts: string, lines: LinesWith = 'plain'): string {
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
