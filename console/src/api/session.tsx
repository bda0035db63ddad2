import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext } from 'react';
import { api, asked, Problem, type Schema } from './client.ts';

export type Session = Schema<'Session'>;
export type Permission = Session['platform_capabilities'][number];

/** Loads the session; `null` if nobody is signed in. */
export function useSessionQuery() {
  return useQuery({
    queryKey: ['session'],
    queryFn: async (): Promise<Session | null> => {
      try {
        return await asked(api.GET('/session'));
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
    staleTime: 30_000,
    refetchInterval: 60_000,
  });
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

/** Returns the session. Use it only below the shell, which shows the sign-in to everyone else. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('no session here: this component belongs below the shell');
  return session;
}

/** Returns the public URL of this gateway, without a slash at the end. */
export function useBaseUrl(): string {
  return useSession().public_url.replace(/\/+$/, '');
}

/** True if the person may do something, as the server says; otherwise a sentence that says why not. */
export interface Verdict {
  readonly allowed: boolean;
  readonly reason: string | null;
  /** The permission that is missing and its place, for the names of those who have it. */
  readonly needs?: Needs;
}

/** A permission at a place. `organizationId` null: the platform. */
export interface Needs {
  readonly permission: Permission;
  readonly organizationId: string | null;
  readonly teamId?: string | undefined;
}

/** An object as the API returns it, with what the person may do to it, and its place. */
interface Guarded {
  readonly capabilities: readonly string[];
  readonly id?: string;
  readonly organization_id?: string | null;
  readonly team_id?: string | null;
}

/** The verdict on what nothing forbids. */
export const ALLOWED: Verdict = { allowed: true, reason: null };

/** Returns the verdict on a permission, for the platform or in one organization. The server checks it again. */
export function useCan(permission: Permission, organizationId: string | null = null): Verdict {
  const session = useSession();
  const held =
    organizationId === null
      ? session.platform_capabilities
      : (session.capabilities_by_organization[organizationId] ?? session.platform_capabilities);
  return verdictAt({ permission, organizationId }, held);
}

/** Returns the verdict from an object's own `capabilities`, which include the rights of a team's admin or a key's owner. */
export function verdictOf(permission: Permission, of: Guarded | readonly string[]): Verdict {
  if (!('capabilities' in of)) return of.includes(permission) ? ALLOWED : { allowed: false, reason: reasonFor(permission) };
  return verdictAt({ permission, ...placeOf(of) }, of.capabilities);
}

function verdictAt(needs: Needs, held: readonly string[]): Verdict {
  return held.includes(needs.permission) ? ALLOWED : { allowed: false, reason: reasonFor(needs.permission), needs };
}

/** Returns the place of an object: its organization and its team. An organization and a team are their own place. */
function placeOf({ id = '', organization_id = null, team_id = null }: Guarded): Omit<Needs, 'permission'> {
  return {
    organizationId: organization_id ?? (id.startsWith('org_') ? id : null),
    teamId: team_id ?? (id.startsWith('team_') ? id : undefined),
  };
}

/** Returns true if the person holds the permission anywhere, as a navigation entry or a list needs. */
export function useCanAnywhere(permission: Permission): boolean {
  return useSession().capabilities_anywhere.includes(permission);
}

/** Returns true if the person holds the permission for the platform or a whole organization, as totals over them need. */
export function useCanInWholeOrganizations(permission: Permission): boolean {
  const { platform_capabilities, capabilities_by_organization } = useSession();
  return [platform_capabilities, ...Object.values(capabilities_by_organization)].some((held) => held.includes(permission));
}

/** Reports whether more than one organization is in the person's reach, so that a name alone does not tell whose it is. */
export function useSeveralOrganizations(): boolean {
  const { platform_capabilities, memberships } = useSession();
  return platform_capabilities.includes('organization.read') || memberships.length > 1;
}

/** Returns the person's own organizations for the whole of which they hold the permission. */
export function organizationsWith({ memberships, capabilities_by_organization: held }: Session, permission: Permission) {
  return memberships.filter(({ organization_id }) => held[organization_id]?.includes(permission));
}

const PLATFORM_ADMINS = 'Only a platform admin can do this.';
const OWNERS_AND_ADMINS = 'Only an owner or admin of the organization can do this.';

/** Returns who has the permission, for the tooltip of a disabled action. */
function reasonFor(permission: Permission): string {
  switch (permission) {
    case 'organizations.create':
    case 'organizations.lifecycle':
    case 'catalogue.manage':
    case 'settings.manage':
    case 'accounts.manage':
    case 'platform.read':
      return PLATFORM_ADMINS;
    case 'organizations.cap':
      return 'Only a platform admin can change the limits, budgets and asset access of an organization.';
    case 'identity.manage':
      return 'Only an owner of the organization or a platform admin can change how people sign in.';
    case 'audit_policy.change':
      return 'Only an owner of the organization or a platform admin can change the audit policy.';
    case 'keys.manage':
    case 'key_limits.change':
    case 'team_members.manage':
    case 'team_access.narrow':
      return 'Only an owner or admin of the organization, or an admin of the team, can do this.';
    case 'keys.manage_own':
      return 'You can do this only in a team whose self-service policy allows it.';
    case 'member_limits.change':
      return 'Only an owner or admin of the organization can do this, and not for their own membership.';
    case 'content.read':
      return 'Only platform admins, and owners and auditors of the organization, can read content.';
    case 'audit.read':
      return 'Only owners, admins and auditors can read the audit log.';
    case 'teams.read':
      return 'Your role shows only the teams that you are in. To see all teams, you need a role in the whole organization.';
    case 'usage.read':
      return 'Your role does not include spend and requests here.';
    default:
      return OWNERS_AND_ADMINS;
  }
}
