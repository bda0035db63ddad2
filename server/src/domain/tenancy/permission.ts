/** What may be done on the control plane. Closed: every admin route names one of these. */
export const PERMISSIONS = [
  // The platform's own: whatever sets a tenant's cap, and what all tenants share.
  'organizations.create',
  'organizations.lifecycle', // suspend, reactivate, archive, delete
  'organizations.cap', // limits, budgets and grants of an organization
  'catalogue.manage', // deployments, credentials, models, route groups, access groups, prices
  'settings.manage',
  'accounts.manage',
  'platform.read', // the catalogue, accounts and settings as they are kept
  // One organization's.
  'audit_policy.change',
  'organization.read', // its name, limits and models
  'organization.profile',
  'members.manage',
  'member_limits.change', // the user scope: never one's own
  'admin_tokens.manage',
  'webhooks.manage', // where alerts are sent
  'teams.manage',
  'team_limits.change',
  'team_access.widen',
  'service_accounts.manage',
  // Also one team's.
  'teams.read', // a team's settings, members, service accounts and keys
  'keys.manage',
  'key_limits.change', // never on one's own key
  'keys.manage_own',
  'team_members.manage',
  'team_access.narrow',
  // What may be read.
  'usage.read', // spend, held amounts and the request log
  'content.read',
  'audit.read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const PLATFORM_ROLES = ['platform_admin', 'platform_auditor'] as const;
export const ORGANIZATION_ROLES = ['org_owner', 'org_admin', 'org_billing', 'org_auditor', 'org_member'] as const;
export const TEAM_ROLES = ['team_admin', 'team_developer', 'team_viewer'] as const;
export type PlatformRole = (typeof PLATFORM_ROLES)[number];
export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];
export type TeamRole = (typeof TEAM_ROLES)[number];
export type Role = PlatformRole | OrganizationRole | TeamRole;

/** A role and where it holds. */
export type RoleGrant =
  | { readonly role: PlatformRole }
  | { readonly role: OrganizationRole; readonly organizationId: string }
  | { readonly role: TeamRole; readonly organizationId: string; readonly teamId: string };

/** Who acts on the control plane. `accountId` is null for an admin token, which owns nothing. */
export interface PermissionActor {
  readonly roles: readonly RoleGrant[];
  readonly accountId: string | null;
  /** The accounts of the people behind an admin token: what they may not change of their own, it may not change either. */
  readonly standsFor?: readonly string[];
  readonly narrowing?: Narrowing | null;
}

/** What an actor keeps of its roles. Null: all permissions; all organizations, and the platform. */
export interface Narrowing {
  readonly permissions: readonly Permission[] | null;
  readonly organizationIds: readonly string[] | null;
}

/** Where the thing acted on lies. `ownerAccountId`: the person whose key, request or membership it is. */
export interface PermissionObject {
  /** Null for what belongs to the platform. */
  readonly organizationId: string | null;
  readonly teamId?: string | null;
  readonly ownerAccountId?: string | null;
}

/** A part of the tree in which an actor holds a permission: what a list may show. */
export type Reach =
  | { readonly is: 'everywhere' }
  | { readonly is: 'organization'; readonly organizationId: string }
  | { readonly is: 'team'; readonly organizationId: string; readonly teamId: string }
  /** Only what the account owns, in the team when one is named. */
  | { readonly is: 'own'; readonly organizationId: string | null; readonly teamId: string | null; readonly accountId: string };

/** The one question: may this actor do this to that? */
export function can(actor: PermissionActor, permission: Permission, object: PermissionObject): boolean {
  if (NEVER_ONES_OWN.has(permission) && isOwn(actor, object)) return false;
  if (!keeps(actor.narrowing, permission, object.organizationId)) return false;
  return actor.roles.some((grant) => {
    const reach = reachOfGrant(grant, permission, actor.accountId);
    return reach !== null && covers(reach, object);
  });
}

/** Everything the actor may do to that, in the order of PERMISSIONS: what read models carry as `capabilities`. */
export function capabilitiesOf(actor: PermissionActor, object: PermissionObject): readonly Permission[] {
  return PERMISSIONS.filter((permission) => can(actor, permission, object));
}

/** Where the actor holds the permission: a list's filter. Empty: nowhere. */
export function reachOf(actor: PermissionActor, permission: Permission): readonly Reach[] {
  return actor.roles.flatMap((grant) => {
    const reach = reachOfGrant(grant, permission, actor.accountId);
    return reach === null ? [] : narrowed(reach, permission, actor.narrowing);
  });
}

/**
 * Whether the actor may give or take this role there. Nobody grants a role above their own: everything the role may do, and as widely,
 * the actor must be able to do. (So an org_admin, who may not read content, makes no org_auditor, who may.)
 */
export function canGrantRole(actor: PermissionActor, grant: RoleGrant): boolean {
  const object = {
    organizationId: 'organizationId' in grant ? grant.organizationId : null,
    teamId: 'teamId' in grant ? grant.teamId : null,
  };
  return can(actor, managingPermission(grant), object) && coversRole(actor, grant);
}

/** Whether the actor may do everything that the role may do there, and as widely. */
export function coversRole(actor: PermissionActor, grant: RoleGrant): boolean {
  const organizationId = 'organizationId' in grant ? grant.organizationId : null;
  const wanted = Object.entries(ROLE_PERMISSIONS[grant.role]) as [Permission, Width][];
  return wanted.every(
    ([permission, width]) =>
      keeps(actor.narrowing, permission, organizationId) && actor.roles.some((own) => grantCovers(own, permission, width, grant)),
  );
}

/** How far a role's permission goes within the place its role is held in. */
type Width = 'all' | 'own';

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
    'teams.manage',
    'team_limits.change',
  ),
  ...all('team_access.widen', 'service_accounts.manage', 'audit.read'),
};

/** The matrix of the interface description, role by role. */
const ROLE_PERMISSIONS: Readonly<Record<Role, RolePermissions>> = {
  platform_admin: { ...all(...PERMISSIONS), 'keys.manage_own': 'own' },
  platform_auditor: all('platform.read', 'organization.read', 'teams.read', 'usage.read', 'audit.read'),
  org_owner: { ...ORG_ADMIN, ...all('audit_policy.change', 'content.read') },
  org_admin: ORG_ADMIN,
  org_billing: all('organization.read', 'teams.read', 'usage.read'),
  org_auditor: all('organization.read', 'teams.read', 'usage.read', 'content.read', 'audit.read'),
  // Their own membership and keys; the teams they are in are read by their role in each.
  org_member: { ...all('organization.read'), 'teams.read': 'own' },
  team_admin: TEAM_ADMIN,
  team_developer: { ...all('organization.read', 'teams.read'), 'keys.manage_own': 'own', 'usage.read': 'own' },
  team_viewer: all('organization.read', 'teams.read'),
};

/** What the role may do at all, in the order of PERMISSIONS. */
export function permissionsOfRole(role: Role): readonly Permission[] {
  return PERMISSIONS.filter((permission) => ROLE_PERMISSIONS[role][permission] !== undefined);
}

/** Nobody changes their own caps, whatever their role. */
const NEVER_ONES_OWN: ReadonlySet<Permission> = new Set<Permission>(['member_limits.change', 'key_limits.change']);

/** Whether the object is the actor's, or belongs to somebody behind the actor. */
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

/** What is left of a reach: one into everything becomes one into each organization that is kept. */
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

/** Whether one of the actor's own roles holds the permission at least as widely as the role to be granted would. */
function grantCovers(own: RoleGrant, permission: Permission, width: Width, wanted: RoleGrant): boolean {
  const held = ROLE_PERMISSIONS[own.role][permission];
  if (held === undefined || (held === 'own' && width === 'all')) return false;
  if ('organizationId' in own && !('organizationId' in wanted && wanted.organizationId === own.organizationId)) return false;
  return !('teamId' in own) || ('teamId' in wanted && wanted.teamId === own.teamId);
}
