import { describe, expect, test } from 'vitest';
import { can, PERMISSIONS, type Permission, type Role, type RoleGrant } from './permission.ts';
import { PERMISSION_MEANS, ROLE_PLACES, ROLES_BY_PLACE, type RoleReach, roleTable } from './role-table.ts';

const ROLES = ROLE_PLACES.flatMap((place) => ROLES_BY_PLACE[place].map((role) => ({ place, role })));

function grantOf(role: Role, place: string): RoleGrant {
  if (place === 'platform') return { role } as RoleGrant;
  return { role, organizationId: 'org_1', ...(place === 'team' ? { teamId: 'team_1' } : {}) } as RoleGrant;
}

/** Works the reach out by asking `can` about somebody else's object in the team, beside it, and about one's own. */
function reachByAsking(role: Role, place: string, permission: Permission): RoleReach | null {
  const actor = { roles: [grantOf(role, place)], accountId: 'acct_me' };
  const inTeam = { organizationId: 'org_1', teamId: 'team_1' };
  if (can(actor, permission, { organizationId: 'org_1', teamId: 'team_2', ownerAccountId: 'acct_other' })) return 'all';
  if (can(actor, permission, { ...inTeam, ownerAccountId: 'acct_other' })) return 'own_team';
  return can(actor, permission, { ...inTeam, ownerAccountId: 'acct_me' }) ? 'own' : null;
}

describe('the table of roles', () => {
  test('has a row for each permission and a cell for each role, as `can` decides', () => {
    const table = roleTable();
    expect(table.map(({ permission }) => permission)).toEqual([...PERMISSIONS]);
    for (const { permission, roles } of table) {
      const asked = Object.fromEntries(ROLES.map(({ role, place }) => [role, reachByAsking(role, place, permission)]));
      expect({ permission, roles }).toEqual({ permission, roles: asked });
    }
  });

  test('says in one plain sentence of its own what each permission allows', () => {
    const sentences = Object.values(PERMISSION_MEANS);
    expect(new Set(sentences).size).toBe(PERMISSIONS.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z][^.]{10,130}\.$/);
  });
});
