import { describe, expect, test } from 'vitest';
import { ROLES } from '../../../test/support/tenants.ts';
import {
  can,
  canGrantRole,
  capabilitiesOf,
  PERMISSIONS,
  type Permission,
  type PermissionActor,
  type PermissionObject,
  type Role,
  type RoleGrant,
  reachOf,
  rolesThatGrant,
} from './permission.ts';

const ME = 'acct_me';

function grantOf(role: Role, organizationId = 'org_1', teamId = 'team_1'): RoleGrant {
  if (role === 'platform_admin' || role === 'platform_auditor') return { role };
  if (role === 'team_admin' || role === 'team_developer' || role === 'team_viewer') return { role, organizationId, teamId };
  return { role, organizationId };
}

const actor = (role: Role, accountId: string | null = ME): PermissionActor => ({ roles: [grantOf(role)], accountId });

const PLACES = {
  platform: { organizationId: null },
  organization: { organizationId: 'org_1' },
  ownTeam: { organizationId: 'org_1', teamId: 'team_1', ownerAccountId: 'acct_other' },
  otherTeam: { organizationId: 'org_1', teamId: 'team_2', ownerAccountId: 'acct_other' },
  ownKey: { organizationId: 'org_1', teamId: 'team_1', ownerAccountId: ME },
  ownElsewhere: { organizationId: 'org_1', teamId: 'team_2', ownerAccountId: ME },
  otherTenant: { organizationId: 'org_2', teamId: 'team_9', ownerAccountId: 'acct_other' },
} as const satisfies Record<string, PermissionObject>;

/** Permission, place, and then one cell per column: y may, n may not. */
const MATRIX: readonly (readonly [Permission, keyof typeof PLACES, string])[] = [
  //                                              pa au ow ad bi ar me ta td tv
  ['organizations.create', 'platform', /*     */ 'y  n  n  n  n  n  n  n  n  n'],
  ['organizations.lifecycle', 'organization', /**/ 'y  n  n  n  n  n  n  n  n  n'],
  ['organizations.cap', 'organization', /*    */ 'y  n  n  n  n  n  n  n  n  n'],
  ['catalogue.manage', 'platform', /*         */ 'y  n  n  n  n  n  n  n  n  n'],
  ['settings.manage', 'platform', /*          */ 'y  n  n  n  n  n  n  n  n  n'],
  ['accounts.manage', 'platform', /*          */ 'y  n  n  n  n  n  n  n  n  n'],
  ['platform.read', 'platform', /*            */ 'y  y  n  n  n  n  n  n  n  n'],
  ['audit_policy.change', 'organization', /*  */ 'y  n  y  n  n  n  n  n  n  n'],
  ['organization.read', 'organization', /*    */ 'y  y  y  y  y  y  y  n  n  n'],
  ['organization.read', 'ownTeam', /*         */ 'y  y  y  y  y  y  y  y  y  y'],
  ['organization.read', 'otherTeam', /*       */ 'y  y  y  y  y  y  y  n  n  n'],
  ['organization.profile', 'organization', /* */ 'y  n  y  y  n  n  n  n  n  n'],
  ['members.manage', 'organization', /*       */ 'y  n  y  y  n  n  n  n  n  n'],
  ['member_limits.change', 'organization', /* */ 'y  n  y  y  n  n  n  n  n  n'],
  ['admin_tokens.manage', 'organization', /*  */ 'y  n  y  y  n  n  n  n  n  n'],
  ['webhooks.manage', 'platform', /*          */ 'y  n  n  n  n  n  n  n  n  n'],
  ['webhooks.manage', 'organization', /*      */ 'y  n  y  y  n  n  n  n  n  n'],
  ['own_providers.manage', 'platform', /*     */ 'y  n  n  n  n  n  n  n  n  n'],
  ['identity.manage', 'organization', /*     */ 'y  n  y  n  n  n  n  n  n  n'],
  ['directory.manage', 'organization', /*    */ 'y  n  y  y  n  n  n  n  n  n'],
  ['trust.manage', 'organization', /*        */ 'y  n  y  y  n  n  n  n  n  n'],
  ['own_providers.manage', 'organization', /* */ 'y  n  y  y  n  n  n  n  n  n'],
  ['teams.manage', 'ownTeam', /*              */ 'y  n  y  y  n  n  n  n  n  n'],
  ['team_limits.change', 'ownTeam', /*        */ 'y  n  y  y  n  n  n  n  n  n'],
  ['team_access.widen', 'ownTeam', /*         */ 'y  n  y  y  n  n  n  n  n  n'],
  ['service_accounts.manage', 'ownTeam', /*   */ 'y  n  y  y  n  n  n  n  n  n'],
  ['teams.read', 'organization', /*           */ 'y  y  y  y  y  y  n  n  n  n'],
  ['teams.read', 'ownTeam', /*                */ 'y  y  y  y  y  y  n  y  y  y'],
  ['teams.read', 'otherTeam', /*              */ 'y  y  y  y  y  y  n  n  n  n'],
  ['teams.read', 'ownElsewhere', /*           */ 'y  y  y  y  y  y  y  n  n  n'],
  ['keys.manage', 'ownTeam', /*               */ 'y  n  y  y  n  n  n  y  n  n'],
  ['keys.manage', 'otherTeam', /*             */ 'y  n  y  y  n  n  n  n  n  n'],
  ['key_limits.change', 'ownTeam', /*         */ 'y  n  y  y  n  n  n  y  n  n'],
  ['key_limits.change', 'otherTeam', /*       */ 'y  n  y  y  n  n  n  n  n  n'],
  ['keys.manage_own', 'ownKey', /*            */ 'y  n  y  y  n  n  n  y  y  n'],
  ['keys.manage_own', 'ownTeam', /*           */ 'n  n  n  n  n  n  n  n  n  n'],
  ['keys.manage_own', 'ownElsewhere', /*      */ 'y  n  y  y  n  n  n  n  n  n'],
  ['team_members.manage', 'ownTeam', /*       */ 'y  n  y  y  n  n  n  y  n  n'],
  ['team_members.manage', 'otherTeam', /*     */ 'y  n  y  y  n  n  n  n  n  n'],
  ['team_access.narrow', 'ownTeam', /*        */ 'y  n  y  y  n  n  n  y  n  n'],
  ['team_access.narrow', 'otherTeam', /*      */ 'y  n  y  y  n  n  n  n  n  n'],
  ['usage.read', 'organization', /*           */ 'y  y  y  y  y  y  n  n  n  n'],
  ['usage.read', 'ownTeam', /*                */ 'y  y  y  y  y  y  n  y  n  n'],
  ['usage.read', 'otherTeam', /*              */ 'y  y  y  y  y  y  n  n  n  n'],
  ['usage.read', 'ownKey', /*                 */ 'y  y  y  y  y  y  n  y  y  n'],
  ['content.read', 'ownTeam', /*              */ 'y  n  y  n  n  y  n  n  n  n'],
  ['content.read', 'ownKey', /*               */ 'y  n  y  n  n  y  n  n  n  n'],
  ['audit.read', 'organization', /*           */ 'y  y  y  y  n  y  n  n  n  n'],
];

describe('the matrix of roles and permissions, cell by cell', () => {
  test.each(MATRIX)('%s at %s', (permission, place, cells) => {
    const expected = cells.split(/\s+/);
    expect(expected).toHaveLength(ROLES.length);
    expect(ROLES.map((role) => (can(actor(role), permission, PLACES[place]) ? 'y' : 'n'))).toEqual(expected);
  });

  test('every permission has a row', () => {
    expect(new Set(MATRIX.map(([permission]) => permission))).toEqual(new Set(PERMISSIONS));
  });
});

describe('across tenants', () => {
  test.each(ROLES.filter((role) => !role.startsWith('platform')))(
    '%s may do nothing in another organization or to the platform',
    (role) => {
      expect(capabilitiesOf(actor(role), PLACES.otherTenant)).toEqual([]);
      expect(capabilitiesOf(actor(role), { organizationId: 'org_2', teamId: 'team_1', ownerAccountId: ME })).toEqual([]);
      expect(capabilitiesOf(actor(role), PLACES.platform)).toEqual([]);
    },
  );

  test('an actor without roles may do nothing', () => {
    expect(capabilitiesOf({ roles: [], accountId: ME }, PLACES.ownKey)).toEqual([]);
  });
});

describe('own caps', () => {
  // promise: Nobody changes their own user limits or their own key beyond the self-service policy
  test('nobody changes their own user limits or the limits of their own key, whatever their role', () => {
    for (const role of ROLES) {
      expect(can(actor(role), 'member_limits.change', PLACES.ownKey)).toBe(false);
      expect(can(actor(role), 'key_limits.change', PLACES.ownKey)).toBe(false);
    }
    expect(can(actor('team_admin'), 'team_limits.change', PLACES.ownTeam)).toBe(false);
    expect(can(actor('team_admin'), 'team_access.widen', PLACES.ownTeam)).toBe(false);
  });

  test('an organization’s owner cannot lift its cap', () => {
    expect(can(actor('org_owner'), 'organizations.cap', PLACES.organization)).toBe(false);
  });

  test('an admin token owns nothing', () => {
    expect(can(actor('team_developer', null), 'keys.manage_own', PLACES.ownKey)).toBe(false);
    expect(can(actor('org_owner', null), 'member_limits.change', { organizationId: 'org_1', ownerAccountId: null })).toBe(true);
  });
});

describe('granting roles', () => {
  /** Rows grant, columns are granted, all in the same organization and team. */
  test.each<[Role, string]>([
    //                  pa au ow ad bi ar me ta td tv
    ['platform_admin', 'y  y  y  y  y  y  y  y  y  y'],
    ['platform_auditor', 'n  n  n  n  n  n  n  n  n  n'],
    ['org_owner', /* */ 'n  n  y  y  y  y  y  y  y  y'],
    ['org_admin', /* */ 'n  n  n  y  y  n  y  y  y  y'],
    ['org_billing', /**/ 'n  n  n  n  n  n  n  n  n  n'],
    ['org_auditor', /**/ 'n  n  n  n  n  n  n  n  n  n'],
    ['org_member', /**/ 'n  n  n  n  n  n  n  n  n  n'],
    ['team_admin', /**/ 'n  n  n  n  n  n  n  y  y  y'],
    ['team_developer', 'n  n  n  n  n  n  n  n  n  n'],
    ['team_viewer', /**/ 'n  n  n  n  n  n  n  n  n  n'],
  ])('%s grants no role above their own', (role, cells) => {
    expect(ROLES.map((granted) => (canGrantRole(actor(role), grantOf(granted)) ? 'y' : 'n'))).toEqual(cells.split(/\s+/));
  });

  test('nobody grants a role outside their organization or team', () => {
    expect(canGrantRole(actor('org_owner'), grantOf('org_member', 'org_2'))).toBe(false);
    expect(canGrantRole(actor('team_admin'), grantOf('team_viewer', 'org_1', 'team_2'))).toBe(false);
  });

  test.each([
    ['org_member', ['org_admin', 'org_owner', 'platform_admin']],
    ['org_admin', ['org_admin', 'org_owner', 'platform_admin']],
    ['org_auditor', ['org_owner', 'platform_admin']],
    ['org_owner', ['org_owner', 'platform_admin']],
    ['team_viewer', ['team_admin', 'org_admin', 'org_owner', 'platform_admin']],
    ['platform_auditor', ['platform_admin']],
  ] as const)('the role %s is granted by these alone', (role, by) => {
    expect(rolesThatGrant(grantOf(role))).toEqual(by);
  });

  test('who may be granted a role can do nothing their granter cannot', () => {
    for (const granter of ROLES) {
      for (const role of ROLES.filter((granted) => canGrantRole(actor(granter), grantOf(granted)))) {
        for (const place of Object.values(PLACES)) {
          const theirs = capabilitiesOf(actor(granter), place);
          expect(capabilitiesOf(actor(role), place).filter((permission) => !theirs.includes(permission))).toEqual([]);
        }
      }
    }
  });
});

test('a list is filtered to where its permission is held', () => {
  const roles = [
    grantOf('org_billing', 'org_1'),
    grantOf('team_admin', 'org_2', 'team_5'),
    grantOf('team_developer', 'org_3', 'team_6'),
  ];
  expect(reachOf({ roles, accountId: ME }, 'usage.read')).toEqual([
    { is: 'organization', organizationId: 'org_1' },
    { is: 'team', organizationId: 'org_2', teamId: 'team_5' },
    { is: 'own', organizationId: 'org_3', teamId: 'team_6', accountId: ME },
  ]);
  expect(reachOf(actor('platform_auditor'), 'usage.read')).toEqual([{ is: 'everywhere' }]);
  expect(reachOf(actor('org_member'), 'usage.read')).toEqual([]);
});
