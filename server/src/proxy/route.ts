import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import { orderCandidates } from '../domain/routing/routing.ts';
import type { Candidate } from './deployments/candidate.ts';
import type { Gateway } from './gateway.ts';
import type { Admission } from './walk.ts';

/**
 * Orders the candidates: the called target's deployments, best first, then those of its fallbacks. Access and limits were decided
 * before. Cooling deployments are left out, except one probe after a cooldown ends. If there is only one candidate, it is tried
 * even if it is cooling.
 */
export function route(admission: Admission, gateway: Gateway): readonly Candidate[] {
  const { entitlement } = admission;
  if (entitlement.candidates.size === 1) return servable([...entitlement.candidates.values()], admission);
  const order: Candidate[] = [];
  let probing: DeploymentConfig | null = null;
  const readinessOf = (deployment: DeploymentConfig) => {
    const fitness = gateway.health.fitness(deployment.id);
    if (fitness === 'cooling' || (fitness === 'probe' && probing !== null)) return 'cooling';
    if (fitness === 'probe') probing = deployment;
    return gateway.load.isFull(deployment) ? 'full' : 'ready';
  };
  for (const target of entitlement.chain) {
    for (const deployment of orderCandidates(target, { readinessOf, random: gateway.random })) {
      const candidate = entitlement.candidates.get(deployment);
      if (candidate !== undefined && !order.includes(candidate)) order.push(candidate);
    }
  }
  if (probing !== null) gateway.health.probing((probing as DeploymentConfig).id);
  return servable(order, admission);
}

/** Leaves out candidates without a price if a `block` budget covers the call: it would be free without notice. */
function servable(order: readonly Candidate[], { entitlement, fitting, walk }: Admission): readonly Candidate[] {
  if (!entitlement.needsPrice || walk.endpoint.free) return order;
  return order.filter((candidate) => candidate.price !== null && (fitting === null || fitting.has(candidate)));
}
