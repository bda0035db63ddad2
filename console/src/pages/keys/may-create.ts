import type { Schema } from '../../api/client.ts';
import { type Session, useCanAnywhere, useSession, type Verdict, verdictOf } from '../../api/session.tsx';

const ALLOWED: Verdict = { allowed: true, reason: null };

/** Reports whether the person may make keys in any team at all. The dialog then lets them choose the team. */
export function useMayCreateKeys(): Verdict {
  const session = useSession();
  const manages = useCanAnywhere('keys.manage');
  if (manages || session.memberships.some(({ teams }) => teams.some(({ role }) => role !== 'team_viewer'))) return ALLOWED;
  return { allowed: false, reason: 'To create keys, you must manage keys or work in a team with self-service.' };
}

/** The keys that a person may make in one team: any, only their own under its self-service, or none. */
export type Making = { readonly is: 'any' } | { readonly is: 'own' } | { readonly is: 'none'; readonly reason: string };

export function makingIn(team: Schema<'Team'>, session: Session): Making {
  if (verdictOf('keys.manage', team.capabilities).allowed) return { is: 'any' };
  const roles = session.memberships.flatMap(({ teams }) => teams.filter(({ team_id }) => team_id === team.id));
  if (!roles.some(({ role }) => role === 'team_developer' || role === 'team_admin'))
    return { is: 'none', reason: 'You are not a developer in this team. Ask one of its admins for a key, or for that role.' };
  if (!team.self_service.enabled)
    return { is: 'none', reason: 'This team does not let its members create their own keys. Ask one of its admins.' };
  return { is: 'own' };
}
