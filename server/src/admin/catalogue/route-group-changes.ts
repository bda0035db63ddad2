import type { DeploymentMode } from '../../domain/routing/catalogue.ts';
import { newId } from '../../lib/id.ts';
import * as targets from '../../store/catalogue/callable-targets.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import * as policies from '../../store/catalogue/route-group-policies.ts';
import type { RouteGroupMember, RouteGroupRow } from '../../store/catalogue/route-groups.ts';
import * as routeGroups from '../../store/catalogue/route-groups.ts';
import { refuseTaken, requireFallbacks, takeName } from '../access/target-names.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { mergedMetadata } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { invalidFields, notFound } from '../http/problem.ts';
import { NO_DETOURS, patchedDetours, requireDetours } from './detour-fields.ts';
import { type CreateBody, membersFrom, type PatchBody, policyFacts, routeGroupFacts } from './route-group-fields.ts';

/** Creates, changes and deletes route groups. Call inside a change of the catalogue. */

export async function insertGroup(call: AdminCall<unknown, unknown, CreateBody>, made: Change): Promise<RouteGroupRow> {
  const { tx, now, record, touch } = made;
  const { body } = call;
  const wanted = membersFrom(body.members);
  const mode = await requireMembers(made, wanted);
  refuseTaken(await targets.kindOf(tx, body.key), 'route_group', '/key');
  await requireFallbacks(made, { name: body.key, mode }, body.fallbacks ?? []);
  const detours = patchedDetours(NO_DETOURS, body);
  const deploymentIds = wanted.map(({ deploymentId }) => deploymentId);
  await requireDetours(made, { name: body.key, mode }, body, { canary: detours.canary, deploymentIds });
  const regained = await takeName(made, { name: body.key, kind: 'route_group' }, body.confirm_regained_access === true);
  const row = await routeGroups.insert(tx, {
    id: newId('rg', now.getTime()),
    key: body.key,
    strategy: body.strategy ?? 'weighted',
    sticky: body.sticky ?? false,
    cacheSeconds: body.cache_seconds ?? null,
    fallbacks: body.fallbacks ?? [],
    ...detours,
    metadata: mergedMetadata({}, body.metadata),
    createdAt: now,
    updatedAt: now,
  });
  await routeGroups.replaceMembers(tx, row.id, wanted);
  await addPolicy(call, made, row, wanted, null);
  const after = { ...routeGroupFacts(row, wanted), ...(regained.length === 0 ? {} : { regained_access: regained }) };
  await record({ ...eventOf(row), action: 'route_group.create', before: null, after });
  touch({ catalogue: true });
  return row;
}

/** The audit action of a change, and the version of the policy that it restores, if any. */
interface PatchReason {
  readonly action: string;
  readonly rolledBackTo: number | null;
}

export async function patchGroup(
  call: AdminCall<unknown, unknown, unknown>,
  made: Change,
  id: string,
  body: PatchBody,
  reason: PatchReason = { action: 'route_group.update', rolledBackTo: null },
): Promise<RouteGroupRow> {
  const { tx, now, record, touch } = made;
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const stored = (await routeGroups.membersOf(tx, [id])).get(id) ?? [];
  const wanted = body.members === undefined ? stored : membersFrom(body.members);
  const mode = await requireMembers(made, wanted);
  if (body.fallbacks !== undefined) await requireFallbacks(made, { name: row.key, mode }, body.fallbacks ?? []);
  const detours = patchedDetours(row, body);
  const deploymentIds = wanted.map(({ deploymentId }) => deploymentId);
  // A deployment that was deleted since has no canary. What does not touch it may be changed all the same.
  const touched = body.canary !== undefined || body.members !== undefined;
  await requireDetours(made, { name: row.key, mode }, body, { canary: touched ? detours.canary : null, deploymentIds });
  const columns = {
    ...detours,
    strategy: body.strategy ?? row.strategy,
    sticky: body.sticky ?? row.sticky,
    cacheSeconds: body.cache_seconds === undefined ? row.cacheSeconds : body.cache_seconds,
    fallbacks: body.fallbacks === undefined ? row.fallbacks : (body.fallbacks ?? []),
    metadata: mergedMetadata(row.metadata, body.metadata),
  };
  const before = routeGroupFacts(row, stored);
  const after = routeGroupFacts({ ...row, ...columns }, wanted);
  if (isUnchanged(before, after)) return row;
  const updated = await routeGroups.update(tx, id, columns, now);
  if (body.members !== undefined) await routeGroups.replaceMembers(tx, id, wanted);
  const isPolicy = !isUnchanged(policyFacts(before), policyFacts(after));
  if (isPolicy) await addPolicy(call, made, updated, wanted, reason.rolledBackTo);
  await record({ ...eventOf(updated), action: reason.action, before, after });
  touch({ catalogue: true });
  return updated;
}

/** Adds a version of the policy. Every change of one of its facts makes one. */
async function addPolicy(
  { actor }: AdminCall<unknown, unknown, unknown>,
  { tx, now }: Change,
  row: RouteGroupRow,
  wanted: readonly RouteGroupMember[],
  rolledBackTo: number | null,
): Promise<void> {
  await policies.add(tx, {
    routeGroupId: row.id,
    strategy: row.strategy,
    ...patchedDetours(row, {}),
    members: [...wanted].sort((a, b) => (a.deploymentId < b.deploymentId ? -1 : 1)),
    rolledBackTo,
    publishedAt: now,
    publishedById: actor.id,
    publishedByName: actor.name,
  });
}

/** Deletes a group. Its deployments stay, and so do grants of its key. */
export async function removeGroup(call: AdminCall, { tx, record, touch }: Change, id: string): Promise<void> {
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const stored = (await routeGroups.membersOf(tx, [id])).get(id) ?? [];
  await routeGroups.remove(tx, id);
  await targets.release(tx, row.key);
  await record({ ...eventOf(row), action: 'route_group.delete', before: routeGroupFacts(row, stored), after: null });
  touch({ catalogue: true });
}

/**
 * Throws 400 naming each member that is listed twice, does not exist or has another mode than the first. Returns the mode, or
 * null without members.
 */
export async function requireMembers(
  { tx }: Pick<Change, 'tx'>,
  wanted: readonly RouteGroupMember[],
): Promise<DeploymentMode | null> {
  const ids = wanted.map((member) => member.deploymentId);
  const known = new Map((await deployments.findMany(tx, ids)).map((row) => [row.id, row]));
  const first = known.get(ids[0] ?? '');
  const faultOf = (deploymentId: string, index: number): string | null => {
    if (ids.indexOf(deploymentId) !== index) return 'must not be listed twice';
    const row = known.get(deploymentId);
    if (row === undefined) return 'there is no deployment with this id';
    return first !== undefined && row.mode !== first.mode
      ? `must serve ${first.mode}, as the first member does, but serves ${row.mode}`
      : null;
  };
  const faults = ids.flatMap((deploymentId, index) => {
    const message = faultOf(deploymentId, index);
    return message === null ? [] : [{ pointer: `/members/${index}/deployment_id`, message }];
  });
  if (faults.length > 0) throw invalidFields(faults);
  return first?.mode ?? null;
}

async function lockOne(tx: Change['tx'], id: string): Promise<RouteGroupRow> {
  const row = await routeGroups.lock(tx, id);
  if (row === null) throw notFound('route group');
  return row;
}

function eventOf(row: RouteGroupRow) {
  return { organizationId: null, objectType: 'route_group', objectId: row.id, objectName: row.key };
}
