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

/** Lists over organizations: a page of them, and what all of the found ones come to. */

const search = listQuery.search.meta({ description: 'Beginning of the name or slug, or the whole id.' });
export const statusFilter = z
  .enum(['all', 'active', ...ORGANIZATION_STATUSES])
  .optional()
  .meta({
    description:
      '`active` is neither suspended nor archived. What follows from spend (`healthy`, `near_limit`, `over_budget`, `idle`) finds organizations whose usage the caller may read.',
  });

export const unpricedFilter = unpricedFlag.meta({
  description:
    '`true`: those with a budget (of the organization, a team, a person or a key) that used something without a price in the last 30 days, so that a budget’s spend may miss it; the history of each budget says what. Of organizations whose usage the caller may read.',
});

export const list = route({
  summary: 'List organizations, each with how it stands',
  description: 'Sorted by a figure that the caller may not read of an organization, that organization counts as having none.',
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
  summary: 'Count organizations by how they stand, and add up their spend',
  description:
    'Spend, and how organizations stand, are those of organizations whose usage the caller may read; teams those of organizations in which they may read all teams.',
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

/** What the caller may see of what is asked for. */
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
