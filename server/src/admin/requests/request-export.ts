import { z } from 'zod';
import { ownAmong } from '../../store/catalogue/owners.ts';
import type { RequestFilter } from '../../store/usage/request-log.ts';
import * as log from '../../store/usage/request-log.ts';
import type { Cell } from '../exports/csv.ts';
import { exportPages } from '../exports/paged-export.ts';
import { csvFile, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { route } from '../http/route.ts';
import { askedOrganization } from '../usage/usage-scope.ts';
import { renderRequest } from './request-view.ts';
import { filterOf, requestFilters } from './requests.ts';

/** Exports the requests of a list as a spreadsheet. Never contains their content. */

const PAGE = 200;

export const csv = route({
  summary: 'Export requests as CSV, newest first',
  description: 'Takes the filters of the list. At most 100,000 rows; if there are more, the last line says so.',
  permission: 'usage.read',
  query: z.strictObject({ ...requestFilters, format: z.literal('csv').optional() }),
  response: textOut,
  form: 'text',
  load: askedOrganization,
  handle: async (call, organization) => {
    const filter = filterOf(call, organization);
    return csvFile(
      'headgate-requests.csv',
      exportPages(HEAD, (cursor) => pageOf(call, filter, cursor)),
    );
  },
});

const HEAD = [
  'id',
  'time',
  'organization_id',
  'team_id',
  'key_id',
  'member_id',
  'service_account_id',
  'model',
  'endpoint',
].concat(
  ['stream', 'deployment_id', 'attempts', 'status', 'http_status', 'code', 'param', 'finish_reason', 'input_tokens'],
  ['cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'reasoning_tokens', 'total_tokens', 'spend_usd'],
  ['gateway_us', 'provider_ms', 'first_token_ms', 'count', 'client_request_id', 'partly_priced', 'other_usage'],
  ['byok'],
  ['tags', 'end_user', 'session', 'client'],
);

async function pageOf(call: AdminCall, filter: RequestFilter, cursor: string | undefined) {
  const page = await log.listRequests(call.deps.db, filter, { limit: PAGE, cursor });
  const own = await ownAmong(
    call.deps.db,
    page.rows.map((row) => row.deploymentId),
  );
  return { lines: page.rows.map((row) => cellsOf(renderRequest(row, own))), nextCursor: page.nextCursor };
}

function cellsOf(row: ReturnType<typeof renderRequest>): readonly Cell[] {
  const { latency, spend } = row;
  const who = [row.id, row.time, row.organization_id, row.team_id, row.key_id, row.member_id, row.service_account_id];
  const what = [row.model, row.endpoint, row.stream, row.deployment_id, row.attempts, row.status, row.http_status];
  const why = [row.code, row.param, row.finish_reason];
  const tokens = [row.input_tokens, row.cached_input_tokens, row.cache_write_tokens, row.output_tokens, row.reasoning_tokens];
  const end = [latency.gateway_us, latency.provider_ms, latency.first_token_ms, row.count, row.client_request_id];
  const others = Object.entries({ ...row.other_tokens, ...row.units }).map(([name, amount]) => `${name}=${amount}`);
  return [
    ...who,
    ...what,
    ...why,
    ...tokens,
    row.total_tokens,
    spend === null ? null : { decimal: spend },
    ...end,
    row.partly_priced,
    others.join(' '),
    row.byok,
    ...[row.tags.join(' '), row.end_user, row.session, row.client],
  ];
}
