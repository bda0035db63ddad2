import { api, asked, type Schema } from './client.ts';
import { queryOf } from './list-query.ts';

type ListQuery = Readonly<Record<string, unknown>>;

export type OwnMode = Schema<'OwnProviders'>['own_deployments'];

/** Lists the credentials of an owner; those of all owners for the platform. */
export function listCredentials(owner: string | null, query: ListQuery) {
  if (owner === null) return asked(api.GET('/credentials', { params: { query: queryOf('/credentials', query) } }));
  const at = '/organizations/{id}/own-credentials';
  return asked(api.GET(at, { params: { path: { id: owner }, query: queryOf(at, query) } }));
}

export function listOwnDeployments(owner: string, query: ListQuery) {
  const at = '/organizations/{id}/own-deployments';
  return asked(api.GET(at, { params: { path: { id: owner }, query: queryOf(at, query) } }));
}

/** Returns the address of one credential or deployment of an owner. */
export function ownedPath(owner: string | null, what: 'credentials' | 'deployments', id: string): string {
  return owner === null ? `/${what}/${id}` : `/own-${what}/${id}`;
}
