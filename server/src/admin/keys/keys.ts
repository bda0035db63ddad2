import { z } from 'zod';
import { can, isOwn } from '../../domain/tenancy/permission.ts';
import { KEY_KINDS } from '../../domain/tenancy/tenancy.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { accessChoiceFrom, accessChoiceToColumns } from '../../store/configuration/policy-columns.ts';
import type { KeyRow } from '../../store/tenancy/keys.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { accessCatalogue, patchedChoice, requireWithinParent } from '../access/access-fields.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { isNarrower, levelsAbove } from '../access/parent-access.ts';
import { authorize, reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, mergedMetadata, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, forbidden, invalid, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { wholeNumber } from '../http/schemas.ts';
import { requireLabels } from '../limits/label-rules.ts';
import { namesTags, patchedTags } from '../limits/tag-fields.ts';
import { loadPolicy, namesPolicy, patchedPolicy, policyColumns, storeBudgets } from '../organizations/policy.ts';
import { memberIn, type OwnerColumns } from '../people/reassign.ts';
import { eventOf, futureInstant, keySettings, owner, ownerOf } from './key-create.ts';
import { keyFacts, keyOut, viewKey, viewKeys } from './key-view.ts';

const UNUSED_DAYS_MAX = 3_650;
const DAY_MS = 86_400_000;

export const keyFilters = {
  team_id: id.optional(),
  account_id: id.optional().meta({ description: 'Returns only keys owned by this person.' }),
  service_account_id: id.optional(),
  status: z.enum(['active', 'disabled', 'revoked']).optional(),
  kind: z.enum(KEY_KINDS).optional(),
  owned_by: z.enum(['person', 'service_account']).optional().meta({
    description: 'With `kind=api`, `person` returns the long-lived keys that people hold, for example on their laptops.',
  }),
  unused_days: wholeNumber(1, UNUSED_DAYS_MAX).optional().meta({
    description:
      'Returns only working keys that were not used for this many days. For a key that was never used, the days count from its creation.',
  }),
};
const keysQuery = z.strictObject({ ...listQuery, ...keyFilters });
type KeysQuery = z.output<typeof keysQuery>;

const patchBody = z.strictObject({
  name: name.optional(),
  team_id: id
    .optional()
    .meta({ description: 'Moves the key to another team of its organization. The key’s own counters move with it.' }),
  owner: owner.optional(),
  ...keySettings,
});
type PatchBody = z.output<typeof patchBody>;

export const list = route({
  summary: 'List keys',
  description: 'Returns the keys that the caller may see, without their secrets.',
  permission: 'teams.read',
  query: z.strictObject({ ...keysQuery.shape, organization_id: id.optional() }),
  response: pageOut(keyOut),
  load: load.anywhere,
  handle: (call) => listOf(call, { organizationId: call.query.organization_id }),
});

export const listOfOrganization = route({
  summary: 'List the keys of an organization',
  description: 'Returns the keys of the organization that the caller may see, without their secrets.',
  permission: 'teams.read',
  params: idParams,
  query: keysQuery,
  response: pageOut(keyOut),
  load: load.withinOrganization,
  handle: (call, organization) => listOf(call, { organizationId: organization.id }),
});

export const listOfTeam = route({
  summary: 'List the keys of a team',
  description: 'Returns the keys of the team that the caller may see, without their secrets.',
  permission: 'teams.read',
  params: idParams,
  query: keysQuery,
  response: pageOut(keyOut),
  load: load.team,
  handle: (call, team) => listOf(call, { organizationId: team.organizationId, teamId: team.id }),
});

export const read = route({
  summary: 'Get a key',
  description: 'Returns its owner, limits, budgets and access. The secret is never shown again.',
  permission: 'teams.read',
  params: idParams,
  response: keyOut,
  load: load.key,
  handle: (call, { row }) => viewKey(call, row),
});

export const update = route({
  summary: 'Change a key or move it',
  description:
    'Nobody may change the limits or the tags of a key that they own. A moved key keeps its stored access, but targets that the new team or owner may not call have no effect.',
  permission: ['keys.manage', 'keys.manage_own'],
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: patchBody,
  response: keyOut,
  rehearsal: effectOut,
  load: load.key,
  handle: async (call, loaded) => {
    // A team of another tenant and an unknown team give the same 400 below: only the key's organization is searched.
    const wantedTeam = call.body.team_id ?? loaded.row.teamId;
    requireFieldPermissions(call, loaded, wantedTeam);
    const catalogue = call.body.asset_access === undefined ? null : await accessCatalogue(call.deps.db);
    const changed = { level: 'key', organizationId: loaded.row.organizationId, id: loaded.row.id } as const;
    const work = rehearsed(call, changed, (change) => applyPatch(call, change, loaded, wantedTeam, catalogue));
    const updated = await change(call, work);
    return viewKey(call, updated);
  },
});

async function listOf(
  call: AdminCall<unknown, KeysQuery>,
  where: { readonly organizationId: string | undefined; readonly teamId?: string },
) {
  const listed = await keys.list(call.deps.db, await filterOf(call, where), pageRequest(call.query));
  return renderPage(listed, await viewKeys(call, listed.rows));
}

/** Returns the filter of a call, limited to what its caller may see. */
export async function filterOf(
  call: AdminCall<unknown, Omit<KeysQuery, 'limit' | 'cursor' | 'sort'>>,
  where: { readonly organizationId: string | undefined; readonly teamId?: string },
): Promise<keys.KeyFilter> {
  const { query, deps } = call;
  const place = where.organizationId === undefined ? 'platform' : { organizationId: where.organizationId };
  return {
    reach: reachWithin(call.actor, 'teams.read', place),
    organizationId: where.organizationId,
    teamId: where.teamId ?? query.team_id,
    membershipIds: query.account_id === undefined ? undefined : await accounts.membershipIds(deps.db, query.account_id),
    serviceAccountId: query.service_account_id,
    status: query.status,
    kind: query.kind,
    ownedBy: query.owned_by,
    unused: query.unused_days === undefined ? undefined : unusedFor(query.unused_days, deps.clock.nowMs()),
    search: searchOf(query),
  };
}

/** Returns the filter for keys that nobody has used for `days` days. */
export function unusedFor(days: number, nowMs: number): keys.UnusedKeys {
  return { since: new Date(nowMs - days * DAY_MS), at: new Date(nowMs) };
}

type Catalogue = Awaited<ReturnType<typeof accessCatalogue>>;
type PatchCall = AdminCall<unknown, unknown, PatchBody>;

async function applyPatch(
  call: PatchCall,
  change: Change,
  loaded: load.LoadedKey,
  wantedTeam: string,
  catalogue: Catalogue | null,
): Promise<KeyRow> {
  const { tx, now, record, touch } = change;
  const row = await lockUnrevoked(tx, loaded.row);
  requireVersion(call, row.version);
  refuseMoveOfTokens(call, row);
  const { organizationId, id } = row;
  const stored = await loadPolicy(tx, 'key', row);
  const policy = patchedPolicy(stored, call.body);
  const placed = { teamId: wantedTeam, ...(await placedOwner(call, change, row, wantedTeam)) };
  const access = patchedChoice(accessChoiceFrom(row), call.body.asset_access);
  if (catalogue !== null)
    await requireAccess(call, tx, { ...row, ...placed, ownerAccountId: loaded.ownerAccountId }, access, catalogue);
  const columns = { ...columnsOf(call, row), ...placed, ...policyColumns(policy), ...accessChoiceToColumns(access) };
  const before = { ...keyFacts(row, stored), owner: row.ownerMembershipId ?? row.ownerServiceAccountId };
  const after = {
    ...keyFacts({ ...row, ...columns }, policy),
    owner: placed.ownerMembershipId ?? placed.ownerServiceAccountId,
  };
  if (isUnchanged(before, after)) return row;
  await requireLabels(tx, 'key', organizationId, { ...row, ...columns }, call.body);
  const updated = await keys.update(tx, row, columns, now);
  await storeBudgets(tx, { organizationId, scope: 'key', scopeId: id }, policy, call.body, now);
  await record({ ...eventOf(updated), action: wantedTeam === row.teamId ? 'key.update' : 'key.move', before, after });
  touch({ organizationIds: [organizationId], keyIds: [id] });
  return updated;
}

/** Locks a key. Throws 404 if there is none, and 409 for a revoked key, which never changes. */
export async function lockUnrevoked(tx: Change['tx'], key: keys.KeyId): Promise<KeyRow> {
  const row = await keys.lock(tx, key);
  if (row === null) throw notFound('key');
  if (row.status === 'revoked') throw conflict('This key was revoked, which cannot be undone. Create a new key.');
  return row;
}

/** Throws 409 if the key of a login or a workload would get another owner or team: its tokens are in the hands of the first. */
function refuseMoveOfTokens({ body }: PatchCall, row: KeyRow): void {
  if (row.kind === 'api' || (body.owner === undefined && (body.team_id ?? row.teamId) === row.teamId)) return;
  throw conflict(`This key is a ${row.kind}, which stays with its owner and team. End it, and make a new one there.`);
}

function columnsOf(call: PatchCall, row: KeyRow) {
  const { name, expires_at: expiresAt, metadata } = call.body;
  // A body may repeat the stored expiry unchanged, even after it has passed.
  const isKept = expiresAt === undefined || (expiresAt !== null && new Date(expiresAt).getTime() === row.expiresAt?.getTime());
  return {
    name: name ?? row.name,
    ...patchedTags(row, call.body),
    callerTags: call.body.caller_tags ?? row.callerTags,
    expiresAt: isKept ? row.expiresAt : futureInstant(call, expiresAt),
    metadata: mergedMetadata(row.metadata, metadata),
  };
}

/** Returns the owner after the change. Throws 400 if they are not in the team that the key is in then. */
async function placedOwner(call: PatchCall, change: Change, row: KeyRow, wantedTeam: string): Promise<OwnerColumns> {
  const kept = ownerColumnsOf(row);
  if (call.body.owner === undefined && wantedTeam === row.teamId) return kept;
  const team = await teams.lock(change.tx, { organizationId: row.organizationId, id: wantedTeam });
  if (team === null) throw invalid('/team_id', 'must be a team of the key’s organization');
  if (call.body.owner !== undefined) return ownerOf(change, team, call.body.owner);
  // A service account belongs to one team and cannot move with the key. A person stays the owner if they are in both teams.
  if (kept.ownerMembershipId === null) return ownerOf(change, team, undefined);
  const person = await memberIn(change.tx, { organizationId: row.organizationId, teamId: team.id }, kept.ownerMembershipId);
  if (person === null) throw invalid('/owner', 'is required: the present owner is not in that team, so name another one');
  return kept;
}

function ownerColumnsOf(row: KeyRow): OwnerColumns {
  return row.ownerMembershipId === null
    ? { ownerMembershipId: null, ownerServiceAccountId: row.ownerServiceAccountId ?? '' }
    : { ownerMembershipId: row.ownerMembershipId, ownerServiceAccountId: null };
}

async function requireAccess(
  call: PatchCall,
  tx: Change['tx'],
  row: KeyRow & { readonly ownerAccountId: string | null },
  access: ReturnType<typeof patchedChoice>,
  catalogue: Catalogue,
): Promise<void> {
  const { organizationId, teamId, ownerMembershipId, ownerAccountId } = row;
  const stored = accessChoiceFrom(row);
  requireWithinParent(
    await levelsAbove(tx, { organizationId, teamId, membershipId: ownerMembershipId }),
    access,
    catalogue,
    stored,
  );
  const isManager = can(call.actor, 'keys.manage', { organizationId, teamId });
  if (isManager && !isOwn(call.actor, { organizationId, ownerAccountId })) return;
  if (isNarrower(access, stored, catalogue)) return;
  throw forbidden('You can only narrow the access of your own key. Ask another admin to widen it.');
}

/**
 * Throws 403 if a caller moves a key of their own or gives themself another's key. Such a move could change the key's limits,
 * which nobody may do for themself.
 */
function refuseOwnMove({ body, actor }: PatchCall, { row, ownerAccountId }: load.LoadedKey, wantedTeam: string): void {
  const { organizationId } = row;
  const wanted = body.owner === undefined ? null : body.owner;
  const wantedAccountId = wanted !== null && 'account_id' in wanted ? wanted.account_id : null;
  const isKept =
    wanted === null ||
    ('account_id' in wanted ? wantedAccountId === ownerAccountId : wanted.service_account_id === row.ownerServiceAccountId);
  if (isOwn(actor, { organizationId, ownerAccountId }) && !(isKept && wantedTeam === row.teamId)) {
    throw forbidden('You cannot move your own key. Ask another admin to do it.');
  }
  if (!isKept && isOwn(actor, { organizationId, ownerAccountId: wantedAccountId })) {
    throw forbidden(
      'You cannot make yourself the owner of another person’s key. Ask another admin to do it, or create a new key.',
    );
  }
}

function requireFieldPermissions(call: PatchCall, { row, ownerAccountId }: load.LoadedKey, wantedTeam: string): void {
  const { body, actor } = call;
  const { organizationId, teamId } = row;
  if (namesPolicy(body) || namesTags(body)) authorize(actor, 'key_limits.change', { organizationId, teamId, ownerAccountId });
  if (body.owner !== undefined || wantedTeam !== teamId) authorize(actor, 'keys.manage', { organizationId, teamId });
  refuseOwnMove(call, { row, ownerAccountId }, wantedTeam);
  if (wantedTeam !== teamId) authorize(actor, 'keys.manage', { organizationId, teamId: wantedTeam });
  if (body.expires_at === undefined || can(actor, 'keys.manage', { organizationId, teamId })) return;
  const isSooner = body.expires_at !== null && (row.expiresAt === null || new Date(body.expires_at) <= row.expiresAt);
  if (!isSooner) throw forbidden('You can only make your own key expire sooner. Ask another admin for a later expiry.');
}
