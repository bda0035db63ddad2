/** The permissions of the control plane. The list is closed: every admin route names one of these. */
export const PERMISSIONS = [
  // Platform permissions: everything that sets a tenant's cap, and everything that all tenants share.
  'organizations.create',
  'organizations.lifecycle', // suspend, reactivate, archive, delete
  'organizations.cap', // limits, budgets and grants of an organization
  'catalogue.manage', // deployments, credentials, models, route groups, access groups, prices
  'settings.manage',
  'accounts.manage',
  'platform.read', // the catalogue, accounts and settings as they are kept
  // Permissions in one organization.
  'audit_policy.change',
  'organization.read', // its name, limits and models
  'organization.profile',
  'members.manage',
  'member_limits.change', // the user scope: never one's own
  'admin_tokens.manage',
  'webhooks.manage', // where alerts are sent
  'own_providers.manage', // credentials and deployments that the organization brings
  'identity.manage', // domains, identity providers and what a sign-in must show
  'directory.manage', // the SCIM directory and the groups that give roles
  'trust.manage', // issuers of tokens and the rules by which workloads get keys
  'teams.manage',
  'team_limits.change',
  'team_access.widen',
  'service_accounts.manage',
  // Permissions that a team role can hold too.
  'teams.read', // a team's settings, members, service accounts and keys
  'keys.manage',
  'key_limits.change', // never on one's own key
  'keys.manage_own',
  'team_members.manage',
  'team_access.narrow',
  // Permissions to read.
  'usage.read', // spend, held amounts and the request log
  'content.read',
  'audit.read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const PLATFORM_ROLES = ['platform_admin', 'platform_auditor'] as const;
export const ORGANIZATION_ROLES = ['org_owner', 'org_admin', 'org_billing', 'org_auditor', 'org_member'] as const;
export const TEAM_ROLES = ['team_admin', 'team_developer', 'team_viewer'] as const;
/** The roles that an invitation or an admin token can have. A team role needs a membership of its organization first. */
export const ROLES_ABOVE_TEAMS = [...PLATFORM_ROLES, ...ORGANIZATION_ROLES] as const;
export type PlatformRole = (typeof PLATFORM_ROLES)[number];
export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];
export type TeamRole = (typeof TEAM_ROLES)[number];
export type RoleAboveTeams = (typeof ROLES_ABOVE_TEAMS)[number];
export type Role = PlatformRole | OrganizationRole | TeamRole;

export function isPlatformRole(role: string): role is PlatformRole {
  return PLATFORM_ROLES.some((name) => name === role);
}

/** A role and the place where it is held. */
export type RoleGrant =
  | { readonly role: PlatformRole }
  | { readonly role: OrganizationRole; readonly organizationId: string }
  | { readonly role: TeamRole; readonly organizationId: string; readonly teamId: string };

/** Returns the grant of a role in an organization, or on the platform if `organizationId` is null. */
export function grantAboveTeams(held: { readonly role: string; readonly organizationId: string | null }): RoleGrant {
  const { role, organizationId } = held;
  return (organizationId === null ? { role } : { role, organizationId }) as RoleGrant;
}

/** The one who acts on the control plane. `accountId` is null for an admin token, which owns nothing. */
export interface PermissionActor {
  readonly roles: readonly RoleGrant[];
  readonly accountId: string | null;
  /**
   * The accounts of the people behind an admin token. The token may not change anything of theirs that they may not change
   * themselves.
   */
  readonly standsFor?: readonly string[];
  readonly narrowing?: Narrowing | null;
}

/**
 * The part of its roles that an actor may use. `permissions` null: all. `organizationIds` null: all organizations, and the
 * platform.
 */
export interface Narrowing {
  readonly permissions: readonly Permission[] | null;
  readonly organizationIds: readonly string[] | null;
}

/** The place of the thing acted on. `ownerAccountId`: the person who owns the key, request or membership. */
export interface PermissionObject {
  /** Null for what belongs to the platform. */
  readonly organizationId: string | null;
  readonly teamId?: string | null;
  readonly ownerAccountId?: string | null;
}

/** A part of the tree in which an actor holds a permission. A list shows only this part. */
export type Reach =
  | { readonly is: 'everywhere' }
  | { readonly is: 'organization'; readonly organizationId: string }
  | { readonly is: 'team'; readonly organizationId: string; readonly teamId: string }
  /** Only what the account owns, in the team when one is named. */
  | { readonly is: 'own'; readonly organizationId: string | null; readonly teamId: string | null; readonly accountId: string };

/** Reports whether the actor may do this to the object. */
export function can(actor: PermissionActor, permission: Permission, object: PermissionObject): boolean {
  if (NEVER_ONES_OWN.has(permission) && isOwn(actor, object)) return false;
  if (!keeps(actor.narrowing, permission, object.organizationId)) return false;
  return actor.roles.some((grant) => {
    const reach = reachOfGrant(grant, permission, actor.accountId);
    return reach !== null && covers(reach, object);
  });
}

/** Returns everything the actor may do to the object, in the order of PERMISSIONS. Read models return it as `capabilities`. */
export function capabilitiesOf(actor: PermissionActor, object: PermissionObject): readonly Permission[] {
  return PERMISSIONS.filter((permission) => can(actor, permission, object));
}

/** Returns the parts of the tree in which the actor holds the permission, as the filter of a list. Empty: nowhere. */
export function reachOf(actor: PermissionActor, permission: Permission): readonly Reach[] {
  return actor.roles.flatMap((grant) => {
    const reach = reachOfGrant(grant, permission, actor.accountId);
    return reach === null ? [] : narrowed(reach, permission, actor.narrowing);
  });
}

/**
 * Reports whether the actor may give or take this role there. Nobody grants a role above their own: the actor must be able to do
 * everything that the role may do, as widely. (So an org_admin, who may not read content, cannot make an org_auditor, who may.)
 */
export function canGrantRole(actor: PermissionActor, grant: RoleGrant): boolean {
  const object = {
    organizationId: 'organizationId' in grant ? grant.organizationId : null,
    teamId: 'teamId' in grant ? grant.teamId : null,
  };
  return can(actor, managingPermission(grant), object) && coversRole(actor, grant);
}

/** Returns the roles that may give or take this role there, the narrowest first. Errors name them. */
export function rolesThatGrant(grant: RoleGrant): readonly Role[] {
  const organizationId = 'organizationId' in grant ? grant.organizationId : null;
  const teamId = 'teamId' in grant ? grant.teamId : null;
  const held: RoleGrant[] = [];
  if (organizationId !== null && teamId !== null) held.push(...TEAM_ROLES.map((role) => ({ role, organizationId, teamId })));
  if (organizationId !== null) held.push(...ORGANIZATION_ROLES.toReversed().map((role) => ({ role, organizationId })));
  held.push(...PLATFORM_ROLES.map((role) => ({ role })));
  return held.filter((one) => canGrantRole({ roles: [one], accountId: null }, grant)).map(({ role }) => role);
}

/** Reports whether the actor may do everything that the role may do there, as widely. */
export function coversRole(actor: PermissionActor, grant: RoleGrant): boolean {
  const organizationId = 'organizationId' in grant ? grant.organizationId : null;
  const wanted = Object.entries(ROLE_PERMISSIONS[grant.role]) as [Permission, Width][];
  return wanted.every(
    ([permission, width]) =>
      keeps(actor.narrowing, permission, organizationId) && actor.roles.some((own) => grantCovers(own, permission, width, grant)),
  );
}

/** The width of a role's permission in the place where the role is held: everything there, or only the actor's own. */
export type Width = 'all' | 'own';

type RolePermissions = Readonly<Partial<Record<Permission, Width>>>;

function all(...permissions: readonly Permission[]): RolePermissions {
  return Object.fromEntries(permissions.map((permission) => [permission, 'all'] as const));
}

const TEAM_ADMIN: RolePermissions = {
  ...all('organization.read', 'teams.read', 'usage.read'),
  ...all('keys.manage', 'key_limits.change', 'team_members.manage', 'team_access.narrow'),
  'keys.manage_own': 'own',
};

const ORG_ADMIN: RolePermissions = {
  ...TEAM_ADMIN,
  ...all(
    'organization.profile',
    'members.manage',
    'member_limits.change',
    'admin_tokens.manage',
    'webhooks.manage',
    'own_providers.manage',
    'directory.manage',
    'trust.manage',
    'teams.manage',
    'team_limits.change',
  ),
  ...all('team_access.widen', 'service_accounts.manage', 'audit.read'),
};

/** The permissions of each role. */
const ROLE_PERMISSIONS: Readonly<Record<Role, RolePermissions>> = {
  platform_admin: { ...all(...PERMISSIONS), 'keys.manage_own': 'own' },
  platform_auditor: all('platform.read', 'organization.read', 'teams.read', 'usage.read', 'audit.read'),
  org_owner: { ...ORG_ADMIN, ...all('audit_policy.change', 'identity.manage', 'content.read') },
  org_admin: ORG_ADMIN,
  org_billing: all('organization.read', 'teams.read', 'usage.read'),
  org_auditor: all('organization.read', 'teams.read', 'usage.read', 'content.read', 'audit.read'),
  // Only their own membership and keys. Their role in a team decides what they read of it.
  org_member: { ...all('organization.read'), 'teams.read': 'own' },
  team_admin: TEAM_ADMIN,
  team_developer: { ...all('organization.read', 'teams.read'), 'keys.manage_own': 'own', 'usage.read': 'own' },
  team_viewer: all('organization.read', 'teams.read'),
};

/** Returns the permissions of a role of any width, in the order of PERMISSIONS. */
export function permissionsOfRole(role: Role): readonly Permission[] {
  return PERMISSIONS.filter((permission) => ROLE_PERMISSIONS[role][permission] !== undefined);
}

/** Returns how widely a role holds a permission in the place where it is held, or null if it does not. */
export function widthOf(role: Role, permission: Permission): Width | null {
  return ROLE_PERMISSIONS[role][permission] ?? null;
}

/** Returns the roles that hold the permission over everything in their place, widest place first. */
export function rolesHolding(permission: Permission): readonly Role[] {
  const roles: readonly Role[] = [...PLATFORM_ROLES, ...ORGANIZATION_ROLES, ...TEAM_ROLES];
  return roles.filter((role) => ROLE_PERMISSIONS[role][permission] === 'all');
}

/** Permissions that never apply to one's own caps, whatever the role. */
const NEVER_ONES_OWN: ReadonlySet<Permission> = new Set<Permission>(['member_limits.change', 'key_limits.change']);

/** Reports whether the object belongs to the actor, or to a person behind the actor. */
export function isOwn({ accountId, standsFor = [] }: PermissionActor, { ownerAccountId }: PermissionObject): boolean {
  if (ownerAccountId === undefined || ownerAccountId === null) return false;
  return ownerAccountId === accountId || standsFor.includes(ownerAccountId);
}

function keeps(narrowing: Narrowing | null | undefined, permission: Permission, organizationId: string | null): boolean {
  if (narrowing === null || narrowing === undefined) return true;
  const { permissions, organizationIds } = narrowing;
  if (permissions !== null && !permissions.includes(permission)) return false;
  return organizationIds === null || (organizationId !== null && organizationIds.includes(organizationId));
}

/**
 * Returns the part of a reach that the narrowing keeps. A reach over everything becomes one over each organization that is kept.
 */
function narrowed(reach: Reach, permission: Permission, narrowing: Narrowing | null | undefined): readonly Reach[] {
  if (narrowing === null || narrowing === undefined) return [reach];
  if (narrowing.permissions !== null && !narrowing.permissions.includes(permission)) return [];
  const kept = narrowing.organizationIds;
  if (kept === null) return [reach];
  if (reach.is === 'everywhere') return kept.map((organizationId) => ({ is: 'organization', organizationId }));
  return reach.organizationId !== null && kept.includes(reach.organizationId) ? [reach] : [];
}

function reachOfGrant(grant: RoleGrant, permission: Permission, accountId: string | null): Reach | null {
  const width = ROLE_PERMISSIONS[grant.role][permission];
  if (width === undefined) return null;
  const organizationId = 'organizationId' in grant ? grant.organizationId : null;
  const teamId = 'teamId' in grant ? grant.teamId : null;
  if (width === 'own') return accountId === null ? null : { is: 'own', organizationId, teamId, accountId };
  if (organizationId === null) return { is: 'everywhere' };
  return teamId === null ? { is: 'organization', organizationId } : { is: 'team', organizationId, teamId };
}

function covers(reach: Reach, object: PermissionObject): boolean {
  switch (reach.is) {
    case 'everywhere':
      return true;
    case 'organization':
      return object.organizationId === reach.organizationId;
    case 'team':
      return object.organizationId === reach.organizationId && object.teamId === reach.teamId;
    case 'own':
      return (
        object.ownerAccountId === reach.accountId &&
        (reach.organizationId === null || object.organizationId === reach.organizationId) &&
        (reach.teamId === null || object.teamId === reach.teamId)
      );
  }
}

function managingPermission(grant: RoleGrant): Permission {
  if ('teamId' in grant) return 'team_members.manage';
  return 'organizationId' in grant ? 'members.manage' : 'accounts.manage';
}

/** Reports whether one of the actor's own roles holds the permission at least as widely as the granted role would. */
function grantCovers(own: RoleGrant, permission: Permission, width: Width, wanted: RoleGrant): boolean {
  const held = ROLE_PERMISSIONS[own.role][permission];
  if (held === undefined || (held === 'own' && width === 'all')) return false;
  if ('organizationId' in own && !('organizationId' in wanted && wanted.organizationId === own.organizationId)) return false;
  return !('teamId' in own) || ('teamId' in wanted && wanted.teamId === own.teamId);
}
