import type { Provider } from '../../api/gateway.ts';
import { listCredentials } from '../../api/own-providers.ts';

const CREDENTIALS_MAX = '200';

/** Returns the credentials that a deployment of this owner may use, by name. */
export function chooseCredentials(owner: string | null, provider?: Provider) {
  const only = provider === undefined ? {} : { provider };
  return listCredentials(owner, {
    limit: CREDENTIALS_MAX,
    sort: 'name',
    ...only,
    ...(owner === null ? { owner: 'platform' } : {}),
  });
}
