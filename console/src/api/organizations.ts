import { useQuery } from '@tanstack/react-query';
import type { ListPage, ListQuery } from '../components/list/DataList.tsx';
import { api, asked, askedWithETag, type Schema, stored } from './client.ts';
import { queryOf } from './list-query.ts';

/** The calls of the organization pages. */

export const STANDINGS = ['healthy', 'near_limit', 'over_budget', 'idle', 'suspended', 'archived'] as const;
export type Organization = Schema<'Organization'>;
export type OrganizationsSummary = Schema<'OrganizationSummary'>;

/**
 * Returns the word for an organization while none of its limits is near. Its standing may be seconds older than `live`: it is not
 * idle if a rate limit counts a request.
 */
export function calmStatus({ standing, status }: Organization, live: Schema<'LimitsStatus'> | null): string {
  if (standing === null) return status;
  return standing.status === 'idle' && live?.rate_limits.every(({ used }) => used === 0) ? 'idle' : 'healthy';
}

export function listOrganizations(query: ListQuery): Promise<ListPage<Organization>> {
  return asked(api.GET('/organizations', { params: { query: queryOf('/organizations', query) } }));
}

export function summarizeOrganizations(search: string | undefined): Promise<OrganizationsSummary> {
  return asked(api.GET('/organizations/summary', { params: { query: search === undefined ? {} : { search } } }));
}

export function readOrganization(id: string) {
  return askedWithETag(api.GET('/organizations/{id}', { params: { path: { id } } }));
}

/** The organization of a page. */
export function organizationQuery(id: string) {
  return { queryKey: ['organization', id], queryFn: async () => (await readOrganization(id)).data };
}

/** Returns the time zone of an organization's days, weeks and months; undefined until it is loaded. */
export function useTimeZone(organizationId: string): string | undefined {
  const organization = useQuery({
    queryKey: ['organizations', 'one', organizationId],
    queryFn: () => asked(api.GET('/organizations/{id}', { params: { path: { id: organizationId } } })),
    staleTime: 30_000,
  });
  return organization.data?.time_zone;
}

/** The effect of a change, computed without storing it. Lists hold examples; counts are exact. */
export type Effect = Schema<'Effect'>['effect'];

/** Returns the effect of a change without making it: of a PATCH at `/teams/team_…`, a DELETE of `/keys/key_…`. */
export async function effectOf(method: 'PATCH' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<Effect> {
  // The path is built at run time, so the contract's types cannot check it.
  const call = api[method] as unknown as AnyCall;
  const init = { params: { query: { dry_run: true } }, ...(body === undefined ? {} : { body }) };
  return (await asked(call(path, init))).effect;
}

type AnyCall = (path: string, init: object) => Promise<{ data?: Schema<'Effect'>; error?: unknown; response: Response }>;

export function suspendOrganization(id: string): Promise<Organization> {
  return stored(api.POST('/organizations/{id}/suspend', { params: { path: { id } } }));
}

export function reactivateOrganization(id: string): Promise<Organization> {
  return stored(api.POST('/organizations/{id}/reactivate', { params: { path: { id } } }));
}

export function archiveOrganization(id: string): Promise<Organization> {
  return stored(api.POST('/organizations/{id}/archive', { params: { path: { id } } }));
}
