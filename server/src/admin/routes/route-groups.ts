import { z } from 'zod';
import { capabilitiesOf } from '../../domain/permission.ts';
import { newId } from '../../lib/id.ts';
import * as accessGroups from '../../store/access-groups.ts';
import * as targets from '../../store/callable-targets.ts';
import * as deployments from '../../store/deployments.ts';
import type { RouteGroupMember, RouteGroupRow } from '../../store/route-groups.ts';
import * as routeGroups from '../../store/route-groups.ts';
import type { AdminCall } from '../call.ts';
import { changeCatalogue } from '../catalogue-change.ts';
import { type Change, isUnchanged } from '../change.ts';
import { id, idParams, instantOut, isoOf, jsonObject, mergedMetadata, metadata, metadataOut, modelName } from '../fields.ts';
import { requireVersion } from '../if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../lists.ts';
import * as load from '../load.ts';
import { capabilities } from '../organization-view.ts';
import { invalidFields, notFound } from '../problem.ts';
import { type Loaded, route } from '../route.ts';
import { FALLBACKS_MAX, refuseTaken, requireFallbacks, takeName } from '../target-names.ts';
import { strategy } from '../target-view.ts';

/** Named sets of deployments with their own routing, called by their key like a model. */

const MEMBERS_MAX = 200;

const members = z
  .array(
    z.strictObject({
      deployment_id: id,
      weight: z.int().min(0).max(1_000_000).default(1),
      priority: z.int().min(0).max(1_000_000).default(0),
    }),
  )
  .max(MEMBERS_MAX);
type MembersBody = z.output<typeof members>;

const settings = {
  strategy: strategy.optional(),
  members: members.nullish(),
  fallbacks: z.array(modelName).max(FALLBACKS_MAX).nullish(),
  metadata: metadata.nullish(),
};
const createBody = z.strictObject({ key: modelName, ...settings, confirm_regained_access: z.boolean().optional() });
const patchBody = z.strictObject(settings);
type CreateBody = z.output<typeof createBody>;
type PatchBody = z.output<typeof patchBody>;

const membersOut = z.array(z.object({ deployment_id: z.string(), weight: z.int(), priority: z.int() }));
const routeGroupOut = z
  .object({
    id: z.string(),
    key: z.string(),
    strategy,
    members: membersOut,
    fallbacks: z.array(z.string()),
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
  description: 'Its key is a callable name: 409 when a model or another route group has it.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: routeGroupOut,
  load: load.platform,
  handle: async (call) => view(call, await changeCatalogue(call, (made) => insertGroup(call, made))),
});

export const read = route({
  summary: 'Read a route group',
  permission: 'platform.read',
  params: idParams,
  response: routeGroupOut,
  load: loadGroup,
  handle: (call, row) => view(call, row),
});

export const update = route({
  summary: 'Change a route group',
  description: 'The key stays. `members` and `fallbacks` replace the whole list.',
  permission: 'catalogue.manage',
  params: idParams,
  body: patchBody,
  response: routeGroupOut,
  load: loadGroup,
  handle: async (call, { id }) => view(call, await changeCatalogue(call, (made) => applyPatch(call, made, id, call.body))),
});

export const remove = route({
  summary: 'Delete a route group',
  description: 'Its deployments stay; grants of its key stay, ineffective.',
  permission: 'catalogue.manage',
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: loadGroup,
  handle: async (call, { id }) => {
    await changeCatalogue(call, async ({ tx, record, touch }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      const stored = (await routeGroups.membersOf(tx, [id])).get(id) ?? [];
      await routeGroups.remove(tx, id);
      await targets.release(tx, row.key);
      await record({ ...eventOf(row), action: 'route_group.delete', before: facts(row, stored), after: null });
      touch({ catalogue: true });
    });
    return undefined;
  },
});

export const readMembers = route({
  summary: 'List a route group’s members',
  permission: 'platform.read',
  params: idParams,
  response: z.object({ data: membersOut }),
  load: loadGroup,
  handle: async (call, { id }) => ({ data: renderMembers((await routeGroups.membersOf(call.deps.db, [id])).get(id) ?? []) }),
});

export const replaceMembers = route({
  summary: 'Replace a route group’s members',
  permission: 'catalogue.manage',
  params: idParams,
  body: z.strictObject({ members }),
  response: routeGroupOut,
  load: loadGroup,
  handle: async (call, { id }) => view(call, await changeCatalogue(call, (made) => applyPatch(call, made, id, call.body))),
});

async function insertGroup(call: AdminCall<unknown, unknown, CreateBody>, made: Change): Promise<RouteGroupRow> {
  const { tx, now, record, touch } = made;
  const { body } = call;
  const wanted = membersFrom(body.members);
  const mode = await requireMembers(made, wanted);
  refuseTaken(await targets.kindOf(tx, body.key), 'route_group', '/key');
  await requireFallbacks(made, { name: body.key, mode }, body.fallbacks ?? []);
  const regained = await takeName(made, { name: body.key, kind: 'route_group' }, body.confirm_regained_access === true);
  const row = await routeGroups.insert(tx, {
    id: newId('rg', now.getTime()),
    key: body.key,
    strategy: body.strategy ?? 'weighted',
    fallbacks: body.fallbacks ?? [],
    metadata: mergedMetadata({}, body.metadata),
    createdAt: now,
    updatedAt: now,
  });
  await routeGroups.replaceMembers(tx, row.id, wanted);
  const after = { ...facts(row, wanted), ...(regained.length === 0 ? {} : { regained_access: regained }) };
  await record({ ...eventOf(row), action: 'route_group.create', before: null, after });
  touch({ catalogue: true });
  return row;
}

async function applyPatch(call: AdminCall, made: Change, id: string, body: PatchBody): Promise<RouteGroupRow> {
  const { tx, now, record, touch } = made;
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const stored = (await routeGroups.membersOf(tx, [id])).get(id) ?? [];
  const wanted = body.members === undefined ? stored : membersFrom(body.members);
  const mode = await requireMembers(made, wanted);
  if (body.fallbacks !== undefined) await requireFallbacks(made, { name: row.key, mode }, body.fallbacks ?? []);
  const columns = {
    strategy: body.strategy ?? row.strategy,
    fallbacks: body.fallbacks === undefined ? row.fallbacks : (body.fallbacks ?? []),
    metadata: mergedMetadata(row.metadata, body.metadata),
  };
  const before = facts(row, stored);
  const after = facts({ ...row, ...columns }, wanted);
  if (isUnchanged(before, after)) return row;
  const updated = await routeGroups.update(tx, id, columns, now);
  if (body.members !== undefined) await routeGroups.replaceMembers(tx, id, wanted);
  await record({ ...eventOf(updated), action: 'route_group.update', before, after });
  touch({ catalogue: true });
  return updated;
}

/** Throws 400 naming each member that is listed twice, does not exist or serves another mode than the first. */
async function requireMembers({ tx }: Change, wanted: readonly RouteGroupMember[]): Promise<'chat' | 'embedding' | null> {
  const ids = wanted.map((member) => member.deploymentId);
  const known = new Map((await deployments.findMany(tx, ids)).map((row) => [row.id, row]));
  const first = known.get(ids[0] ?? '');
  const faultOf = (deploymentId: string, index: number): string | null => {
    if (ids.indexOf(deploymentId) !== index) return 'is listed twice';
    const row = known.get(deploymentId);
    if (row === undefined) return 'there is no such deployment';
    return first !== undefined && row.mode !== first.mode ? `is for ${row.mode} and the first member for ${first.mode}` : null;
  };
  const faults = ids.flatMap((deploymentId, index) => {
    const message = faultOf(deploymentId, index);
    return message === null ? [] : [{ pointer: `/members/${index}/deployment_id`, message }];
  });
  if (faults.length > 0) throw invalidFields(faults);
  return first?.mode ?? null;
}

async function loadGroup(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<RouteGroupRow>> {
  const row = await routeGroups.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('route group');
  return { place: { organizationId: null }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<RouteGroupRow> {
  const row = await routeGroups.lock(tx, id);
  if (row === null) throw notFound('route group');
  return row;
}

function membersFrom(body: MembersBody | null | undefined): readonly RouteGroupMember[] {
  return (body ?? []).map(({ deployment_id: deploymentId, weight, priority }) => ({ deploymentId, weight, priority }));
}

/** Always in one order, so that the audit log tells a change from a reordering. */
function renderMembers(stored: readonly RouteGroupMember[]): z.output<typeof membersOut> {
  return stored
    .map(({ deploymentId, weight, priority }) => ({ deployment_id: deploymentId, weight, priority }))
    .sort((a, b) => (a.deployment_id < b.deployment_id ? -1 : 1));
}

function facts(row: RouteGroupRow, stored: readonly RouteGroupMember[]) {
  return {
    key: row.key,
    strategy: row.strategy,
    members: renderMembers(stored),
    fallbacks: row.fallbacks,
    metadata: jsonObject(row.metadata),
  };
}

async function view(call: AdminCall, row: RouteGroupRow): Promise<z.output<typeof routeGroupOut>> {
  const [shown] = await viewMany(call, [row]);
  if (shown === undefined) throw new Error('one row makes one view');
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
    ...facts(row, stored.get(row.id) ?? []),
    access_groups: [...(labels.get(row.key) ?? [])],
    capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}

function eventOf(row: RouteGroupRow) {
  return { organizationId: null, objectType: 'route_group', objectId: row.id, objectName: row.key };
}
