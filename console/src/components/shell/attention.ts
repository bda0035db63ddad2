import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { summarizeOrganizations } from '../../api/organizations.ts';
import { useCan, useCanInWholeOrganizations } from '../../api/session.tsx';
import { PATHS } from '../../paths.ts';
import { useFreshAlerts } from './fresh-alerts.ts';
import { words } from './words.ts';

/** The number of things behind an entry of the navigation that need somebody, and the same in words. */
export interface Attention {
  readonly count: number;
  readonly words: string;
}

const REFETCH_MS = 60_000;

/**
 * Returns what needs attention by the address of its entry: organizations over budget, deployments that are paused after failures,
 * and alerts that nobody saw here. Each is one small question a minute, asked only for people who may read the answer.
 */
export function useAttention(): ReadonlyMap<string, Attention> {
  const summary = useQuery({
    queryKey: ['organizations', 'summary', undefined],
    queryFn: () => summarizeOrganizations(undefined),
    refetchInterval: REFETCH_MS,
    enabled: useCanInWholeOrganizations('usage.read'),
  });
  const health = useQuery({
    queryKey: ['health'],
    queryFn: () => asked(api.GET('/health')),
    refetchInterval: REFETCH_MS,
    enabled: useCan('platform.read').allowed,
  });
  const { fresh } = useFreshAlerts();
  const counts: readonly (readonly [string, number, (count: number) => string])[] = [
    [PATHS.organizations, summary.data?.over_budget ?? 0, words.overBudget],
    [PATHS.models, health.data?.cooling_deployments.length ?? 0, words.pausedAfterFailures],
    [PATHS.alerts, fresh, words.new],
  ];
  return new Map(counts.filter(([, count]) => count > 0).map(([to, count, wordsOf]) => [to, { count, words: wordsOf(count) }]));
}
