import { z } from 'zod';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import * as accessGroups from '../../store/access/access-groups.ts';
import type { RouteGroupRow } from '../../store/catalogue/route-groups.ts';
import * as routeGroups from '../../store/catalogue/route-groups.ts';
import { dryRunQuery, effectOut } from '../access/effect.ts';
import { cacheSeconds, sticky, strategy } from '../access/target-view.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams, instantOut, isoOf, metadataOut } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { detoursOut } from './detour-fields.ts';
import { insertGroup, patchGroup, removeGroup } from './route-group-changes.ts';
import { createBody, members, membersOut, patchBody, renderMembers, routeGroupFacts } from './route-group-fields.ts';

/** Named sets of deployments with their own routing, called by their key like a model. */

const routeGroupOut = z
  .object({
    id: z.string(),
    key: z.string(),
    strategy,
    sticky,
    cache_seconds: cacheSeconds,
    members: membersOut,
    fallbacks: z.array(z.string()),
    ...detoursOut,
    access_groups: z.array(z.string()),
    metadata: metadataOut,
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'RouteGroup' });

export const list = route({
  summary: 'List route groups',
  description: 'Returns the route groups with their strategy and members.',
  permission: 'platform.read',
  query: z.strictObject(listQuery),
  response: pageOut(routeGroupOut),
  load: load.platform,
  handle: async (call) => {
    const listed = await routeGroups.list(call.deps.db, { search: searchOf(call.query) }, pageRequest(call.query));
    return renderPage(listed, await viewMany(call, listed.rows));
  },
});

export const create = route({
  summary: 'Create a route group',
  description: 'The key is a callable name. Returns 409 if a model or another route group has it.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: routeGroupOut,
  load: load.platform,
  handle: async (call) => view(call, await changeCatalogue(call, (made) => insertGroup(call, made))),
});

export const read = route({
  summary: 'Get a route group',
  description: 'Returns its strategy, members, fallbacks and version.',
  permission: 'platform.read',
  params: idParams,
  response: routeGroupOut,
  load: loadGroup,
  handle: (call, row) => view(call, row),
});

export const update = route({
  summary: 'Change a route group',
  description: 'The key cannot change. `members` and `fallbacks` replace the whole list.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: patchBody,
  response: routeGroupOut,
  rehearsal: effectOut,
  load: loadGroup,
  handle: async (call, { id }) => view(call, await changeCatalogue(call, (made) => patchGroup(call, made, id, call.body))),
});

export const remove = route({
  summary: 'Delete a route group',
  description: 'Its deployments remain. Grants of its key remain without effect.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  status: 204,
  response: z.undefined(),
  rehearsal: effectOut,
  load: loadGroup,
  handle: async (call, { id }) => {
    await changeCatalogue(call, (made) => removeGroup(call, made, id));
    return undefined;
  },
});

export const readMembers = route({
  summary: 'List the members of a route group',
  description: 'Returns the deployments of the route group with their weights and priorities.',
  permission: 'platform.read',
  params: idParams,
  response: z.object({ data: membersOut }),
  load: loadGroup,
  handle: async (call, { id }) => ({ data: renderMembers((await routeGroups.membersOf(call.deps.db, [id])).get(id) ?? []) }),
});

export const replaceMembers = route({
  summary: 'Replace the members of a route group',
  description: 'The list replaces the stored one, and requests use it at once.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({ members }),
  response: routeGroupOut,
  rehearsal: effectOut,
  load: loadGroup,
  handle: async (call, { id }) => view(call, await changeCatalogue(call, (made) => patchGroup(call, made, id, call.body))),
});

export async function loadGroup(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<RouteGroupRow>> {
  const row = await routeGroups.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('route group');
  return { place: { organizationId: null }, object: row };
}

async function view(call: AdminCall, row: RouteGroupRow): Promise<z.output<typeof routeGroupOut>> {
  const [shown] = await viewMany(call, [row]);
  if (shown === undefined) throw new Error('the view of the row is missing');
  return shown;
}

async function viewMany(call: AdminCall, rows: readonly RouteGroupRow[]) {
  const { db } = call.deps;
  const ids = rows.map((row) => row.id);
  const keys = rows.map((row) => row.key);
  const stored = await routeGroups.membersOf(db, ids);
  const labels = await accessGroups.labelsOf(db, keys);
  return rows.map((row) => ({
    id: row.id,
    ...routeGroupFacts(row, stored.get(row.id) ?? []),
    access_groups: [...(labels.get(row.key) ?? [])],
    capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}
