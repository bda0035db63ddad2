import { z } from 'zod';
import { PERMISSIONS, type Role } from '../../domain/tenancy/permission.ts';
import { ROLE_PLACES, ROLE_REACHES, ROLES_BY_PLACE, roleTable } from '../../domain/tenancy/role-table.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';

/** The table of roles and permissions, for people who choose a role. */

const ROLES = ROLE_PLACES.flatMap((place) => ROLES_BY_PLACE[place]);
const role = z.enum(ROLES as [Role, ...Role[]]);

const roleTableOut = z
  .object({
    roles: z.array(z.object({ role, place: z.enum(ROLE_PLACES).meta({ description: 'The place in which the role is held.' }) })),
    permissions: z.array(
      z.object({
        permission: z.enum(PERMISSIONS),
        means: z.string().meta({ description: 'What the permission allows, in a sentence.' }),
        held_by: z.array(z.object({ role, reach: z.enum(ROLE_REACHES) })).meta({
          description:
            'The roles that have it. `all`: over everything in the place of the role. `own_team`: over everything in the team. `own`: only over what belongs to the person.',
        }),
      }),
    ),
  })
  .meta({ id: 'RoleTable', description: 'What each role may do.' });

export const read = route({
  summary: 'Get what each role may do',
  description: 'Returns every permission with the roles that have it. It is the same for every caller.',
  permission: 'signed_in',
  response: roleTableOut,
  load: load.platform,
  handle: async () => ({
    roles: ROLE_PLACES.flatMap((place) => ROLES_BY_PLACE[place].map((role) => ({ role, place }))),
    permissions: roleTable().map(({ permission, means, roles }) => ({
      permission,
      means,
      held_by: ROLES.flatMap((role) => {
        const reach = roles[role];
        return reach === null ? [] : [{ role, reach }];
      }),
    })),
  }),
});
