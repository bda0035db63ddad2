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
import { lacks, never } from '../http/schemas.ts';
import { accessCatalogue, choice, grants, INHERITED, NOTHING_GRANTED, patchedChoice, patchedGrants } from './access-fields.ts';
import { levelsAbove } from './parent-access.ts';
import { targetType } from './target-view.ts';

/** Previews a choice of access before it is saved, for the forms of every level. */

const SHOWN_MAX = 200;
const level = z.enum(['organization', 'team', 'user', 'key']);

/** The shape of a body with one of these modes at one of these levels. */
function withMode(levels: readonly string[], modes: readonly string[]) {
  return {
    properties: {
      level: { enum: levels },
      asset_access: { type: 'object', required: ['mode'], properties: { mode: { enum: modes } } },
    },
  };
}

const body = z
  .strictObject({
    level,
    organization_id: id.optional().meta({ description: 'The organization. Absent for one that is not created yet.' }),
    team_id: id.optional().meta({ description: 'The team of the key. Only for level `key`.' }),
    member_id: id.optional().meta({ description: 'The member who owns the key. Only for level `key`.' }),
    asset_access: z.union([grants, choice]),
  })
  .meta(
    never(
      { properties: { level: { enum: ['team', 'user', 'key'] } }, ...lacks('organization_id') },
      withMode(['team', 'user', 'key'], ['all', 'selected']),
      withMode(['organization'], ['inherit', 'restrict']),
    ),
  );
type Body = z.output<typeof body>;

const previewOut = z
  .object({
    count: z.int(),
    targets: z.array(z.object({ name: z.string(), type: targetType, through: z.string(), access_group: z.string().nullable() })),
    outside_count: z.int(),
    outside: z
      .array(z.object({ name: z.string(), type: targetType, removed_by: level }))
      .meta({ description: 'Targets that the levels above do not allow, each with the level that removes it.' }),
  })
  .meta({ id: 'AccessPreview', description: 'Each list has at most 200 entries, sorted by name. The counts are exact.' });

export const preview = route({
  summary: 'Preview a choice of access',
  description:
    'Stores nothing. A preview at the level `organization` needs platform.read, because it covers the whole catalogue. Naming a team or a member needs teams.read there.',
  permission: 'organization.read',
  takesReason: false,
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

/** Throws 403 if the answer would tell more than the caller may read: the catalogue, or the access of a team or a member. */
function requireReadable({ actor, body }: AdminCall<unknown, unknown, Body>, place: PermissionObject): void {
  if (body.level === 'organization') authorize(actor, 'platform.read', PLATFORM);
  if (body.team_id !== undefined || body.member_id !== undefined) authorize(actor, 'teams.read', place);
}

/**
 * Loads the place of the choice. Throws 404 for another tenant's organization, team or member, and for a team or member outside
 * the named organization.
 */
async function loadParent(call: AdminCall<unknown, unknown, Body>): Promise<Loaded<PermissionObject>> {
  const { organization_id: organizationId, team_id: teamId, member_id: memberId, level } = call.body;
  if (organizationId === undefined) {
    if (level !== 'organization') throw invalid('/organization_id', 'is required for the levels below the organization');
    return { place: PLATFORM, object: PLATFORM };
  }
  await load.findOrganization(call, organizationId);
  if (teamId !== undefined && (await teams.find(call.deps.db, { organizationId, id: teamId })) === null) throw notFound('team');
  const member = memberId === undefined ? null : await memberships.find(call.deps.db, { organizationId, id: memberId });
  if (memberId !== undefined && member === null) throw notFound('member');
  const place = { organizationId, ...(await teamOf(call, member)), ownerAccountId: member?.accountId ?? null };
  return { place, object: place };
}

/** Returns the named team, but not if a member is named who is not in it: a team admin must not read other members through it. */
async function teamOf(
  { body: { organization_id: organizationId = '', team_id: teamId }, deps }: AdminCall<unknown, unknown, Body>,
  member: memberships.Member | null,
): Promise<{ readonly teamId?: string }> {
  if (teamId === undefined) return {};
  if (member === null) return { teamId };
  const theirs = (await memberships.teamsOf(deps.db, [organizationId], [member.id])).get(member.id) ?? [];
  return theirs.some((team) => team.teamId === teamId) ? { teamId } : {};
}

/**
 * Returns the stored access of the levels above, and the wanted choice at its own level. Throws 400 for a mode of another level.
 */
async function levelsOf(call: AdminCall<unknown, unknown, Body>): Promise<AccessLevels> {
  const { organization_id: organizationId, team_id: teamId, member_id: membershipId, level, asset_access: wanted } = call.body;
  const isGrant = wanted.mode === 'all' || wanted.mode === 'selected';
  if (wanted.mode !== undefined && isGrant !== (level === 'organization')) {
    throw invalid(
      '/asset_access/mode',
      `must be ${level === 'organization' ? '"all" or "selected"' : '"inherit" or "restrict"'} at the level "${level}"`,
    );
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

/**
 * Renders the preview. Unless the caller reads the platform, it leaves out targets that the organization is not granted, so that
 * a tenant cannot learn their names.
 */
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
