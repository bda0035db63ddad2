import { useQuery } from '@tanstack/react-query';
import { keptWithin } from '../../api/kept.ts';
import { type Deployment, deploymentsNamed } from './policy.ts';

const NONE: ReadonlyMap<string, Deployment> = new Map();

/** Returns the deployments with these ids that are known so far. */
export function useDeployments(ids: readonly string[]): ReadonlyMap<string, Deployment> {
  return useNamed(ids).data ?? NONE;
}

/** Reports whether the first answer about these deployments is still to come. */
export function useAreAwaited(ids: readonly string[]): boolean {
  return useNamed(ids).isLoading;
}

function useNamed(ids: readonly string[]) {
  const wanted = [...new Set(ids)].filter((id) => id !== '').sort();
  return useQuery({
    queryKey: ['deployments', 'named', wanted],
    queryFn: () => deploymentsNamed(wanted),
    enabled: wanted.length > 0,
    placeholderData: keptWithin(['deployments', 'named']),
  });
}
