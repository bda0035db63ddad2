import { z } from 'zod';
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import { ORGANIZATION_ROLES, type RoleGrant, TEAM_ROLES } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import * as mappings from '../../store/identity/group-mappings.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import { MAPPINGS_MAX } from '../../store/identity/managed-roles.ts';
import { pageOfSorted } from '../../store/paging.ts';
import * as teams from '../../store/tenancy/teams.ts';
import type { AdminCall } from '../http/call.ts';
import { change } from '../http/change.ts';
import { id, idParams, instantOut, isoOf } from '../http/fields.ts';
import { listQuery, pageOut } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { requireGrantableRole } from '../people/grant-role.ts';

/** The roles that groups of an identity provider or of the SCIM directory give. Never a role of the platform. */

const mappingOut = z
  .object({
    id: z.string(),
    source: z.string().meta({ description: 'The id of the identity provider, or `scim`.' }),
    value: z.string().meta({ description: 'The value of the claim, or the id of the SCIM group.' }),
    group_name: z
      .string()
      .nullable()
      .meta({ description: 'The name of the SCIM group. Null for a value of a claim, and if the directory has no such group.' }),
    role: z.enum(ORGANIZATION_ROLES).nullable(),
    team_id: z.string().nullable(),
    team_name: z.string().nullable(),
    team_role: z.enum(TEAM_ROLES).nullable(),
    created_at: instantOut,
  })
  .meta({ id: 'GroupMapping', description: 'A group whose people get a role.' });

const createBody = z
  .strictObject({
    source: text(64, 1).meta({ description: 'The id of an identity provider of the organization, or `scim`.' }),
    value: text(1_000, 1).meta({ description: 'The value of the claim, or the id of the SCIM group. Compared exactly.' }),
    role: z.enum(ORGANIZATION_ROLES).nullish(),
    team_id: id.nullish(),
    team_role: z.enum(TEAM_ROLES).nullish(),
  })
  .meta({ description: 'Either `role`, or `team_id` with `team_role`.' });
type CreateBody = z.output<typeof createBody>;

export const list = route({
  summary: 'List group mappings',
  description: `Returns the mappings of an organization, oldest first. There are at most ${MAPPINGS_MAX}.`,
  permission: 'directory.manage',
  params: idParams,
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    source: text(64).optional().meta({ description: 'The id of an identity provider, or `scim`.' }),
  }),
  response: pageOut(mappingOut),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const rows = await mappings.list(call.deps.db, { organizationId, source: call.query.source });
    const page = pageOfSorted('group-mappings', rows, call.query, (row) => row.id);
    return { data: page.rows.map(view), next_cursor: page.nextCursor, total: rows.length };
  },
});

export const create = route({
  summary: 'Add a group mapping',
  description:
    'Gives the people of a group a role from their next sign-in, or within about a minute if it is of the SCIM directory. You must be able to give that role yourself. A role that a person gave is never changed. Where a group of the directory gives a role, a sign-in neither changes nor takes it.',
  permission: 'directory.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: mappingOut,
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const grant = grantOf(call.body, organizationId);
    requireGrantableRole(call, grant, 'teamId' in grant ? '/team_role' : '/role');
    const added = await change(call, async ({ tx, now, record }) => {
      await lockLiving(tx, organizationId);
      await requireSource(tx, organizationId, call.body.source);
      await requireTeam(tx, grant);
      if ((await mappings.countOf(tx, organizationId)) >= MAPPINGS_MAX)
        throw conflict(`This organization has ${MAPPINGS_MAX} group mappings, the most allowed. Delete one first.`);
      const row = await mappings.insert(tx, {
        organizationId,
        id: newId('map', now.getTime()),
        ...{ source: call.body.source, value: call.body.value },
        ...placeColumns(grant),
        createdBy: call.actor.id,
        createdAt: now,
      });
      if (row === null) throw conflict('This group has a mapping to the same place already. Delete that one first.');
      const shown = await mappings.find(tx, row);
      if (shown === null) throw new Error('a group mapping that was just added is missing');
      await record({ ...eventOf(shown), action: 'group_mapping.create', before: null, after: audited(shown) });
      return shown;
    });
    return view(added);
  },
});

export const remove = route({
  summary: 'Delete a group mapping',
  description:
    'People who have the role by it lose it at their next sign-in, or within about a minute if it is of the SCIM directory.',
  permission: 'directory.manage',
  params: z.object({ id, mapping_id: id }),
  status: 204,
  response: z.void(),
  load: loadMapping,
  handle: async (call, row) => {
    const { role, teamId, teamRole } = row;
    const grant = grantOf({ role, team_id: teamId, team_role: teamRole }, row.organizationId);
    requireGrantableRole(call, grant, '');
    await change(call, async ({ tx, record }) => {
      if (!(await mappings.remove(tx, row))) throw notFound('group mapping');
      await record({ ...eventOf(row), action: 'group_mapping.delete', before: audited(row), after: null });
    });
    return undefined;
  },
});

async function loadMapping(
  call: AdminCall<{ readonly id: string; readonly mapping_id: string }, unknown, unknown>,
): Promise<Loaded<mappings.ShownMapping>> {
  const { id: organizationId } = await load.findOrganization(call, call.params.id);
  const row = await mappings.find(call.deps.db, { organizationId, id: call.params.mapping_id });
  if (row === null) throw notFound('group mapping');
  return { place: { organizationId }, object: row };
}

/** Returns what a mapping gives. Throws 400 unless it names exactly one place. */
function grantOf(
  { role, team_id: teamId, team_role: teamRole }: Pick<CreateBody, 'role' | 'team_id' | 'team_role'>,
  organizationId: string,
): Exclude<RoleGrant, { readonly role: 'platform_admin' | 'platform_auditor' }> {
  if (role != null && teamId == null && teamRole == null) return { role, organizationId };
  if (role == null && teamId != null && teamRole != null) return { role: teamRole, organizationId, teamId };
  throw invalid('/role', 'must be sent alone, or `team_id` and `team_role` instead of it');
}

type Grant = ReturnType<typeof grantOf>;

function placeColumns(grant: Grant): Pick<mappings.MappingRow, 'role' | 'teamId' | 'teamRole'> {
  if ('teamId' in grant) return { role: null, teamId: grant.teamId, teamRole: grant.role };
  return { role: grant.role, teamId: null, teamRole: null };
}

/** Throws 400 if the source is no identity provider of the organization. */
async function requireSource(tx: Parameters<typeof mappings.countOf>[0], organizationId: string, source: string): Promise<void> {
  if (source === DIRECTORY || (await providers.find(tx, { organizationId, id: source })) !== null) return;
  throw invalid('/source', 'must be the id of an identity provider of this organization, or `scim`');
}

async function requireTeam(tx: Parameters<typeof mappings.countOf>[0], grant: Grant): Promise<void> {
  if (!('teamId' in grant)) return;
  const team = await teams.find(tx, { organizationId: grant.organizationId, id: grant.teamId });
  if (team === null) throw invalid('/team_id', 'must be a team of this organization');
}

function facts({ source, value, role, teamId, teamRole }: mappings.MappingRow) {
  return { source, value, role, team_id: teamId, team_role: teamRole };
}

/** Returns a mapping for the audit log, which people read after the group or the team is gone. */
function audited(row: mappings.ShownMapping) {
  return { ...facts(row), group_name: row.groupName, team_name: row.teamName };
}

function eventOf(row: mappings.ShownMapping) {
  const objectName = row.groupName ?? row.value;
  return { organizationId: row.organizationId, objectType: 'group_mapping', objectId: row.id, objectName };
}

function view(row: mappings.ShownMapping): z.output<typeof mappingOut> {
  return {
    ...{ id: row.id, ...facts(row), group_name: row.groupName, team_name: row.teamName },
    created_at: isoOf(row.createdAt),
  };
}
