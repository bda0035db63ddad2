import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useUrlState } from '../../components/fields/useUrlState.ts';

export const STEPS = [
  { name: 'provider', label: 'Provider' },
  { name: 'models', label: 'Models' },
  { name: 'organization', label: 'Organization' },
  { name: 'team', label: 'Team' },
  { name: 'key', label: 'Key and first request' },
] as const;
export type StepName = (typeof STEPS)[number]['name'];

/** The ids of objects made or chosen in earlier steps. They are in the address, so that a reload or Back loses nothing. */
export interface Made {
  readonly credential: string | undefined;
  readonly organization: string | undefined;
  readonly team: string | undefined;
  readonly key: string | undefined;
}

/**
 * Returns the current step, the results of earlier ones, and functions that change the step. Each step is an entry in the
 * browser's history.
 */
export function useSteps(done: Readonly<Record<StepName, boolean>>) {
  const [state, setState] = useUrlState();
  const firstOpen = STEPS.find(({ name }) => !done[name])?.name ?? 'key';
  const current = STEPS.find(({ name }) => name === state.step)?.name ?? firstOpen;
  const { credential, organization, team, key } = state;
  return {
    current,
    /** True if nothing is left to do and the person chose no step. */
    isOver: state.step === undefined && STEPS.every(({ name }) => done[name]),
    made: { credential, organization, team, key } satisfies Made,
    goTo: (step: StepName, made: Partial<Made> = {}) => setState({ ...made, step }, 'push'),
    /** Goes to the next step. The last one stays. */
    next: (made: Partial<Made> = {}) => {
      const index = STEPS.findIndex(({ name }) => name === current);
      setState({ ...made, step: STEPS[index + 1]?.name ?? current }, 'push');
    },
    keep: (made: Partial<Made>) => setState({ ...made, step: current }),
  };
}

export type Steps = ReturnType<typeof useSteps>;

/** Loads which steps are already done, so that a person who returns continues with the first open one. */
export function useDone() {
  return useQuery({
    queryKey: ['first-run'],
    queryFn: readDone,
  });
}

/** Reads which steps are already done. */
export async function readDone(): Promise<Readonly<Record<StepName, boolean>>> {
  const one = { params: { query: { limit: 1 } } } as const;
  const [credentials, deployments, organizations, teams, keys] = await Promise.all([
    asked(api.GET('/credentials', one)),
    asked(api.GET('/deployments', one)),
    asked(api.GET('/organizations', one)),
    asked(api.GET('/teams', one)),
    asked(api.GET('/keys', one)),
  ]);
  const isSome = ({ data }: { readonly data: readonly unknown[] }) => data.length > 0;
  return {
    // The fake provider needs no credential, so a deployment also counts as a chosen provider.
    provider: isSome(credentials) || isSome(deployments),
    models: isSome(deployments),
    organization: isSome(organizations),
    team: isSome(teams),
    key: isSome(keys),
  };
}
