import { z } from 'zod';
import { can, type Permission } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { hasArchives } from '../../store/archive/archive-month.ts';
import { accessChoiceFrom, accessChoiceToColumns } from '../../store/configuration/policy-columns.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as serviceAccounts from '../../store/tenancy/service-accounts.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { accessCatalogue, choice, INHERITED, patchedChoice, requireWithinParent } from '../access/access-fields.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { isNarrower, levelsAbove } from '../access/parent-access.ts';
import { authorizeFields, reachWithin } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { flag, idParams, mergedMetadata, metadata, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { forbidden, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { requireLabels } from '../limits/label-rules.ts';
import { NO_TAGS, patchedTags, tagFields } from '../limits/tag-fields.ts';
import { loadPolicy, NO_POLICY, patchedPolicy, policyColumns, policyFields, storeBudgets } from '../organizations/policy.ts';
import { patchedSelfService, selfService } from './self-service.ts';
import { teamFacts, teamOut, viewTeam, viewTeams } from './team-view.ts';

const settings = {
  ...policyFields,
  ...tagFields,
  asset_access: choice.nullish(),
  self_service: selfService.nullish(),
  metadata: metadata.nullish(),
};
const createBody = z.strictObject({ name, ...settings });
const patchBody = z.strictObject({ name: name.optional(), status: z.enum(['active', 'suspended']).optional(), ...settings });
type PatchBody = z.output<typeof patchBody>;
/** The facts that a PATCH compares. A PATCH of a field that is missing here would count as no change, and store nothing. */
type Facts = Readonly<Record<keyof PatchBody, unknown>>;

export const list = route({
  summary: 'List teams',
  description: 'Returns the teams that the caller may see, in all organizations or in one.',
  permission: 'teams.read',
  query: z.strictObject({ ...listQuery, organization_id: text(64).optional() }),
  response: pageOut(teamOut),
  load: load.anywhere,
  handle: (call) => listOf(call, call.query.organization_id),
});

export const listOfOrganization = route({
  summary: 'List the teams of an organization',
  description: 'Returns the teams of the organization that the caller may see.',
  permission: 'teams.read',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(teamOut),
  load: load.withinOrganization,
  handle: (call, organization) => listOf(call, organization.id),
});

export const read = route({
  summary: 'Get a team',
  description: 'Returns its settings, limits, budgets, self-service policy and version.',
  permission: 'teams.read',
  params: idParams,
  response: teamOut,
  load: load.team,
  handle: (call, row) => viewTeam(call, row),
});

export const create = route({
  summary: 'Create a team',
  description: 'A key of the team that names no owner belongs to the team’s default service account.',
  permission: 'teams.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: teamOut,
  load: load.organization,
  handle: async (call, organization) => {
    const organizationId = organization.id;
    const access = patchedChoice(INHERITED, call.body.asset_access);
    requireWithinParent(await levelsAbove(call.deps.db, { organizationId }), access, await accessCatalogue(call.deps.db));
    const policy = patchedPolicy(NO_POLICY, call.body);
    const created = await change(call, async ({ tx, now, record, touch }) => {
      const id = newId('team', now.getTime());
      const row = await teams.insert(tx, {
        organizationId,
        id,
        name: call.body.name,
        ...policyColumns(policy),
        ...accessChoiceToColumns(access),
        ...patchedTags(NO_TAGS, call.body),
        selfService: patchedSelfService({}, call.body.self_service),
        metadata: mergedMetadata({}, call.body.metadata),
        createdAt: now,
        updatedAt: now,
      });
      await requireLabels(tx, 'team', organizationId, row, call.body);
      await storeBudgets(tx, { organizationId, scope: 'team', scopeId: id }, policy, call.body, now);
      await record({ ...eventOf(row), action: 'team.create', before: null, after: teamFacts(row, policy) });
      touch({ organizationIds: [organizationId] });
      return row;
    });
    return viewTeam(call, created);
  },
});

export const update = route({
  summary: 'Change a team',
  description: 'Keeps absent fields, clears null ones, and replaces whole lists. A team admin can only narrow the stored access.',
  permission: ['teams.manage', 'team_limits.change', 'team_access.narrow'],
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: patchBody,
  response: teamOut,
  rehearsal: effectOut,
  load: load.team,
  handle: async (call, row) => {
    authorizeFields(call, PERMISSION_OF, { organizationId: row.organizationId, teamId: row.id });
    const parent = { organizationId: row.organizationId };
    const access =
      call.body.asset_access === undefined
        ? null
        : { catalogue: await accessCatalogue(call.deps.db), above: await levelsAbove(call.deps.db, parent) };
    const changed = { level: 'team', organizationId: row.organizationId, id: row.id } as const;
    const work = rehearsed(call, changed, (change) => applyPatch(call, change, row, access));
    const updated = await change(call, work);
    return viewTeam(call, updated);
  },
});

const deletionReport = z.object({
  team_id: z.string(),
  dry_run: z.boolean(),
  goes: z.object({ members: z.int(), service_accounts: z.int(), keys: z.int() }),
  stays: z.array(z.string()),
});

export const remove = route({
  summary: 'Delete a team',
  description:
    'Revokes its keys and deletes its service accounts. Its members stay in the organization; ledger and request metadata remain. `dry_run` only reports the result.',
  permission: 'teams.manage',
  takesIfMatch: true,
  params: idParams,
  query: z.strictObject({ dry_run: flag }),
  response: deletionReport,
  load: load.team,
  handle: async (call, row) => {
    const { db } = call.deps;
    const counts = (await teams.counts(db, [row.organizationId], [row.id]))(row.id);
    const team = { organizationId: row.organizationId, teamId: row.id };
    const goes = { ...counts, service_accounts: await serviceAccounts.countOfTeam(db, team) };
    if (call.query.dry_run !== true) await destroy(call, row);
    const stays = [
      'ledger',
      'request metadata',
      'audit events',
      ...((await hasArchives(call.deps.db)) ? ['archives of the request log'] : []),
    ];
    return { team_id: row.id, dry_run: call.query.dry_run === true, goes, stays };
  },
});

async function listOf(call: AdminCall<unknown, z.output<z.ZodObject<typeof listQuery>>>, organizationId: string | undefined) {
  const where = organizationId === undefined ? 'platform' : { organizationId };
  const filter = { reach: reachWithin(call.actor, 'teams.read', where), organizationId, search: searchOf(call.query) };
  const listed = await teams.list(call.deps.db, filter, pageRequest(call.query));
  return renderPage(listed, await viewTeams(call, listed.rows));
}

type NewAccess = {
  readonly catalogue: Awaited<ReturnType<typeof accessCatalogue>>;
  readonly above: Awaited<ReturnType<typeof levelsAbove>>;
} | null;

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record, touch }: Change,
  { organizationId, id }: TeamRow,
  newAccess: NewAccess,
): Promise<TeamRow> {
  const row = await teams.lock(tx, { organizationId, id });
  if (row === null) throw notFound('team');
  requireVersion(call, row.version);
  const stored = await loadPolicy(tx, 'team', row);
  const policy = patchedPolicy(stored, call.body);
  const access = patchedChoice(accessChoiceFrom(row), call.body.asset_access);
  if (newAccess !== null) requireAccess(call, row, access, newAccess);
  const columns = { ...columnsOf(call.body, row), ...policyColumns(policy), ...accessChoiceToColumns(access) };
  const before: Facts = teamFacts(row, stored);
  const after: Facts = teamFacts({ ...row, ...columns }, policy);
  if (isUnchanged(before, after)) return row;
  await requireLabels(tx, 'team', organizationId, { ...row, ...columns }, call.body);
  const updated = await teams.update(tx, row, columns, now);
  await storeBudgets(tx, { organizationId, scope: 'team', scopeId: id }, policy, call.body, now);
  await record({ ...eventOf(updated), action: 'team.update', before, after });
  touch({ organizationIds: [organizationId] });
  return updated;
}

function columnsOf(body: PatchBody, row: TeamRow) {
  return {
    name: body.name ?? row.name,
    status: body.status ?? row.status,
    ...patchedTags(row, body),
    selfService: patchedSelfService(row.selfService, body.self_service),
    metadata: mergedMetadata(row.metadata, body.metadata),
  };
}

function requireAccess(
  call: AdminCall<unknown, unknown, PatchBody>,
  row: TeamRow,
  access: ReturnType<typeof patchedChoice>,
  { catalogue, above }: NonNullable<NewAccess>,
): void {
  const stored = accessChoiceFrom(row);
  requireWithinParent(above, access, catalogue, stored);
  const mayWiden = can(call.actor, 'team_access.widen', { organizationId: row.organizationId, teamId: row.id });
  if (!mayWiden && !isNarrower(access, stored, catalogue)) {
    throw forbidden(
      'A team admin can only narrow the access that an organization admin gave the team. Ask an organization admin to widen it.',
    );
  }
}

/** The permission for each field of a PATCH. */
const PERMISSION_OF: Readonly<Record<keyof PatchBody, Permission>> = {
  rate_limits: 'team_limits.change',
  model_limits: 'team_limits.change',
  budgets: 'team_limits.change',
  default_tags: 'team_limits.change',
  required_tags: 'team_limits.change',
  require_end_user: 'team_limits.change',
  label_limits: 'team_limits.change',
  asset_access: 'team_access.narrow',
  name: 'teams.manage',
  status: 'teams.manage',
  self_service: 'teams.manage',
  metadata: 'teams.manage',
};

function destroy(call: AdminCall, { organizationId, id }: TeamRow): Promise<void> {
  return change(call, async ({ tx, now, record, touch }) => {
    const row = await teams.lock(tx, { organizationId, id });
    if (row === null) throw notFound('team');
    requireVersion(call, row.version);
    const keyIds = await keys.revokeAll(tx, { organizationId, teamId: id }, now);
    await serviceAccounts.deleteOfTeam(tx, { organizationId, teamId: id }, now);
    await teams.markDeleted(tx, row, now);
    await record({ ...eventOf(row), action: 'team.delete', before: { name: row.name, keys_revoked: keyIds }, after: null });
    touch({ organizationIds: [organizationId], keyIds });
  });
}

function eventOf(row: TeamRow) {
  return { organizationId: row.organizationId, objectType: 'team', objectId: row.id, objectName: row.name };
}
