import { useLocalStorage } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useCanAnywhere, useSession } from '../../api/session.tsx';

const SHOWN = 8;
const REFETCH_MS = 30_000;

/**
 * Returns the newest alerts, at most eight; how many of them this person has not seen in this browser; and a function that marks
 * them as seen.
 */
export function useFreshAlerts() {
  const { account } = useSession();
  // Stored in this browser for this person. Alert ids sort by age.
  const [seen, setSeen] = useLocalStorage({ key: `headgate-alerts-seen-${account.id}`, defaultValue: '' });
  const { data, isError } = useQuery({
    queryKey: ['alerts', 'newest'],
    queryFn: () => asked(api.GET('/alerts', { params: { query: { limit: SHOWN } } })),
    refetchInterval: REFETCH_MS,
    enabled: useCanAnywhere('usage.read'),
  });
  const alerts = data?.data ?? [];
  return {
    alerts,
    isLoaded: data !== undefined,
    isError,
    fresh: alerts.filter(({ id }) => id > seen).length,
    markSeen: () => {
      const newest = alerts[0]?.id;
      if (newest !== undefined) setSeen(newest);
    },
  };
}
