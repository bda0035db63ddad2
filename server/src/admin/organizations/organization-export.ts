import { z } from 'zod';
import * as organizationList from '../../store/tenancy/organization-list.ts';
import { exportPages } from '../exports/paged-export.ts';
import { csvFile, textOut } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { id } from '../http/fields.ts';
import { listQuery } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { commaList, ID_IN_LIST, text } from '../http/schemas.ts';
import { filterOf, statusFilter, unpricedFilter } from './organization-list.ts';
import { type organizationOut, viewOrganizations } from './organization-view.ts';

/** Exports the organizations of a list as a spreadsheet. */

const PAGE = 200;

const IDS_MAX = 200;
const ids = text(65 * IDS_MAX)
  .transform((text) => text.split(','))
  .pipe(z.array(id).max(IDS_MAX))
  .meta(commaList(ID_IN_LIST, IDS_MAX))
  .optional()
  .meta({ description: `Returns only these organizations. Ids separated by commas, at most ${IDS_MAX}.` });

export const csv = route({
  summary: 'Export organizations as CSV, sorted by name',
  description:
    'At most 100,000 rows; if there are more, the last line says so. A cell that begins like a formula gets a leading apostrophe. A value that the caller may not read is an empty cell.',
  permission: 'organization.read',
  query: z.strictObject({ search: listQuery.search, status: statusFilter, unpriced: unpricedFilter, ids }),
  response: textOut,
  form: 'text',
  load: load.everywhere,
  handle: async (call) => {
    const filter = { ...filterOf(call), ids: call.query.ids };
    return csvFile(
      'organizations.csv',
      exportPages(HEAD, (cursor) => pageOf(call, filter, cursor)),
    );
  },
});

const HEAD =
  'id slug name status standing budget_used spend_period_usd spend_30d_usd requests_30d teams members keys granted_targets owners time_zone created_at as_of responses_storage responses_scope cache_scope end_users batches files_scope mirroring'.split(
    ' ',
  );

async function pageOf(call: AdminCall, filter: organizationList.OrganizationFilter, cursor: string | undefined) {
  const page = await organizationList.list(call.deps.db, filter, { sort: 'name', limit: PAGE, cursor });
  const views = await viewOrganizations(call, page.rows);
  return { lines: views.map(cellsOf), nextCursor: page.nextCursor };
}

function cellsOf(view: z.output<typeof organizationOut>): readonly (string | number | null)[] {
  const { standing } = view;
  const owners = view.owners?.map((owner) => owner.email).join(' ') ?? null;
  return [
    ...[view.id, view.slug, view.name, view.status, standing?.status ?? null, standing?.budget_used_ratio ?? null],
    ...[standing?.spend_period ?? null, standing?.spend_30d ?? null, standing?.requests_30d ?? null],
    ...[view.team_count, view.member_count, view.key_count, standing?.granted_targets ?? null],
    ...[owners, view.time_zone, view.created_at, standing?.as_of ?? null],
    ...[view.responses_storage, view.responses_scope, view.cache_scope, view.end_users, view.batches, view.files_scope],
    view.mirroring,
  ];
}
