import { z } from 'zod';
import * as organizationList from '../../store/tenancy/organization-list.ts';
import { ORGANIZATION_SORTS, ORGANIZATION_STATUSES } from '../../store/tenancy/organization-list.ts';
import { reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { listQuery, pageOut, renderPage, searchOf, unpricedAt, unpricedFlag } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { organizationOut, viewOrganizations } from './organization-view.ts';
import { renderSummary, summaryOut } from './standing-view.ts';

/** Lists organizations, and summarizes all that match a search. */

const search = listQuery.search.meta({ description: 'Matches the beginning of the name or the slug, or the whole id.' });
export const statusFilter = z
  .enum(['all', 'active', ...ORGANIZATION_STATUSES])
  .optional()
  .meta({
    description:
      '`active` means neither suspended nor archived. `healthy`, `near_limit`, `over_budget` and `idle` depend on spend, so they match only organizations whose usage the caller may read.',
  });

export const unpricedFilter = unpricedFlag.meta({
  description:
    'If true, returns only organizations with a budget (of the organization, a team, a person or a key) that used something without a price in the last 30 days, so that its spend may be too low. Covers only organizations whose usage the caller may read. The history of each budget has the details.',
});

export const list = route({
  summary: 'List organizations with their standing',
  description: 'When sorting by a figure that the caller may not read, the organization counts as having none.',
  permission: 'organization.read',
  query: z.strictObject({
    ...listQuery,
    search,
    status: statusFilter,
    unpriced: unpricedFilter,
    sort: z.enum(ORGANIZATION_SORTS).optional(),
  }),
  response: pageOut(organizationOut),
  load: load.everywhere,
  handle: async (call) => {
    const { sort = '-created_at', limit, cursor } = call.query;
    const listed = await organizationList.list(call.deps.db, filterOf(call), { sort, limit, cursor });
    return renderPage(listed, await viewOrganizations(call, listed.rows));
  },
});

export const summary = route({
  summary: 'Summarize organizations by status and spend',
  description:
    'Spend and statuses cover only organizations whose usage the caller may read. `teams` covers only organizations whose teams the caller may all read.',
  permission: 'organization.read',
  query: z.strictObject({ search }),
  response: summaryOut,
  load: load.everywhere,
  handle: async (call) => renderSummary(await organizationList.summarize(call.deps.db, filterOf(call))),
});

interface ListCall {
  readonly search?: string | undefined;
  readonly status?: z.output<typeof statusFilter>;
  readonly unpriced?: boolean | undefined;
}

/** Returns the filter of a call, limited to what the caller may see. */
export function filterOf(call: AdminCall<unknown, ListCall>): organizationList.OrganizationFilter {
  const { status } = call.query;
  const unpriced = unpricedAt(call.query.unpriced, call);
  return {
    reach: reachWithin(call.actor, 'organization.read', 'platform'),
    usageReach: reachWithin(call.actor, 'usage.read', 'platform'),
    teamsReach: reachWithin(call.actor, 'teams.read', 'platform'),
    status: status === 'all' ? undefined : status,
    search: searchOf(call.query),
    unpriced,
  };
}
