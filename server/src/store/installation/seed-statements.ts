/**
 * The statements of seed.ts. All values derive from the number of a row through PostgreSQL's hash functions, so none is random
 * and none has to be sent. Every model costs 50 nano-dollars per input token and 400 per output token.
 */

/** SQL functions: `u(n, salt)` is uniformly distributed in [0, 1), and `id(prefix, ms, n)` has the form of our ids. */
export const SEED_FUNCTIONS = `
create or replace function pg_temp.u(n bigint, salt bigint) returns float8 language sql immutable as
  $$ select (hashint8extended(n, salt) & 281474976710655)::float8 / 281474976710656 $$;
create or replace function pg_temp.id(prefix text, ms bigint, n bigint) returns text language sql immutable as
  $$ select prefix || '_' || lpad(to_hex(ms), 12, '0') || '7' || substr(h, 1, 3) || '8' || substr(h, 4, 15) from md5(prefix || n) as h $$;
`;

const MODELS = ['seed-small', 'seed-large', 'seed-fast', 'seed-slow', 'seed-cheap', 'seed-dear'];
const list = (values: readonly string[]) => values.map((value) => `'${value}'`).join(', ');
const MODEL_ARRAY = `(array[${list(MODELS)}])`;
const DEPLOYMENT_ARRAY = `(array[${list(MODELS.map((name) => `dep_${name}`))}])`;

/** Six models of the fake provider, with prices. Their ids are readable, to distinguish them from real ones. */
export const SEED_CATALOGUE = MODELS.map(
  (name) => `
insert into callable_targets (name, kind) values ('${name}', 'model') on conflict do nothing;
insert into models (name) values ('${name}') on conflict do nothing;
insert into deployments (id, model, provider, upstream_model) values ('dep_${name}', '${name}', 'fake', 'fake-small') on conflict do nothing;
insert into prices (id, deployment_id, effective_from, per_million)
  values ('price_${name}', 'dep_${name}', '2020-01-01Z', '{"input": 50000000, "output": 400000000}') on conflict do nothing;`,
)
  .concat(
    `insert into config_versions (scope) values ('catalogue') on conflict (scope) do update set version = config_versions.version + 1;`,
  )
  .join('');

/** The creation time in milliseconds. It grows with the number of the row, so that the first organization is the oldest. */
const CREATED_MS = `$3::bigint - 40 * 86400000::bigint - 10000000 + n`;
const ORGANIZATION = `pg_temp.id('org', 1700000000000 + n, n)`;
const PER_ORGANIZATION = `generate_series($1::bigint, $2::bigint - 1) as n, (select $3::bigint) as parameter`;
const TEAM = (n: string, team: string) => `pg_temp.id('team', 1700000000000 + ${n}, ${n} * 3 + ${team})`;
const SERVICE_ACCOUNT = (n: string, team: string) => `pg_temp.id('svc', 1700000000000 + ${n}, ${n} * 3 + ${team})`;
const MEMBERSHIP = (n: string) => `pg_temp.id('mem', 1700000000000 + ${n}, ${n})`;
const ACCOUNT = `pg_temp.id('acct', 1700000000000 + n, n)`;
const createdAt = `to_timestamp((${CREATED_MS}) / 1000.0)`;

/** Statements for organizations and keys numbered from `$1` up to, not including, `$2`. `$3` is now in milliseconds. */
export const SEED_TENANCY = {
  organizations: [
    `insert into organizations (id, slug, name, access_mode, rate_limits, created_at, updated_at)
     select ${ORGANIZATION}, 'seed-' || n, 'Seed ' || n, 'all', '{"rpm": 6000, "tpm": 6000000, "rpd": 1000000}', ${createdAt}, ${createdAt}
     from ${PER_ORGANIZATION}`,
    `insert into config_versions (scope) select ${ORGANIZATION} from ${PER_ORGANIZATION} on conflict do nothing`,
    `insert into teams (organization_id, id, name, rate_limits, created_at, updated_at)
     select ${ORGANIZATION}, ${TEAM('n', 't')}, (array['Support', 'Research', 'Platform'])[t + 1], '{"rpm": 3000}', ${createdAt}, ${createdAt}
     from ${PER_ORGANIZATION}, generate_series(0, 2) as t`,
    `insert into service_accounts (organization_id, id, team_id, name, is_default)
     select ${ORGANIZATION}, ${SERVICE_ACCOUNT('n', 't')}, ${TEAM('n', 't')}, 'default', true
     from ${PER_ORGANIZATION}, generate_series(0, 2) as t`,
    `insert into accounts (id, name, email) select ${ACCOUNT}, 'Person ' || n, 'person-' || n || '@seed.test' from ${PER_ORGANIZATION}`,
    `insert into memberships (organization_id, id, account_id, role)
     select ${ORGANIZATION}, ${MEMBERSHIP('n')}, ${ACCOUNT}, 'org_owner' from ${PER_ORGANIZATION}`,
    `insert into team_members (organization_id, team_id, membership_id, role)
     select ${ORGANIZATION}, ${TEAM('n', 't')}, ${MEMBERSHIP('n')}, 'team_developer' from ${PER_ORGANIZATION}, generate_series(0, 2) as t`,
    `insert into budgets (organization_id, id, scope, scope_id, amount_nano_usd, period, thresholds, action)
     select ${ORGANIZATION}, pg_temp.id('bud', 1700000000000 + n, n), 'organization', ${ORGANIZATION}, 1000000000000000,
       '{"is": "month", "anchor_day": 1}', '{50,80,100}', 'block' from ${PER_ORGANIZATION}`,
  ],
  /** The organization, team and owner of every key, by its number. Requests are made from this table. */
  keyTable: `create temporary table seed_keys (n bigint primary key, organization_id text, key_id text, team_id text, member_id text,
    service_account_id text, created_at timestamptz)`,
  keyRows: `insert into seed_keys select k, pg_temp.id('org', 1700000000000 + n, n), pg_temp.id('key', 1710000000000 + k, k), ${TEAM('n', 'k % 3')},
      case when k % 4 = 0 then ${MEMBERSHIP('n')} end, case when k % 4 <> 0 then ${SERVICE_ACCOUNT('n', 'k % 3')} end,
      to_timestamp(($3::bigint - 35 * 86400000::bigint - 10000000 + k) / 1000.0)
    from (select k, floor($4::bigint * power(pg_temp.u(k, 1), 2.5))::bigint as n
      from generate_series($1::bigint, $2::bigint - 1) as k) as placed`,
  keys: [
    `insert into keys (organization_id, id, team_id, name, owner_membership_id, owner_service_account_id, prefix, last_four, rate_limits,
       created_by, created_at, updated_at)
     select organization_id, key_id, team_id, 'key-' || n, member_id, service_account_id, 'sk-hg-seed', '', '{"rpm": 600, "tpm": 600000}',
       'seed', created_at, created_at from seed_keys where n >= $1 and n < $2`,
    `insert into budgets (organization_id, id, scope, scope_id, amount_nano_usd, period, thresholds, action)
     select organization_id, pg_temp.id('bud', 1710000000000 + n, n + 1000000000), 'key', key_id, 100000000000,
       '{"is": "month", "anchor_day": 1}', '{50,80,100}', 'block' from seed_keys where n >= $1 and n < $2 and n % 10 = 0`,
  ],
  secrets: `with given as (
      select n, decode(hash, 'hex') as hash, last_four from unnest($1::bigint[], $2::text[], $3::text[]) as g(n, hash, last_four)
    ), named as (
      update keys set last_four = given.last_four from given join seed_keys using (n)
      where keys.organization_id = seed_keys.organization_id and keys.id = seed_keys.key_id
    )
    insert into key_secrets (hash, organization_id, key_id) select hash, organization_id, key_id from given join seed_keys using (n)`,
};

/**
 * Returns SQL that puts the requests from number `from` up to `to` in a temporary table. A few keys have most requests, some have
 * none.
 */
export function SEED_BATCH(
  from: number,
  to: number,
  all: { readonly requests: number; readonly keys: number; readonly untilMs: number; readonly spanMs: number },
): string {
  const at = `${all.untilMs - all.spanMs}::bigint + floor(r * ${all.spanMs / all.requests}::float8)::bigint`;
  return `create temporary table seed_batch as
    select r, organization_id, team_id, key_id, member_id, service_account_id, pg_temp.id('req', ms, r) as request_id,
      to_timestamp(0) + ms * interval '1 millisecond' as admitted_at,
      ${MODEL_ARRAY}[model] as called_name, ${DEPLOYMENT_ARRAY}[model] as deployment_id, status,
      case when is_used then 50 + floor(1500 * pg_temp.u(r, 5))::bigint else 0 end as input_tokens,
      case when is_used then 10 + floor(600 * pg_temp.u(r, 6))::bigint else 0 end as output_tokens
    from (
      select r, ms, model, status, k, status in ('succeeded', 'cancelled', 'estimated') as is_used from (
        select r, ${at} as ms, 1 + floor(${MODELS.length} * power(pg_temp.u(r, 2), 2))::int as model,
          floor(${all.keys}::float8 * power(pg_temp.u(r, 3), 2))::bigint as k,
          (array['refused', 'refused', 'refused', 'failed', 'failed', 'cancelled', 'estimated'])[1 + floor(100 * pg_temp.u(r, 4))::int] as odd
        from generate_series(${from}::bigint, ${to}::bigint - 1) as r
      ) as drawn, lateral (select coalesce(odd, 'succeeded') as status) as s
    ) as drawn join seed_keys on seed_keys.n = drawn.k`;
}

const SHORT = 'organization_id, team_id, key_id, member_id, service_account_id';
const SHORTENED = `short_id('org', organization_id), short_id('team', team_id), short_id('key', key_id), short_id('mem', member_id),
     short_id('svc', service_account_id)`;
const SPEND = 'input_tokens * 50 + output_tokens * 400';

/** Statements that copy the batch into the log, the ledger and the rollups, as the ledger writer would. */
export const SEED_REQUESTS = [
  `insert into request_records (${SHORT}, called_name, admitted_at, request_id, status, http_status, code, param, endpoint, stream, deployment_id,
     attempts, finish_reason, gateway_us, provider_ms, first_token_ms, input_tokens, output_tokens, total_tokens, nano_usd, decision)
   select ${SHORTENED}, called_name, admitted_at, short_id('req', request_id), status,
     case status when 'refused' then 429 when 'failed' then 502 else 200 end,
     case status when 'refused' then 'rate_limit_exceeded' when 'failed' then 'provider_error' end,
     case status when 'refused' then 'key_rpm' end, 'chat_completions', r % 3 = 0,
     case when status <> 'refused' then short_id('dep', deployment_id) end, case status when 'refused' then 0 else 1 end,
     case status when 'succeeded' then 'stop' end, 200 + (r % 300)::int, 300 + (r % 3000)::int, case when r % 3 = 0 then 100 + (r % 400)::int end,
     nullif(input_tokens, 0), nullif(output_tokens, 0), input_tokens + output_tokens, case when input_tokens > 0 then ${SPEND} end, '|o* t= k=|'
   from seed_batch`,
  `insert into ledger_records (${SHORT}, called_name, admitted_at, request_id, attempt, kind, deployment_id, provider, upstream_model, price_id,
     input_tokens, output_tokens, total_tokens, nano_usd)
   select ${SHORTENED}, called_name, admitted_at, short_id('req', request_id), 1, case status when 'estimated' then 'estimated' else 'usage' end,
     short_id('dep', deployment_id), 'fake', 'fake-small', short_id('price', 'price_' || called_name), input_tokens, output_tokens,
     input_tokens + output_tokens, ${SPEND}
   from seed_batch where input_tokens > 0`,
  `insert into rollups (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider,
     requests, estimated_requests, refused_requests, admitted, input_tokens, output_tokens, total_tokens, spend_nano_usd)
   select organization_id, date_bin('15 minutes', admitted_at, timestamptz '2000-01-01 00:00:00+00'), team_id, key_id,
     coalesce(member_id, ''), coalesce(service_account_id, ''), called_name,
     case when status = 'refused' then '' else deployment_id end, case when status = 'refused' then '' else 'fake' end,
     count(*) filter (where status in ('succeeded', 'failed', 'cancelled')), count(*) filter (where status = 'estimated'),
     count(*) filter (where status = 'refused'), count(*) filter (where status <> 'refused'),
     sum(input_tokens), sum(output_tokens), sum(input_tokens + output_tokens), sum(${SPEND})
   from seed_batch group by 1, 2, 3, 4, 5, 6, 7, 8, 9
   on conflict (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider)
   do update set requests = rollups.requests + excluded.requests, estimated_requests = rollups.estimated_requests + excluded.estimated_requests,
     refused_requests = rollups.refused_requests + excluded.refused_requests, admitted = rollups.admitted + excluded.admitted,
     input_tokens = rollups.input_tokens + excluded.input_tokens, output_tokens = rollups.output_tokens + excluded.output_tokens,
     total_tokens = rollups.total_tokens + excluded.total_tokens, spend_nano_usd = rollups.spend_nano_usd + excluded.spend_nano_usd`,
];
