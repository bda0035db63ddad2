import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { organizationsWith, type Session, useSession } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { makingIn } from '../keys/may-create.ts';
import { readDone, STEPS } from '../start/steps.ts';
import { words } from './words.ts';

/** One step from nothing to the first answered request. */
export interface SetupStep {
  readonly label: string;
  readonly isDone: boolean;
  /** The page that does it. Null if the person may not do it, and `who` says who can, or if an earlier step is needed. */
  readonly place: { readonly to: string; readonly search: Readonly<Record<string, string>> } | null;
  readonly who?: string;
}

/** Loads the steps for this person: of the platform, of the organization that they manage, or to their own first call. */
export function useSetupSteps({ isWanted }: { isWanted: boolean }) {
  const session = useSession();
  return useQuery({
    queryKey: ['setup', session.account.id],
    queryFn: () => stepsFor(session),
    enabled: isWanted,
    // The card must not keep the page waiting for long.
    retry: false,
  });
}

async function stepsFor(session: Session): Promise<readonly SetupStep[]> {
  if (session.platform_capabilities.includes('organizations.create')) return platformSteps();
  const [own] = organizationsWith(session, 'teams.manage');
  if (own !== undefined) return organizationSteps(own.organization_id);
  return session.memberships.some(({ role }) => role === 'org_member') ? developerSteps(session) : [];
}

/** The last step, which needs a key. */
function callStep({ isDone, mayCall }: { readonly isDone: boolean; readonly mayCall: boolean }): SetupStep {
  return { label: words.makeTheFirstCall, isDone, place: mayCall ? { to: PATHS.playground, search: {} } : null };
}

const ONE = { limit: 1 } as const;

async function platformSteps(): Promise<readonly SetupStep[]> {
  const [done, requests] = await Promise.all([readDone(), asked(api.GET('/requests', { params: { query: ONE } }))]);
  const labels = {
    provider: words.connectAProvider,
    models: words.chooseModels,
    organization: words.createAnOrganization,
    team: words.createATeam,
    key: words.createKeyStep,
  } as const;
  return [
    ...STEPS.map(({ name }) => ({
      label: labels[name],
      isDone: done[name],
      place: { to: PATHS.start, search: { step: name } },
    })),
    callStep({ isDone: requests.data.length > 0, mayCall: done.key }),
  ];
}

async function organizationSteps(id: string): Promise<readonly SetupStep[]> {
  const path = { id };
  const [models, teams, members, keys, requests] = await Promise.all([
    asked(api.GET('/callable-targets', { params: { query: { ...ONE, organization_id: id } } })),
    asked(api.GET('/organizations/{id}/teams', { params: { path, query: ONE } })),
    asked(api.GET('/organizations/{id}/members', { params: { path, query: { limit: 2 } } })),
    asked(api.GET('/organizations/{id}/keys', { params: { path, query: ONE } })),
    asked(api.GET('/requests', { params: { query: { ...ONE, organization_id: id } } })),
  ]);
  const tab = (search: Readonly<Record<string, string>>) => ({ to: PATHS.organization.replace('$organizationId', id), search });
  return [
    {
      label: words.getModels,
      isDone: models.data.length > 0,
      place: null,
      who: words.whoGrantsModels,
    },
    { label: words.createATeam, isDone: teams.data.length > 0, place: tab({ tab: 'teams', new: 'team' }) },
    { label: words.addPeople, isDone: members.data.length > 1, place: tab({ tab: 'members', new: 'person' }) },
    { label: words.createKeyStep, isDone: keys.data.length > 0, place: tab({ tab: 'keys', new: 'key' }) },
    callStep({ isDone: requests.data.length > 0, mayCall: models.data.length > 0 && keys.data.length > 0 }),
  ];
}

async function developerSteps(session: Session): Promise<readonly SetupStep[]> {
  const [keys, teams] = await Promise.all([
    asked(api.GET('/keys', { params: { query: { account_id: session.account.id, limit: 50 } } })),
    asked(api.GET('/teams', { params: { query: { limit: 50 } } })),
  ]);
  const team = teams.data.find((one) => makingIn(one, session).is !== 'none');
  return [
    {
      label: words.joinATeam,
      isDone: session.memberships.some((membership) => membership.teams.length > 0),
      place: null,
      who: words.whoAddsToATeam,
    },
    {
      label: words.getAKey,
      isDone: keys.data.length > 0,
      place: team === undefined ? null : { to: PATHS.keys, search: { new: 'key', team_id: team.id } },
      who: words.whoCreatesKeys,
    },
    callStep({ isDone: keys.data.some((key) => key.last_used_at !== null), mayCall: keys.data.length > 0 }),
  ];
}
