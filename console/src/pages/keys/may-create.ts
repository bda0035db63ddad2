import { useQueries } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import { ALLOWED, type Session, useCan, useCanAnywhere, useSession, type Verdict, verdictOf } from '../../api/session.tsx';
import { words } from './words.ts';

/** Nothing is known yet, so nothing is said. */
const PENDING: Verdict = { allowed: false, reason: null };
const TEAMS_ASKED_MAX = 20;
const MINUTE_MS = 60_000;

/**
 * Reports whether the person may make keys in any team at all, or in any team of one organization. The dialog then lets them choose the team. If no team's policy lets
 * them, the reason says why, and who can make one.
 */
export function useMayCreateKeys(organizationId?: string): Verdict {
  const session = useSession();
  const memberships = session.memberships.filter(
    ({ organization_id }) => organizationId === undefined || organization_id === organizationId,
  );
  const managesAnywhere = useCanAnywhere('keys.manage');
  const managesHere = useCan('keys.manage', organizationId ?? null).allowed || isTeamAdmin(memberships);
  const manages = organizationId === undefined ? managesAnywhere : managesHere;
  const teams = memberships
    .flatMap(({ organization_id, teams }) => teams.map((team) => ({ ...team, organization_id })))
    .filter(({ role }) => role !== 'team_viewer')
    .slice(0, TEAMS_ASKED_MAX);
  const policies = useQueries({
    queries: (manages ? [] : teams).map(({ team_id }) => ({
      queryKey: ['teams', 'own-keys', team_id],
      queryFn: () => asked(api.GET('/teams/{id}/self-service', { params: { path: { id: team_id } } })),
      staleTime: MINUTE_MS,
    })),
  });
  if (manages || policies.some(({ data }) => data?.enabled === true)) return ALLOWED;
  if (policies.some(({ isPending }) => isPending)) return PENDING;
  const [team] = teams;
  if (team === undefined) return { allowed: false, reason: notDeveloping(memberships) };
  const needs = { permission: 'keys.manage', organizationId: team.organization_id, teamId: team.team_id } as const;
  const reason = policies.length > 1 ? words.noTeamLetsYou : (policies[0]?.data?.reason ?? words.noTeamLetsYou);
  return { allowed: false, reason, needs };
}

function isTeamAdmin(memberships: Session['memberships']): boolean {
  return memberships.some(({ teams }) => teams.some(({ role }) => role === 'team_admin'));
}

function notDeveloping(memberships: Session['memberships']): string {
  return memberships.some(({ teams }) => teams.length > 0) ? words.onlyAViewer : words.inNoTeam;
}

/** The keys that a person may make in one team: any, only their own under its self-service, or none. */
export type Making = { readonly is: 'any' } | { readonly is: 'own' } | { readonly is: 'none'; readonly verdict: Verdict };

export function makingIn(team: Schema<'Team'>, session: Session): Making {
  if (verdictOf('keys.manage', team).allowed) return { is: 'any' };
  const roles = session.memberships.flatMap(({ teams }) => teams.filter(({ team_id }) => team_id === team.id));
  const needs = { permission: 'keys.manage', organizationId: team.organization_id, teamId: team.id } as const;
  const none = (reason: string): Making => ({ is: 'none', verdict: { allowed: false, reason, needs } });
  if (!roles.some(({ role }) => role === 'team_developer' || role === 'team_admin')) return none(words.notADeveloper);
  if (team.self_service.logins_only) return none(words.loginsOnly);
  if (!team.self_service.enabled) return none(words.noSelfService);
  return { is: 'own' };
}
