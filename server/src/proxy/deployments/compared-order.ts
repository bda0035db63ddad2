import type { CallableTarget, DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { COMPARED_MAX, type Compared, type ComparedCandidate, type PassedOverReason } from '../../domain/routing/compared.ts';
import { type OrderingState, orderCandidates, type Readiness } from '../../domain/routing/routing.ts';
import { sessionDraw } from '../../domain/routing/sticky.ts';
import { isScored, type RoutingState, type Score } from '../../domain/routing/strategies.ts';
import type { Gateway } from '../gateway.ts';
import { sessionOf } from '../session.ts';
import type { Admission } from '../walk.ts';

/** Reports whether a target orders by more than weights and priorities. */
export function isCompared({ strategy, sticky }: CallableTarget): boolean {
  return sticky === true || isScored(strategy);
}

/**
 * Orders a target's deployments by the request's session or by scores. Notes the comparison of the called target, for its row.
 * `unfitness` tells a deployment that cannot serve the request from one that is cooling down.
 */
export function orderCompared(
  target: CallableTarget,
  readinessOf: OrderingState['readinessOf'],
  unfitness: (deployment: DeploymentConfig) => PassedOverReason | null,
  admission: Admission,
  gateway: Gateway,
): readonly DeploymentConfig[] {
  const session = target.sticky === true ? sessionOf(admission.walk.request, admission.asked.body) : null;
  if (session === null && !isScored(target.strategy)) return orderCandidates(target, { readinessOf, random: gateway.random });
  const { organizationId } = admission.charged;
  const scores = new Map<DeploymentConfig, Score>();
  const states = new Map<DeploymentConfig, Readiness>();
  const order = orderCandidates(target, {
    random: gateway.random,
    readinessOf: (deployment) => {
      const readiness = readinessOf(deployment);
      states.set(deployment, readiness);
      return readiness;
    },
    state: stateFor(admission, gateway),
    note: (deployment, score) => scores.set(deployment, score),
    ...(session === null ? {} : { sessionDraw: ({ id }: DeploymentConfig) => sessionDraw(organizationId, session, id) }),
  });
  if (admission.compared !== null || target !== admission.entitlement.chain[0]) return order;
  const passedOver = (deployment: DeploymentConfig): PassedOverReason | null => {
    const readiness = states.get(deployment);
    if (readiness === undefined) return 'tags';
    if (readiness === 'cooling') return unfitness(deployment) ?? 'cooling_down';
    return readiness === 'full' ? 'full' : null;
  };
  admission.compared = comparedBy(target, session !== null, admission, order, (deployment) => ({
    deploymentId: deployment.id,
    score: scores.get(deployment) ?? null,
    passedOver: passedOver(deployment),
  }));
  return order;
}

function comparedBy(
  { strategy, name }: CallableTarget,
  bySession: boolean,
  { entitlement }: Admission,
  order: readonly DeploymentConfig[],
  candidateOf: (deployment: DeploymentConfig) => ComparedCandidate,
): Compared {
  const all = new Set(order);
  // The platform's deployments behind the organization's own are not compared with them.
  const [, next] = entitlement.chain;
  const behind = new Set(next?.name === name ? next.members.map(({ deployment }) => deployment) : []);
  for (const { deployment } of entitlement.reachable[0]?.members ?? [])
    if (deployment.enabled && !behind.has(deployment)) all.add(deployment);
  return { strategy, bySession, candidates: [...all].slice(0, COMPARED_MAX).map(candidateOf) };
}

/** Returns the facts that strategies compare, for one request. Each is read only when a strategy reads it. */
function stateFor(admission: Admission, { measures, load }: Gateway): RoutingState {
  const kind = admission.asked.facts.stream ? 'stream' : 'whole';
  return {
    inFlight: (deployment) => measures.inFlight(deployment),
    firstOutputMs: (deployment) => measures.firstOutputMs(deployment, kind),
    costNanoUsd: (deployment) => {
      const candidate = admission.entitlement.candidates.get(deployment);
      return candidate === undefined || candidate.price === null ? null : admission.ifLost(candidate).heldNanoUsd;
    },
    minuteTokens: ({ id }) => load.read(id).tokens,
    shareLeft: (deployment) => measures.shareLeft(deployment),
  };
}
