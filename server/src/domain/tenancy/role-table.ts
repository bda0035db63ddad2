import {
  ORGANIZATION_ROLES,
  PERMISSIONS,
  type Permission,
  PLATFORM_ROLES,
  type Role,
  TEAM_ROLES,
  widthOf,
} from './permission.ts';

/** What each role may do, as a table for people. The document, the API and the console all show this one. */

/** A sentence about each permission: what it allows. The compiler asks for a new one. */
export const PERMISSION_MEANS: Readonly<Record<Permission, string>> = {
  'organizations.create': 'Creates organizations, and changes the templates for new ones.',
  'organizations.lifecycle': 'Suspends, reactivates, archives and deletes organizations.',
  'organizations.cap': 'Changes the limits, budgets, models and time zone of an organization, which is its cap.',
  'catalogue.manage':
    'Changes what the platform offers: credentials, deployments, models, route groups, access groups and prices.',
  'settings.manage': 'Runs the installation’s background jobs by hand.',
  'accounts.manage': 'Creates, disables and deletes accounts, proves their addresses, and gives platform roles.',
  'platform.read': 'Reads the catalogue, the accounts and the settings of the installation.',
  'audit_policy.change':
    'Decides what an organization stores of its requests, and what its keys share: content, answers, files, batches, cache.',
  'organization.read': 'Reads an organization’s name, limits and models.',
  'organization.profile': 'Changes an organization’s name, slug and metadata.',
  'members.manage': 'Invites, changes and removes members, and gives roles in the organization up to one’s own.',
  'member_limits.change': 'Changes the limits, budgets and models of members, but never one’s own.',
  'admin_tokens.manage': 'Creates, changes and revokes tokens of the admin API.',
  'webhooks.manage': 'Changes webhooks and alert rules, and so where alerts are sent.',
  'own_providers.manage': 'Changes the credentials and deployments that the organization brings itself.',
  'identity.manage':
    'Changes how people sign in: domains, identity providers, sign-in policy, allowed logins and what logins bring along.',
  'directory.manage': 'Connects a SCIM directory, and decides which groups give which roles.',
  'trust.manage': 'Changes whose tokens are trusted, and which workloads get keys for them.',
  'teams.manage': 'Creates, renames, archives and deletes teams, and changes their self-service policy.',
  'team_limits.change': 'Changes the limits, budgets and tags of teams.',
  'team_access.widen': 'Lets a team call more models.',
  'service_accounts.manage': 'Creates, changes and deletes service accounts of teams.',
  'teams.read': 'Reads a team’s settings, members, service accounts and keys.',
  'keys.manage': 'Creates, rotates, moves and revokes keys of anybody.',
  'key_limits.change': 'Changes the limits, budgets and models of keys, but never of one’s own.',
  'keys.manage_own': 'Creates and revokes keys and logins for oneself, within the team’s self-service policy.',
  'team_members.manage': 'Adds and removes members of a team, and gives roles in it up to one’s own.',
  'team_access.narrow': 'Lets a team call fewer models.',
  'usage.read': 'Reads spend, held amounts and the request log, without content.',
  'content.read': 'Reads the stored content of requests and answers.',
  'audit.read': 'Reads the audit log and the security findings.',
};

/** The places in which roles are held. */
export const ROLE_PLACES = ['platform', 'organization', 'team'] as const;
export type RolePlace = (typeof ROLE_PLACES)[number];

export const ROLES_BY_PLACE: Readonly<Record<RolePlace, readonly Role[]>> = {
  platform: PLATFORM_ROLES,
  organization: ORGANIZATION_ROLES,
  team: TEAM_ROLES,
};

/**
 * The reach of a permission that a role gives. `all`: everything in the role's place, which is the platform with every organization,
 * or one organization. `own_team`: everything in the team of the role. `own`: only what belongs to the person.
 */
export const ROLE_REACHES = ['all', 'own_team', 'own'] as const;
export type RoleReach = (typeof ROLE_REACHES)[number];

interface RoleTableRow {
  readonly permission: Permission;
  readonly means: string;
  /** Null: the role does not have the permission. */
  readonly roles: Readonly<Record<Role, RoleReach | null>>;
}

/** Returns a row for each permission, in the order of PERMISSIONS. */
export function roleTable(): readonly RoleTableRow[] {
  return PERMISSIONS.map((permission) => ({
    permission,
    means: PERMISSION_MEANS[permission],
    roles: Object.fromEntries(
      ROLE_PLACES.flatMap((place) => ROLES_BY_PLACE[place].map((role) => [role, reachIn(place, role, permission)])),
    ) as Record<Role, RoleReach | null>,
  }));
}

function reachIn(place: RolePlace, role: Role, permission: Permission): RoleReach | null {
  const width = widthOf(role, permission);
  return width === 'all' && place === 'team' ? 'own_team' : width;
}
