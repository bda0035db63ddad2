import { api, asked, ifMatch, type Schema, stored } from './client.ts';
import type { CredentialProvider } from './credentials.ts';

export type Provider = CredentialProvider | 'fake';

export type Prices = Schema<'Prices'>;

export interface PolicyBody {
  readonly strategy: Schema<'RouteGroup'>['strategy'];
  readonly members: readonly { readonly deployment_id: string; readonly weight: number; readonly priority: number }[];
}

export type PolicyHistory = Schema<'RouteGroupPolicy'>;
export type PublishedPolicy = PolicyHistory['history'][number];

export interface Simulation {
  readonly shares: readonly { readonly deployment_id: string; readonly share: number; readonly first_choice: number }[];
}

export function policyOf(id: string): Promise<PolicyHistory> {
  return asked(api.GET('/route-groups/{id}/policy', { params: { path: { id } } }));
}

/** Simulates a policy for a number of requests with the current state of its deployments. It calls no provider. */
export function simulatePolicy(id: string, { strategy, members }: PolicyBody, requests: number): Promise<Simulation> {
  const body = { strategy, members: [...members], requests };
  return asked(api.POST('/route-groups/{id}/policy/simulate', { params: { path: { id } }, body }));
}

/** Publishes a policy. `etag`: the version of the route group that it is based on; if that has changed, the answer is 412. */
export function publishPolicy(id: string, { strategy, members }: PolicyBody, etag: string | null): Promise<PolicyHistory> {
  const body = { policy: { strategy, members: [...members] } };
  const header = ifMatch(etag);
  return stored(api.POST('/route-groups/{id}/policy/publish', { params: { path: { id }, header }, body }));
}

export function rollBackPolicy(id: string, version: number): Promise<PolicyHistory> {
  return stored(api.POST('/route-groups/{id}/policy/rollback', { params: { path: { id } }, body: { version } }));
}
