/** The parts of the ledger's statement that store the attempts of requests, and add those that the rollups do not count. */
import { CALLER_CODES, ERROR_RESULTS } from '../domain/usage/attempt.ts';
import { ATTEMPT_FIELDS, type AttemptField } from '../domain/usage/settled-rows.ts';
import { bucketStart } from '../store/usage/rollup-columns.ts';

const attempt = (field: AttemptField) => `x[${ATTEMPT_FIELDS.indexOf(field) + 1}]`;
const oneOf = (values: readonly string[]) => `in (${values.map((value) => `'${value}'`).join(', ')})`;

const KEY = 'organization_id, bucket_start, team_id, member_id, deployment_id, provider';
const WHOSE = `organization_id, ${bucketStart} as bucket_start, team_id, coalesce(member_id, '') as member_id`;

// Equivalent to `is not null`, but lets the planner expect few rows, as for tags.
const IS_LISTED = 'sign(length(tried) + 1) = 1';

/**
 * Further parts of the `with`. A request counts in the rollups as one attempt at its deployment. So that deployment gets one
 * attempt less than the list has for it.
 */
export const ATTEMPT_ROLLUPS = `,
tries as materialized (
  select ${WHOSE}, ${attempt('deployment_id')} as deployment_id, coalesce(${attempt('provider')}, '') as provider, request_id,
    (${attempt('result')} ${oneOf(ERROR_RESULTS)})::integer as error,
    (${attempt('result')} = 'error' and ${attempt('code')} ${oneOf(CALLER_CODES)})::integer as caller_error,
    admitted_at + (${attempt('started_ms')}::bigint + ${attempt('took_ms')}::bigint) * interval '1 millisecond' as ended_at
  from (select * from ends join logged using (short_request_id) where ${IS_LISTED}) as one,
    lateral unnest(string_to_array(nullif(tried, ''), E'\\x1e')) as e(text),
    lateral string_to_array(e.text, E'\\x1f', '') as a(x)
),
attempt_moves as (
  select ${KEY}, request_id, 1 as attempts, error, caller_error, ended_at from tries
  union all
  select ${WHOSE}, deployment_id, provider, request_id, -1, 0, 0, null
  from ends join logged using (short_request_id) where ${IS_LISTED} and deployment_id <> ''
),
attempts_moved as (
  insert into attempt_rollups (${KEY}, attempts, errors, caller_errors, last_error_at, last_error_request_id, first_fault_at,
    last_fault_at)
  select ${KEY}, sum(attempts), sum(error), coalesce(sum(caller_error), 0),
    max(ended_at) filter (where error = 1),
    (array_agg(request_id order by ended_at desc) filter (where error = 1))[1],
    min(ended_at) filter (where error = 1 and caller_error is distinct from 1),
    max(ended_at) filter (where error = 1 and caller_error is distinct from 1)
  from attempt_moves group by ${KEY} having sum(attempts) <> 0 or sum(error) <> 0 order by ${KEY}
  on conflict (${KEY}) do update set
    attempts = attempt_rollups.attempts + excluded.attempts,
    errors = attempt_rollups.errors + excluded.errors,
    caller_errors = attempt_rollups.caller_errors + excluded.caller_errors,
    last_error_at = greatest(attempt_rollups.last_error_at, excluded.last_error_at),
    last_error_request_id = case when excluded.last_error_at >= coalesce(attempt_rollups.last_error_at, '-infinity')
      then excluded.last_error_request_id else attempt_rollups.last_error_request_id end,
    first_fault_at = least(attempt_rollups.first_fault_at, excluded.first_fault_at),
    last_fault_at = greatest(attempt_rollups.last_fault_at, excluded.last_fault_at)
)`;
