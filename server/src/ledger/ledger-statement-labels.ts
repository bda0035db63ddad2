/**
 * The parts of the ledger's statement that add up usage by labels: by tags, and by what requests say about their origin. A request
 * counts once in each of its labels. Callers invent names, so each kind of them is bounded here, in one place for all replicas.
 */
import { NAMES_MAX, OTHER_NAME } from '../domain/usage/attribution.ts';
import { TAG_SEPARATOR } from '../domain/usage/settled-rows.ts';
import {
  ATTRIBUTION_ROLLUP_KEY,
  COUNTS,
  DIMENSIONS,
  LABEL_SUMS,
  ROLLUP_KEY,
  ROLLUP_SUMS,
  rollupDimensions,
  TAG_ROLLUP_KEY,
  TOKENS,
  UNIT_ROLLUP_SUMS,
} from '../store/usage/rollup-columns.ts';
import { HAS_UNITS, UNITS_OF_ROW, USES } from '../store/usage/units-of-row.ts';
import { addTo, END, list } from './statement-parts.ts';

/** The additional parts of a statement whose lines have labels. */
export interface MoreParts {
  /** Columns of `ends`, with a leading comma. */
  readonly ofEnds: string;
  /** Columns of the log, with a leading comma. */
  readonly ofLog: string;
  /** Further parts of the `with`, with a leading comma. */
  readonly rollups: string;
}

const NEW_ENDS = 'ends join logged using (short_request_id)';

const BYTEWISE = (column: string) => `${column} collate "C"`;
const zeros = (names: readonly string[]) => list(names, () => '0');

/** The labels of new requests: a part `<labels>` with `request_id` and these columns. */
interface Labels {
  readonly labels: string;
  readonly columns: readonly string[];
  readonly table: string;
  readonly key: readonly string[];
  /** The column whose values differ most between the rows of a batch. */
  readonly name: string;
}

/**
 * Returns the order in which rows are added, by the columns that differ, first of them the times. The columns of a key's order are the
 * same in nearly all rows of a batch, and comparing them took longer than storing the rows.
 */
const orderOf = ({ key, name }: Pick<Labels, 'key' | 'name'>) => {
  const first = ['bucket_start', name];
  return ['bucket_start', BYTEWISE(name), ...key.filter((column) => !first.includes(column))];
};

const LABELLED_DIMENSIONS = [...DIMENSIONS, 'organization_id', 'bucket_start'] as const;

/**
 * The sums of each new request and deployment, for all labels of a request together: each label would otherwise work them out again,
 * from two rows for each.
 */
const REQUEST_SUMS = `,
request_sums as materialized (
  select n, deployment_id, provider, ${list(ROLLUP_SUMS, (name) => `sum(${name})::bigint as ${name}`)} from (
    select n, coalesce(deployment_id, '') as deployment_id, provider,
      case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end as requests,
      case when status = 'estimated' then count else 0 end as estimated_requests,
      case when status = 'refused' then count else 0 end as refused_requests,
      case when status = 'refused' then 0 else count end as admitted,
      coalesce(unpriced, 0) as unpriced_requests, ${list(TOKENS, (name) => `0 as ${name}`)}, 0 as spend_nano_usd
    from ${NEW_ENDS} left join sums using (n)
    union all
    select n, deployment_id, provider, ${list(COUNTS, () => '0')}, ${list(TOKENS)}, coalesce(nano_usd, 0) from owed
  ) as one group by n, deployment_id, provider
),
request_moves as materialized (
  select n, ${list(LABELLED_DIMENSIONS)}, r.deployment_id, r.provider, ${list(ROLLUP_SUMS)}
  from request_sums as r join (select n, ${rollupDimensions} from ends) as e (n, organization_id, bucket_start, ${list(DIMENSIONS)}) using (n)
)`;

/** Returns the parts that add the usage of labelled requests to a table: rows without a unit, and rows for each unit. */
const movesOf = ({ labels, columns, table, key, name }: Labels) => `,
${labels}_moves (${list(key)}, ${list(LABEL_SUMS)}) as (
  select ${list(ROLLUP_KEY)}, ${list(columns)}, '', ${list(ROLLUP_SUMS)}, ${zeros(UNIT_ROLLUP_SUMS)}
  from request_moves join ${labels} using (n)
  union all
  select ${rollupDimensions}, deployment_id, provider, ${list(columns)}, unit, ${zeros(ROLLUP_SUMS)}, ${USES}, amount, unpriced
  from (select * from owed join ${labels} using (n) where ${HAS_UNITS}) as one, ${UNITS_OF_ROW}
),
${labels}_moved as (
  ${addTo(table, key, LABEL_SUMS, `${labels}_moves`, orderOf({ key, name }))}
)`;

const byKind = (of: (kind: keyof typeof NAMES_MAX) => string) =>
  `case kind ${Object.keys(NAMES_MAX)
    .map((kind) => `when '${kind}' then ${of(kind as keyof typeof NAMES_MAX)}`)
    .join(' ')} end`;
const MOST = byKind((kind) => String(NAMES_MAX[kind].names));
const PERIOD = byKind((kind) => `date_trunc('${NAMES_MAX[kind].per}', admitted_at, 'UTC')`);

const NAME_KEY = 'organization_id, kind, period';

/**
 * Returns the parts that bound names. `named`: the part with `n`, `organization_id`, `admitted_at`, `kind` and `name` of new requests.
 * Makes `<named>_bounded` with `n`, `kind` and the name to count under, which is OTHER_NAME if there was no room. `also`: further
 * columns to keep, with a leading comma. `alsoKnown`: a further condition under which a name is told apart. The row of a kind's
 * count is locked while it grows, so that replicas never admit more together; two that see the same new name at once may count it twice,
 * and then admit one less.
 */
const bounded = (named: string, also = '', alsoKnown = '') => `,
${named}_seen as materialized (
  select ${NAME_KEY}, name, exists (select from usage_names as u where u.organization_id = s.organization_id
      and u.kind = s.kind and u.period = s.period and u.name = s.name)${alsoKnown} as is_known
  from (select distinct organization_id, kind, ${PERIOD} as period, name from ${named}) as s
),
${named}_wanted as materialized (
  select ${NAME_KEY}, name, row_number() over (partition by ${NAME_KEY} order by ${BYTEWISE('name')}) as place
  from ${named}_seen left join usage_name_counts as c using (${NAME_KEY}) where not is_known and coalesce(c.names, 0) < ${MOST}
),
${named}_room as (
  insert into usage_name_counts (${NAME_KEY}, names)
  select ${NAME_KEY}, least(count(*), ${MOST}) from ${named}_wanted group by ${NAME_KEY} order by ${NAME_KEY}
  on conflict (${NAME_KEY}) do update set names_before = usage_name_counts.names,
    names = least(usage_name_counts.names + excluded.names, ${MOST.replace('case kind', 'case excluded.kind')})
  returning ${NAME_KEY}, names, names_before
),
${named}_granted as materialized (
  select ${NAME_KEY}, name from ${named}_wanted join ${named}_room using (${NAME_KEY}) where place <= names - names_before
),
${named}_added as (
  insert into usage_names (${NAME_KEY}, name) select ${NAME_KEY}, name from ${named}_granted order by ${NAME_KEY}, ${BYTEWISE('name')}
  on conflict do nothing
),
${named}_names as materialized (
  select ${NAME_KEY}, name from ${named}_seen where is_known union all select ${NAME_KEY}, name from ${named}_granted
),
${named}_bounded as materialized (
  select n, kind, coalesce(k.name, '${OTHER_NAME}') as name${also}
  from (select n, organization_id, kind, ${PERIOD} as period, name${also} from ${named}) as a
    left join ${named}_names as k using (${NAME_KEY}, name)
)`;

// Equivalent to `is not null`, but lets the planner expect few rows: for many it would compile the statement, which takes
// seconds.
const HAS_TAGS = 'sign(cardinality(tags)) = 1';
const isGiven = (column: string) => `sign(length(${column})) = 1`;

/** The parts that statements with any labels share. */
export const LABELLED: MoreParts = { ofEnds: '', ofLog: '', rollups: REQUEST_SUMS };

/** The condition that a limit names or named the tag: its counter reads the usage under it after a restart. */
const LIMITED = ' or exists (select from limited_tags as l where l.organization_id = s.organization_id and l.tag = s.name)';

/** Tags. A request counts under each of its tags, and once under none, so that usage without tags is the rest. */
export const TAGS: MoreParts = {
  ofEnds: `,
    string_to_array(nullif(substr(${END('tags')}, 2), ''), '${TAG_SEPARATOR}') as tags, ${END('tag_route')} as tag_route`,
  ofLog: ', tags, tag_route',
  rollups: `,
tagged as materialized (
  select n, organization_id, admitted_at, 'tag' as kind, name from ${NEW_ENDS}, lateral unnest(tags) as t(name) where ${HAS_TAGS}
)${bounded('tagged', '', LIMITED)},
tag_labels as materialized (
  select distinct n, name as label_tag from tagged_bounded union all select n, '' from ${NEW_ENDS} where ${HAS_TAGS}
)${movesOf({ labels: 'tag_labels', columns: ['label_tag'], table: 'tag_rollups', key: TAG_ROLLUP_KEY, name: 'tag' })}`,
};

const part = (place: 1 | 2 | 3) => `nullif(split_part(substr(${END('attribution')}, 2), E'\\x1f', ${place}), '')`;

/**
 * The origin of requests. A request counts once for its end user, once for its session and once for its client, each with its client, so
 * that usage without one of them is the rest.
 */
export const ORIGINS: MoreParts = {
  ofEnds: `, ${part(1)} as end_user, ${part(2)} as session, ${part(3)} as client`,
  ofLog: ', end_user, session, client',
  rollups: `,
named as materialized (
  select n, organization_id, admitted_at, kind, name, client from ${NEW_ENDS},
    lateral (values ('end_user', end_user), ('session', session)) as v(kind, name) where ${isGiven('name')}
)${bounded('named', ', client')},
origins as materialized (
  select n, kind as origin_kind, name as origin_name, coalesce(client, '') as origin_client from named_bounded
  union all
  select n, 'client', '', client from ${NEW_ENDS} where ${isGiven('client')}
)${movesOf({ labels: 'origins', columns: ['origin_kind', 'origin_name', 'origin_client'], table: 'attribution_rollups', key: ATTRIBUTION_ROLLUP_KEY, name: 'name' })}`,
};
