import { z } from 'zod';
import { can, PERMISSIONS } from '../../domain/tenancy/permission.ts';
import type { AdminCall } from '../http/call.ts';
import { id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { nearestRoles, peopleOut, peopleWith, rolesOut } from './role-people.ts';

/** Tells callers who can do what they may not. */

const query = z.strictObject({
  permission: z.enum(PERMISSIONS),
  organization_id: id.optional().meta({ description: 'The organization of the object. Default: the platform.' }),
  team_id: id.optional().meta({ description: 'The team of the object, in the organization.' }),
});
type Query = z.output<typeof query>;

interface Asked {
  readonly organizationId: string | null;
  readonly teamId?: string;
}

export const read = route({
  summary: 'Get who can do something',
  description:
    'Returns the roles that hold a permission on the platform, in an organization or in a team, and the people with these roles whom the caller may see.',
  permission: 'organization.read',
  query,
  response: z.object({ allowed: z.boolean(), roles: rolesOut, people: peopleOut }).meta({ id: 'WhoCan' }),
  load: loadAsked,
  handle: async (call, place) => {
    const { permission } = call.query;
    const allowed = can(call.actor, permission, place);
    const roles = nearestRoles(permission, place);
    return { allowed, roles: [...roles], people: allowed ? null : await peopleWith(call, roles, place) };
  },
});

async function loadAsked(call: AdminCall<unknown, Query, unknown>): Promise<Loaded<Asked>> {
  const { organization_id: organizationId, team_id: teamId } = call.query;
  if (organizationId === undefined) {
    if (teamId !== undefined) throw invalid('?team_id', 'needs `organization_id`');
    return { place: { anywhereIn: 'platform' }, object: { organizationId: null } };
  }
  await load.findOrganization(call, organizationId);
  const place = { anywhereIn: { organizationId } };
  if (teamId === undefined) return { place, object: { organizationId } };
  const team = await load.findTeam(call, teamId);
  if (team.organizationId !== organizationId) throw invalid('?team_id', 'must be a team of the organization');
  return { place, object: { organizationId, teamId } };
}
