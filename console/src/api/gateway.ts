import { api, asked, ifMatch, type Schema, stored } from './client.ts';

/** A provider with code of its own, the id of a preset, or `fake`. */
export type Provider = string;

export type Prices = Schema<'Prices'>;

export interface PolicyBody {
  readonly strategy: Schema<'RouteGroup'>['strategy'];
  readonly members: readonly { readonly deployment_id: string; readonly weight: number; readonly priority: number }[];
  readonly context_fallbacks: readonly string[];
  readonly policy_fallbacks: readonly string[];
  readonly canary: Schema<'RouteGroup'>['canary'];
  readonly mirror: Schema<'RouteGroup'>['mirror'];
}

export type PolicyHistory = Schema<'RouteGroupPolicy'>;
export type PublishedPolicy = PolicyHistory['history'][number];

export interface Simulation {
  /** The part that goes to the canary; null without one. */
  readonly canary: { readonly share: number; readonly first_choice: number } | null;
  /** The part of which copies go to the mirror; null without one. */
  readonly mirror: { readonly share: number; readonly copies: number } | null;
  readonly shares: readonly { readonly deployment_id: string; readonly share: number; readonly first_choice: number }[];
}

export function policyOf(id: string): Promise<PolicyHistory> {
  return asked(api.GET('/route-groups/{id}/policy', { params: { path: { id } } }));
}

/** Simulates a policy for a number of requests with the current state of its deployments. It calls no provider. */
export function simulatePolicy(id: string, policy: PolicyBody, requests: number): Promise<Simulation> {
  const body = { ...sentPolicy(policy), requests };
  return asked(api.POST('/route-groups/{id}/policy/simulate', { params: { path: { id } }, body }));
}

/** Publishes a policy. `etag`: the version of the route group that it is based on; if that has changed, the answer is 412. */
export function publishPolicy(id: string, policy: PolicyBody, etag: string | null): Promise<PolicyHistory> {
  const body = { policy: sentPolicy(policy) };
  const header = ifMatch(etag);
  return stored(api.POST('/route-groups/{id}/policy/publish', { params: { path: { id }, header }, body }));
}

function sentPolicy({ strategy, members, context_fallbacks, policy_fallbacks, canary, mirror }: PolicyBody) {
  const fallbacks = { context_fallbacks: [...context_fallbacks], policy_fallbacks: [...policy_fallbacks] };
  return { strategy, members: [...members], ...fallbacks, canary: sentCanary(canary), mirror: sentCanary(mirror) };
}

function sentCanary(canary: PolicyBody['canary']) {
  if (canary === null) return null;
  const { deployment_id, target, percent } = canary;
  return target === null ? { deployment_id: deployment_id ?? '', percent } : { target, percent };
}

export function rollBackPolicy(id: string, version: number): Promise<PolicyHistory> {
  return stored(api.POST('/route-groups/{id}/policy/rollback', { params: { path: { id } }, body: { version } }));
}
