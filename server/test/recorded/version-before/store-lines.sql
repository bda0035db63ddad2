with lines as materialized (
  select n, string_to_array(line, E'\t', '') as f from string_to_table($1::text, E'\n') with ordinality as t(line, n)
),
firsts as (
  select min(n) as n from lines where f[1] <> 'S' group by f[2]
),
ends as materialized (
  select n,
    f[4] as organization_id,
    to_timestamp(0) + f[3]::bigint * interval '1 millisecond' as admitted_at,
    f[2] as request_id,
    f[10] as client_request_id,
    f[5] as team_id, f[6] as key_id, f[7] as member_id, f[8] as service_account_id,
    coalesce(f[9], '') as called_name,
    f[11] as status,
    f[12]::integer as http_status,
    f[13] as code,
    f[14] as param,
    coalesce(f[15], '') as endpoint,
    f[16]::boolean as stream,
    f[17] as deployment_id,
    coalesce(f[18], '') as provider,
    f[19]::integer as attempts,
    f[20] as finish_reason,
    f[21]::integer as gateway_us,
    f[22]::integer as provider_ms,
    f[23]::integer as first_token_ms,
    coalesce(f[24], '') as decision,
    f[25]::integer as count,
    coalesce(string_to_array(f[26], ','), '{}') as repeat_ids,
    f[27]::jsonb as other_usage,
    f[28] as entries,
    f[29] as content
  from lines join firsts using (n)
),
entries as materialized (
  select n, organization_id, admitted_at, request_id, team_id, key_id, member_id, service_account_id, called_name,
    x[1]::integer as attempt,
    x[2] as kind, x[3] as deployment_id, x[4] as provider, x[5] as upstream_model, x[6] as price_id,
    x[7]::bigint as input_tokens, x[8]::bigint as cached_input_tokens, x[9]::bigint as cache_write_tokens, x[10]::bigint as output_tokens, x[11]::bigint as reasoning_tokens, x[12]::bigint as total_tokens,
    x[13]::jsonb as other_usage,
    x[14]::bigint as nano_usd,
    x[15] as service_tier,
    x[16] as unpriced_units
  from ends,
    lateral unnest(string_to_array(entries, E'\x1e')) as e(text),
    lateral string_to_array(e.text, E'\x1f', '') as a(x)
),
sums as (
  select n, sum(input_tokens)::bigint as input_tokens, sum(cached_input_tokens)::bigint as cached_input_tokens, sum(cache_write_tokens)::bigint as cache_write_tokens, sum(output_tokens)::bigint as output_tokens, sum(reasoning_tokens)::bigint as reasoning_tokens, sum(total_tokens)::bigint as total_tokens,
    case when count(nano_usd) = count(*) then sum(nano_usd)::bigint end as nano_usd,
    (count(nano_usd) < count(*))::integer as unpriced,
    count(unpriced_units) > 0 as partly_priced
  from entries group by n
),
logged as (
  insert into request_log (organization_id, admitted_at, request_id, client_request_id, team_id, key_id, member_id, service_account_id, called_name, status, http_status, code, param, endpoint, stream,
    deployment_id, attempts, finish_reason, gateway_us, provider_ms, first_token_ms, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, other_usage, nano_usd,
    partly_priced, decision, count, repeat_ids)
  select organization_id, admitted_at, request_id, client_request_id, team_id, key_id, member_id, service_account_id, called_name, status, http_status, code, param, endpoint, stream,
    deployment_id, attempts, finish_reason, gateway_us, provider_ms, first_token_ms,
    coalesce(input_tokens, 0), coalesce(cached_input_tokens, 0), coalesce(cache_write_tokens, 0), coalesce(output_tokens, 0), coalesce(reasoning_tokens, 0), coalesce(total_tokens, 0), other_usage, nano_usd,
    coalesce(partly_priced, false), decision, count, repeat_ids
  from ends left join sums using (n)
  on conflict do nothing
  returning request_id
),
owed as (
  insert into ledger (organization_id, admitted_at, request_id, attempt, kind, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, upstream_model, price_id,
    input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, other_usage, nano_usd, service_tier, unpriced_units)
  select organization_id, admitted_at, request_id, attempt, kind, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, upstream_model, price_id,
    input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, other_usage, nano_usd, service_tier, unpriced_units
  from entries join logged using (request_id)
  on conflict do nothing
  returning organization_id, admitted_at, request_id, kind, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, other_usage, nano_usd, unpriced_units
),
kept as (
  insert into request_content (organization_id, admitted_at, request_id, sealed)
  select organization_id, admitted_at, request_id, decode(content, 'base64') from ends join logged using (request_id) where content is not null
  on conflict do nothing
),
explained as (
  insert into decision_shapes (organization_id, shape_id, rules)
  select f[3], f[2], f[4]::jsonb from lines where f[1] = 'S'
  on conflict do nothing
),
moves (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, requests, estimated_requests, refused_requests, admitted, unpriced_requests, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, spend_nano_usd) as (
  select organization_id, date_bin('15 minutes', admitted_at, timestamptz '2000-01-01 00:00:00+00'), team_id, key_id, coalesce(member_id, ''), coalesce(service_account_id, ''), called_name, coalesce(deployment_id, ''), provider,
    case when status in ('succeeded', 'failed', 'cancelled') then count else 0 end,
    case when status = 'estimated' then count else 0 end,
    case when status = 'refused' then count else 0 end,
    case when status = 'refused' then 0 else count end,
    coalesce(unpriced, 0), 0, 0, 0, 0, 0, 0, 0
  from ends join logged using (request_id) left join sums using (n)
  union all
  select organization_id, date_bin('15 minutes', admitted_at, timestamptz '2000-01-01 00:00:00+00'), team_id, key_id, coalesce(member_id, ''), coalesce(service_account_id, ''), called_name, deployment_id, provider, 0, 0, 0, 0, 0, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, coalesce(nano_usd, 0)
  from owed
),
moved as (
  insert into rollups (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, requests, estimated_requests, refused_requests, admitted, unpriced_requests, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, total_tokens, spend_nano_usd)
  select organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, sum(requests), sum(estimated_requests), sum(refused_requests), sum(admitted), sum(unpriced_requests), sum(input_tokens), sum(cached_input_tokens), sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), sum(total_tokens), sum(spend_nano_usd) from moves
  group by organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider order by organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider
  on conflict (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider) do update set requests = rollups.requests + excluded.requests, estimated_requests = rollups.estimated_requests + excluded.estimated_requests, refused_requests = rollups.refused_requests + excluded.refused_requests, admitted = rollups.admitted + excluded.admitted, unpriced_requests = rollups.unpriced_requests + excluded.unpriced_requests, input_tokens = rollups.input_tokens + excluded.input_tokens, cached_input_tokens = rollups.cached_input_tokens + excluded.cached_input_tokens, cache_write_tokens = rollups.cache_write_tokens + excluded.cache_write_tokens, output_tokens = rollups.output_tokens + excluded.output_tokens, reasoning_tokens = rollups.reasoning_tokens + excluded.reasoning_tokens, total_tokens = rollups.total_tokens + excluded.total_tokens, spend_nano_usd = rollups.spend_nano_usd + excluded.spend_nano_usd
),
units_moved as (
  insert into unit_rollups (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, unit, uses, quantity, unpriced_quantity)
  select organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, unit, sum(uses), sum(quantity), sum(unpriced_quantity) from (
  select organization_id, date_bin('15 minutes', admitted_at, timestamptz '2000-01-01 00:00:00+00'), team_id, key_id, coalesce(member_id, ''), coalesce(service_account_id, ''), called_name, deployment_id, provider, unit, (kind <> 'adjustment')::integer, amount, unpriced
  from (select * from owed where (jsonb_typeof(other_usage) = 'object' or sign(length(unpriced_units)) = 1)) as one, lateral (
    select unit, amount::bigint, case when nano_usd is null or unit = any(string_to_array(unpriced_units, ',')) then amount::bigint else 0 end
    from jsonb_each_text(case when jsonb_typeof(other_usage) = 'object' then other_usage end) as counted (unit, amount)
    union all
    select unit, amount, amount from (
      select distinct case when name in ('service_tier:fast', 'service_tier:batch', 'service_tier:flex', 'service_tier:priority', 'service_tier:scale') then name when name like 'cache\_write:%' then 'other' else split_part(name, ':', 1) end as unit, case name when 'cache_write' then cache_write_tokens else (kind <> 'adjustment')::integer end as amount
      from unnest(string_to_array(unpriced_units, ',')) as named (name)
      where not coalesce(jsonb_exists(other_usage, name), false)
    ) as uncounted
  ) as used (unit, amount, unpriced)) as used (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, unit, uses, quantity, unpriced_quantity)
  group by organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, unit order by organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, unit
  on conflict (organization_id, bucket_start, team_id, key_id, member_id, service_account_id, called_name, deployment_id, provider, unit) do update set uses = unit_rollups.uses + excluded.uses, quantity = unit_rollups.quantity + excluded.quantity, unpriced_quantity = unit_rollups.unpriced_quantity + excluded.unpriced_quantity
)
select count(*)::integer as stored, pg_current_xact_id()::text as xid,
  (extract(epoch from clock_timestamp()) * 1000)::float8 as at_ms
from logged
