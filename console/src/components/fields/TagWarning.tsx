import { Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { words } from './words.ts';

/** Warns while a person types an access group's key that is also a routing tag, so that nobody confuses the two. */
export function TagWarning({ of: key }: { of: string }) {
  const warning = useTagWarning(key);
  if (warning === null) return null;
  return (
    <Text fz="sm" role="status" c="var(--mantine-color-orange-text)">
      {warning}
    </Text>
  );
}

/**
 * Returns the warning for a key. Null if no deployment has this tag, the key is empty, or the person may not see deployments.
 * Stored groups come with a warning of their own.
 */
export function useTagWarning(key: string): string | null {
  const [typed] = useDebouncedValue(key.trim(), 250);
  const seesTags = useSession().platform_capabilities.includes('platform.read');
  const { data } = useQuery({
    queryKey: ['deployments', 'with-tag', typed],
    queryFn: () => asked(api.GET('/deployments', { params: { query: { tag: typed, limit: 1 } } })),
    enabled: seesTags && typed !== '' && typed.length <= KEY_LENGTH_MAX,
    staleTime: 30_000,
  });
  if (typed !== key.trim() || data === undefined || data.data.length === 0) return null;
  return words.alsoRoutingTag(typed);
}

const KEY_LENGTH_MAX = 64;
