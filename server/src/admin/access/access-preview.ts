import { z } from 'zod';
import { type AccessLevels, explainTarget, reaches } from '../../domain/access/access.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import { can, type PermissionObject } from '../../domain/tenancy/permission.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { authorize } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { accessCatalogue, choice, grants, INHERITED, NOTHING_GRANTED, patchedChoice, patchedGrants } from './access-fields.ts';
import { levelsAbove } from './parent-access.ts';
import { targetType } from './target-view.ts';

/** What a choice of access would come to, before it is made: for the forms of every level. */

const SHOWN_MAX = 200;
const level = z.enum(['organization', 'team', 'user', 'key']);

const body = z.strictObject({
  level,
  organization_id: id.optional().meta({ description: 'Absent: an organization that is not created yet.' }),
  team_id: id.optional().meta({ description: 'Of a key: the team it is in.' }),
  member_id: id.optional().meta({ description: 'Of a key: the member who owns it.' }),
  asset_access: z.union([grants, choice]),
});
type Body = z.output<typeof body>;

const previewOut = z
  .object({
    count: z.int(),
    targets: z.array(z.object({ name: z.string(), type: targetType, through: z.string(), access_group: z.string().nullable() })),
    outside_count: z.int(),
    outside: z
      .array(z.object({ name: z.string(), type: targetType, removed_by: level }))
      .meta({ description: 'What the levels above do not let through, with the level that removed it.' }),
  })
  .meta({ id: 'AccessPreview', description: 'Lists hold at most 200, by name; the counts are exact.' });

export const preview = route({
  summary: 'Count what a choice of access lets through, without making it',
  description:
    'Grants of an organization are chosen from the whole catalogue, so their preview is the platform’s. To name a team or a member needs teams.read there.',
  permission: 'organization.read',
  body,
  response: previewOut,
  load: loadParent,
  handle: async (call, place) => {
    requireReadable(call, place);
    const catalogue = await accessCatalogue(call.deps.db);
    const levels = await levelsOf(call);
    const seesCatalogue = can(call.actor, 'platform.read', PLATFORM);
    return renderPreview(call.body.level, levels, catalogue, seesCatalogue);
  },
});

const PLATFORM = { organizationId: null };

/** Throws 403 where the answer would tell more than the caller may read: the catalogue, or the access of a team or a person. */
function requireReadable({ actor, body }: AdminCall<unknown, unknown, Body>, place: PermissionObject): void {
  if (body.level === 'organization') authorize(actor, 'platform.read', PLATFORM);
  if (body.team_id !== undefined || body.member_id !== undefined) authorize(actor, 'teams.read', place);
}

/** Another tenant's organization, team and member are 404, as is a team or member of another organization than the one named. */
async function loadParent(call: AdminCall<unknown, unknown, Body>): Promise<Loaded<PermissionObject>> {
  const { organization_id: organizationId, team_id: teamId, member_id: memberId, level } = call.body;
  if (organizationId === undefined) {
    if (level !== 'organization') throw invalid('/organization_id', 'say in which organization');
    return { place: PLATFORM, object: PLATFORM };
  }
  await load.findOrganization(call, organizationId);
  if (teamId !== undefined && (await teams.find(call.deps.db, { organizationId, id: teamId })) === null) throw notFound('team');
  const member = memberId === undefined ? null : await memberships.find(call.deps.db, { organizationId, id: memberId });
  if (memberId !== undefined && member === null) throw notFound('member');
  const place = { organizationId, ...(await teamOf(call, member)), ownerAccountId: member?.accountId ?? null };
  return { place, object: place };
}

/** The named team, unless a member is named who is not in it: then the team is no way to read the member. */
async function teamOf(
  { body: { organization_id: organizationId = '', team_id: teamId }, deps }: AdminCall<unknown, unknown, Body>,
  member: memberships.Member | null,
): Promise<{ readonly teamId?: string }> {
  if (teamId === undefined) return {};
  if (member === null) return { teamId };
  const theirs = (await memberships.teamsOf(deps.db, [organizationId], [member.id])).get(member.id) ?? [];
  return theirs.some((team) => team.teamId === teamId) ? { teamId } : {};
}

/** The levels above as they are stored, and the wanted choice at its own. */
async function levelsOf(call: AdminCall<unknown, unknown, Body>): Promise<AccessLevels> {
  const { organization_id: organizationId, team_id: teamId, member_id: membershipId, level, asset_access: wanted } = call.body;
  const isGrant = wanted.mode === 'all' || wanted.mode === 'selected';
  if (wanted.mode !== undefined && isGrant !== (level === 'organization')) {
    throw invalid('/asset_access/mode', `is not a mode of the level "${level}"`);
  }
  if (level === 'organization') {
    const { mode: _, ...selection } = wanted;
    const mode = isGrant ? { mode: wanted.mode as 'all' | 'selected' } : {};
    return { organization: patchedGrants(NOTHING_GRANTED, { ...selection, ...mode }), team: null, user: null, key: null };
  }
  const above = await levelsAbove(call.deps.db, {
    organizationId: organizationId ?? '',
    ...(level === 'key' ? { teamId: teamId ?? null, membershipId: membershipId ?? null } : {}),
  });
  const { mode: _, ...selection } = wanted;
  const mode = wanted.mode === 'restrict' || wanted.mode === 'inherit' ? { mode: wanted.mode } : {};
  return { ...above, [level]: patchedChoice(INHERITED, { ...selection, ...mode }) };
}

type Level = z.output<typeof level>;

/** A tenant must not learn the names that its organization is not granted. */
function renderPreview(
  own: Level,
  levels: AccessLevels,
  catalogue: Catalogue,
  seesCatalogue: boolean,
): z.output<typeof previewOut> {
  const above: AccessLevels = own === 'organization' ? { ...levels, organization: { mode: 'all' } } : { ...levels, [own]: null };
  const targets: z.output<typeof previewOut>['targets'] = [];
  const outside: z.output<typeof previewOut>['outside'] = [];
  for (const target of [...catalogue.targets.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { steps } = explainTarget(levels, target.name, catalogue);
    const facts = { name: target.name, type: target.kind };
    if (!reaches(above, target)) {
      const removedBy = steps.find(({ through }) => through === null)?.level ?? 'organization';
      if (seesCatalogue || removedBy !== 'organization') outside.push({ ...facts, removed_by: removedBy });
      continue;
    }
    const through = steps.find((step) => step.level === own)?.through ?? null;
    if (through === null) continue;
    targets.push({ ...facts, through: through.is, access_group: through.is === 'access_group' ? through.key : null });
  }
  return {
    count: targets.length,
    targets: targets.slice(0, SHOWN_MAX),
    outside_count: outside.length,
    outside: outside.slice(0, SHOWN_MAX),
  };
}
