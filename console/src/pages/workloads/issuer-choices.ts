import { useQuery } from '@tanstack/react-query';
import { api, asked } from '../../api/client.ts';
import type { Issuer } from './issuer-draft.ts';

/** The most issuers that an organization can trust is smaller. */
const SHOWN = 200;

/** Loads the trusted issuers of an organization to choose from, by name; undefined until they are loaded. */
export function useIssuers(organizationId: string): readonly Issuer[] | undefined {
  const issuers = useQuery({
    queryKey: ['trusted-issuers', organizationId, 'choices'],
    queryFn: () =>
      asked(
        api.GET('/organizations/{id}/trusted-issuers', {
          params: { path: { id: organizationId }, query: { limit: SHOWN, sort: 'name' } },
        }),
      ),
  });
  return issuers.data?.data;
}
