import { useQuery } from '@tanstack/react-query';
import { api, asked } from './client.ts';
import { useSession } from './session.tsx';

const DEPLOYMENTS_MAX = 200;

/** Returns the tags of deployments as suggestions; none if the person may not see deployments. */
export function useKnownTags(): readonly string[] {
  const seesTags = useSession().platform_capabilities.includes('platform.read');
  const { data } = useQuery({
    queryKey: ['deployments', 'known-tags'],
    queryFn: () => asked(api.GET('/deployments', { params: { query: { limit: DEPLOYMENTS_MAX } } })),
    enabled: seesTags,
    staleTime: 30_000,
  });
  return [...new Set(data?.data.flatMap(({ tags }) => tags) ?? [])].sort();
}
