import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import { orderCandidates } from '../domain/routing/routing.ts';
import type { Candidate } from './deployments/candidate.ts';
import { isCompared, orderCompared } from './deployments/compared-order.ts';
import type { Gateway } from './gateway.ts';
import type { Admission } from './walk.ts';

/**
 * Orders the candidates: the called target's deployments, best first, then those of its fallbacks. Access and limits were decided
 * before. Cooling deployments are left out, except one probe after a cooldown ends. If only one candidate can serve, it is tried
 * even if it is cooling.
 */
export function route(admission: Admission, gateway: Gateway): readonly Candidate[] {
  const { chain, candidates } = admission.entitlement;
  const only = onlyServable(admission);
  if (only !== null) return [only];
  const order: Candidate[] = [];
  let probing: DeploymentConfig | null = null;
  const readinessOf = (deployment: DeploymentConfig) => {
    // A deployment that cannot serve this request must not take the probe.
    const candidate = candidates.get(deployment);
    if (candidate === undefined || !canServe(candidate, admission)) return 'cooling';
    const fitness = gateway.health.fitness(deployment.id, deployment.credential);
    if (fitness === 'cooling' || (fitness === 'probe' && probing !== null)) return 'cooling';
    if (fitness === 'probe') probing = deployment;
    return gateway.load.isFull(deployment) ? 'full' : 'ready';
  };
  for (const target of chain) {
    const ordered = isCompared(target)
      ? orderCompared(target, readinessOf, (deployment) => isServable(deployment, admission), admission, gateway)
      : orderCandidates(target, { readinessOf, random: gateway.random });
    for (const deployment of ordered) {
      const candidate = candidates.get(deployment);
      if (candidate !== undefined && !order.includes(candidate)) order.push(candidate);
    }
  }
  if (probing !== null) noteProbe(probing, gateway);
  return order;
}

function noteProbe({ id, credential }: DeploymentConfig, gateway: Gateway): void {
  gateway.health.probing(id, credential);
}

function isServable(deployment: DeploymentConfig, admission: Admission): boolean {
  const candidate = admission.entitlement.candidates.get(deployment);
  return candidate !== undefined && canServe(candidate, admission);
}

/** Returns the one candidate that can serve; null if there are none or several. */
function onlyServable(admission: Admission): Candidate | null {
  let only: Candidate | null = null;
  for (const candidate of admission.entitlement.candidates.values()) {
    if (!canServe(candidate, admission)) continue;
    if (only !== null) return null;
    only = candidate;
  }
  return only;
}

/** Rejects candidates without a price if a `block` budget covers the call: it would be free without notice. */
export function canServe(candidate: Candidate, { entitlement, fitting, walk }: Admission): boolean {
  if (!entitlement.needsPrice || walk.endpoint.free) return true;
  return candidate.price !== null && (fitting === null || fitting.has(candidate));
}
