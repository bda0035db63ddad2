/**
 * The fixture of the tests of tenancy: three tenants × three teams × every role. It is made over HTTP, so it serves a gateway of its own
 * process and an admin API inside a test alike.
 */
import {
  isPlatformRole,
  ORGANIZATION_ROLES,
  type OrganizationRole,
  PLATFORM_ROLES,
  type Role,
  type RoleGrant,
  TEAM_ROLES,
  type TeamRole,
} from '../../src/domain/tenancy/permission.ts';

/** Every role, in the order of the columns of the tables of tests. */
export const ROLES = [...PLATFORM_ROLES, ...ORGANIZATION_ROLES, ...TEAM_ROLES] as const;

/** A call as a platform admin that returns the body of its answer, and throws unless the status is 2xx. */
// biome-ignore lint/suspicious/noExplicitAny: a test asks for a field by its name, and a wrong one fails the test.
export type Root = (method: string, path: string, body?: unknown) => Promise<any>;

/** One team with an object of each kind that a team holds. */
export interface TeamPlace {
  readonly organizationId: string;
  readonly teamId: string;
  readonly teamName: string;
  readonly serviceAccountId: string;
  /** The key of the service account, with its secret. */
  readonly key: MadeKey;
  /** A person who is a team_developer here and nowhere else, with a key of their own. */
  readonly developer: { readonly accountId: string; readonly memberId: string; readonly email: string; readonly key: MadeKey };
}

interface MadeKey {
  readonly id: string;
  readonly secret: string;
}

/** One organization with three teams. */
export interface Tenant {
  readonly organizationId: string;
  readonly slug: string;
  readonly teams: readonly [TeamPlace, TeamPlace, TeamPlace];
}

export type Tenants = readonly [Tenant, Tenant, Tenant];

/** What objects are made with beside their names. */
export interface TenantSettings {
  readonly organization?: object;
  readonly team?: object;
  readonly key?: object;
}

/** Self-service is on, so that people with a team role may have keys of their own. */
const TEAM = { self_service: { enabled: true, max_keys_per_member: 1_000 } };
const ORGANIZATION = { asset_access: { mode: 'all' } };

let made = 0;

/** Makes the tree. Names are not used by another call in this process. */
export async function makeTenants(root: Root, settings: TenantSettings = {}): Promise<Tenants> {
  return [await makeTenant(root, settings), await makeTenant(root, settings), await makeTenant(root, settings)];
}

/** Makes one organization with three teams. */
export async function makeTenant(root: Root, settings: TenantSettings = {}): Promise<Tenant> {
  made += 1;
  const slug = `tenant-${process.pid}-${made}`;
  const { id } = await root('POST', '/organizations', { slug, name: slug, ...ORGANIZATION, ...settings.organization });
  const team = (nth: number) => makeTeam(root, { organizationId: id, name: `Marker ${slug} ${nth}` }, settings);
  return { organizationId: id, slug, teams: [await team(1), await team(2), await team(3)] };
}

async function makeTeam(
  root: Root,
  { organizationId, name }: { readonly organizationId: string; readonly name: string },
  settings: TenantSettings,
): Promise<TeamPlace> {
  const team = await root('POST', `/organizations/${organizationId}/teams`, { name, ...TEAM, ...settings.team });
  const service = await root('POST', `/teams/${team.id}/service-accounts`, { name: `${name} service` });
  const key = (owner: object, keyName: string) =>
    root('POST', '/keys', { team_id: team.id, name: keyName, owner, ...settings.key }) as Promise<MadeKey>;
  const email = `${name.toLowerCase().replaceAll(' ', '-')}@headgate.test`;
  const account = await root('POST', '/accounts', { email, name: `${name} developer` });
  const member = await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' });
  return {
    organizationId,
    teamId: team.id,
    teamName: name,
    serviceAccountId: service.id,
    key: await key({ service_account_id: service.id }, `${name} key`),
    developer: {
      accountId: account.id,
      memberId: member.member_id,
      email,
      key: await key({ account_id: account.id }, `${name} own key`),
    },
  };
}

/** What a person with the role holds: whoever has a role in a team is a member of its organization too. */
export function grantsOf(
  role: Role,
  { organizationId, teamId }: Pick<TeamPlace, 'organizationId' | 'teamId'>,
): readonly RoleGrant[] {
  if (isPlatformRole(role)) return [{ role }];
  if (!isTeamRole(role)) return [{ role, organizationId }];
  return [
    { role: 'org_member', organizationId },
    { role, organizationId, teamId },
  ];
}

/** The body of an invitation that gives the role. */
export function invitationTo(
  role: Role,
  { organizationId, teamId }: Pick<TeamPlace, 'organizationId' | 'teamId'>,
  email: string,
) {
  if (isPlatformRole(role)) return { email, organization_id: null, role };
  if (!isTeamRole(role)) return { email, organization_id: organizationId, role: role satisfies OrganizationRole };
  return { email, organization_id: organizationId, role: 'org_member', teams: [{ team_id: teamId, role }] };
}

/** Somebody who signed in. */
export interface Person {
  readonly accountId: string;
  readonly email: string;
  /** The session's cookie, as a browser sends it. */
  readonly cookie: string;
}

const PASSWORD = 'correct horse battery 7';

/** Invites a person to the role, accepts as they would, and returns them with their session. `base`: the gateway's address. */
export async function signUp(
  { base, root }: { readonly base: string; readonly root: Root },
  role: Role,
  place: Pick<TeamPlace, 'organizationId' | 'teamId'>,
): Promise<Person> {
  made += 1;
  const email = `${role.replace('_', '.')}.${made}@headgate.test`;
  const invitation = await root('POST', '/invitations', invitationTo(role, place, email));
  const token = new URL(invitation.link).searchParams.get('token');
  const response = await fetch(`${base}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: base },
    body: JSON.stringify({ token, name: role.replace('_', ' '), password: PASSWORD }),
  });
  const cookie = response.headers
    .getSetCookie()
    .find((one) => one.startsWith('headgate_session='))
    ?.split(';')[0];
  if (!response.ok || cookie === undefined)
    throw new Error(`${role} cannot come in: ${response.status} ${await response.text()}`);
  const session = await fetch(`${base}/api/v1/session`, { headers: { cookie } });
  const { account } = (await session.json()) as { account: { id: string } };
  return { accountId: account.id, email, cookie };
}

function isTeamRole(role: Role): role is TeamRole {
  return (TEAM_ROLES as readonly string[]).includes(role);
}
