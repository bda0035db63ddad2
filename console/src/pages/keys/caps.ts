import { useQuery } from '@tanstack/react-query';
import { api, asked, type Schema } from '../../api/client.ts';
import type { Cap } from '../../components/dialogs/EffectiveMinimum.tsx';
import { words } from './words.ts';

/**
 * Returns the caps above a key of this team, from the organization down. The organization's is missing while it loads or if the
 * person may not read it.
 */
export function useCapsAboveKey(team: Schema<'Team'> | undefined): readonly Cap[] {
  const organization = useOrganizationCap(team?.organization_id);
  return team === undefined ? organization : [...organization, { level: words.team, ...team }];
}

export function useOrganizationCap(id: string | undefined): readonly Cap[] {
  const organization = useQuery({
    queryKey: ['organizations', 'one', id],
    queryFn: () => asked(api.GET('/organizations/{id}', { params: { path: { id: id ?? '' } } })),
    enabled: id !== undefined,
    staleTime: 30_000,
  });
  return organization.data === undefined ? [] : [{ level: words.organization, ...organization.data }];
}
