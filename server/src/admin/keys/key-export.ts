import { z } from 'zod';
import { RATE_LIMITS } from '../../domain/limits/rate-limit.ts';
import * as keys from '../../store/tenancy/keys.ts';
import { exportPages } from '../exports/paged-export.ts';
import { csvFile, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { id } from '../http/fields.ts';
import { listQuery } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { viewKeys } from './key-view.ts';
import { filterOf, keyFilters } from './keys.ts';

/** Exports the keys of a list as a spreadsheet. Never contains a secret, only its first and last characters. */

const PAGE = 200;

export const csv = route({
  summary: 'Export keys as CSV, newest first',
  description: 'Takes the filters of the list. At most 100,000 rows; if there are more, the last line says so.',
  permission: 'teams.read',
  query: z.strictObject({ search: listQuery.search, ...keyFilters, organization_id: id.optional() }),
  response: textOut,
  form: 'text',
  load: load.anywhere,
  handle: async (call) => {
    const filter = await filterOf(call, { organizationId: call.query.organization_id });
    return csvFile(
      'headgate-keys.csv',
      exportPages(HEAD, (cursor) => pageOf(call, filter, cursor)),
    );
  },
});

const HEAD = ['id', 'name', 'status', 'organization_id', 'organization_name', 'team_id', 'team_name', 'owner'].concat(
  [
    'owner_account_id',
    'owner_service_account_id',
    'prefix',
    'last_four',
    'expires_at',
    'created_at',
    'last_used_at',
    'revoked_at',
  ],
  RATE_LIMITS,
  ['budgets_usd'],
);

async function pageOf(call: AdminCall, filter: keys.KeyFilter, cursor: string | undefined) {
  const page = await keys.list(call.deps.db, filter, { sort: '-created_at', limit: PAGE, cursor });
  const views = await viewKeys(call, page.rows);
  return { lines: views.map(cellsOf), nextCursor: page.nextCursor };
}

function cellsOf(view: Awaited<ReturnType<typeof viewKeys>>[number]) {
  const where = [view.organization_id, view.organization_name, view.team_id, view.team_name];
  const whose = [view.owner.name, view.owner.account_id, view.owner.service_account_id, view.prefix, view.last_four];
  const when = [view.expires_at, view.created_at, view.last_used_at, view.revoked_at];
  const limits = RATE_LIMITS.map((limit) => view.rate_limits[limit] ?? null);
  const budgets = view.budgets.map((budget) => `${budget.amount} per ${budget.period}`).join(' and ');
  return [view.id, view.name, view.status, ...where, ...whose, ...when, ...limits, budgets === '' ? null : budgets];
}
