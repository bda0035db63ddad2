import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { type Deployment, deploymentsNamed } from './policy.ts';

const NONE: ReadonlyMap<string, Deployment> = new Map();

/** The deployments behind ids, as far as they are known by now. */
export function useDeployments(ids: readonly string[]): ReadonlyMap<string, Deployment> {
  const wanted = [...new Set(ids)].filter((id) => id !== '').sort();
  const query = useQuery({
    queryKey: ['deployments', 'named', wanted],
    queryFn: () => deploymentsNamed(wanted),
    enabled: wanted.length > 0,
    placeholderData: keepPreviousData,
  });
  return query.data ?? NONE;
}
