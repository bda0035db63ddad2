import { canaryDraw, canaryPlaced, isInCanary } from '../domain/routing/canary.ts';
import type { CallableTarget, DeploymentConfig } from '../domain/routing/catalogue.ts';
import { COMPARED_MAX, type PassedOverReason } from '../domain/routing/compared.ts';
import { isTooSmall } from '../domain/routing/context-window.ts';
import type { CanaryPlace, Detour } from '../domain/routing/detours.ts';
import { orderCandidates } from '../domain/routing/routing.ts';
import { type Candidate, candidatesIn } from './deployments/candidate.ts';
import { isCompared, orderCompared } from './deployments/compared-order.ts';
import type { Gateway } from './gateway.ts';
import { sessionOf } from './session.ts';
import type { Admission } from './walk.ts';

/**
 * Orders the candidates: the called target's deployments, best first, then those of its fallbacks. Access and limits were decided
 * before. Cooling deployments are left out, except one probe after a cooldown ends. If only one candidate can serve, it is tried
 * even if it is cooling.
 */
export function route(admission: Admission, gateway: Gateway): readonly Candidate[] {
  const { chain, ordinary, windowMin, detours } = admission.entitlement;
  const canary = detours?.canary ?? null;
  if (canary !== null) return routeCanary(canary, admission, gateway);
  // The usual case: nobody declares a context window, or the request fits into each.
  if (admission.leastTokens <= windowMin) return orderOf(chain, ordinary, canServe, admission, gateway);
  return routeLong(chain, ordinary, null, admission, gateway);
}

/** Orders the candidates of the targets that serve what the called name could not. */
export function detourOrder(detour: Detour, admission: Admission, gateway: Gateway): readonly Candidate[] {
  const { detours, candidates } = admission.entitlement;
  const targets = detours?.[detour] ?? [];
  return orderOf(targets, candidatesIn(targets, candidates), canTake, admission, gateway);
}

/** Reports whether a target of the detour has a deployment that was not tried, and that can serve now. */
export function hasDetour(detour: Detour, tried: ReadonlySet<string>, admission: Admission, gateway: Gateway): boolean {
  const { detours, candidates } = admission.entitlement;
  return candidatesIn(detours?.[detour] ?? [], candidates).some((candidate) => {
    const { id, credential } = candidate.deployment;
    return !tried.has(id) && canTake(candidate, admission) && gateway.health.fitness(id, credential) !== 'cooling';
  });
}

/**
 * Orders the candidates that a long request fits into. If it fits into none of the called name, those of its context fallbacks
 * serve. If there are none, all are tried: the size is an estimate, and the provider decides.
 */
function routeLong(
  chain: readonly CallableTarget[],
  ordinary: readonly Candidate[],
  side: CanarySide | null,
  admission: Admission,
  gateway: Gateway,
): readonly Candidate[] {
  const found = orderOf(chain, ordinary, canTake, admission, gateway);
  const fitting = side === null ? found : sidePlaced(found, side, admission, gateway);
  if (fitting.length > 0) return noted(fitting, side, admission);
  const beside = detourOrder('context', admission, gateway);
  if (beside.length > 0) {
    admission.detoured = ['context'];
    return noted(beside, side, admission);
  }
  // Those that are cooling down are not replaced by those that are too small.
  if (ordinary.some((candidate) => canTake(candidate, admission))) return fitting;
  return orderOf(chain, ordinary, canServe, admission, gateway);
}

/** The canary of the called name, and the side of it that a request is on. */
interface CanarySide {
  readonly place: CanaryPlace;
  readonly isIn: boolean;
}

/** Orders the candidates for one side of a canary. Without a session, chance decides the side. */
function routeCanary(place: CanaryPlace, admission: Admission, gateway: Gateway): readonly Candidate[] {
  const { chain, ordinary, candidates, name } = admission.entitlement;
  const session = sessionOf(admission.walk.request, admission.asked.body);
  const drawn = session === null ? gateway.random() : canaryDraw(admission.charged.organizationId, session, name);
  const side = { place, isIn: isInCanary(place, drawn) };
  if (!side.isIn || 'deployment' in place) return routeLong(chain, ordinary, side, admission, gateway);
  const targets = [place.target, ...chain];
  return routeLong(targets, candidatesIn(targets, candidates), side, admission, gateway);
}

/** Puts the canary's deployment first or last among those of the called name. One at its capacity does not go first. */
function sidePlaced(
  order: readonly Candidate[],
  { place, isIn }: CanarySide,
  { entitlement }: Admission,
  { load }: Gateway,
): readonly Candidate[] {
  if (!('deployment' in place) || (isIn && load.isFull(place.deployment))) return order;
  const own = new Set(entitlement.chain[0]?.members.map(({ deployment }) => deployment));
  const called = order.filter(({ deployment }) => own.has(deployment));
  const others = order.filter(({ deployment }) => !own.has(deployment));
  return [...canaryPlaced(called, ({ deployment }) => deployment === place.deployment, isIn), ...others];
}

/**
 * Notes an order of a canary's share, or from which deployments were left out that are too small. A comparison that was noted keeps
 * its scores.
 */
function noted(order: readonly Candidate[], side: CanarySide | null, admission: Admission): readonly Candidate[] {
  const { chain, ordinary } = admission.entitlement;
  const skipped = ordinary.filter((candidate) => canServe(candidate, admission) && !canTake(candidate, admission));
  const isCanary = side?.isIn === true;
  const { compared } = admission;
  if (chain[0] === undefined || (!isCanary && (skipped.length === 0 || compared !== null))) return order;
  const known = new Map(compared?.candidates.map((one) => [one.deploymentId, one]));
  const turns = order.map((one) => known.get(one.deployment.id) ?? noteOf(one, null));
  const hadTurn = new Set(turns.map(({ deploymentId }) => deploymentId));
  const others = [...known.values(), ...skipped.map((one) => noteOf(one, 'too_small'))];
  // Half of the places at most is for those that were left out.
  const left = [...new Map(others.map((one) => [one.deploymentId, one])).values()]
    .filter(({ deploymentId }) => !hadTurn.has(deploymentId))
    .slice(0, COMPARED_MAX / 2);
  admission.compared = {
    strategy: chain[0].strategy,
    bySession: compared?.bySession ?? false,
    ...(isCanary ? { isCanary } : {}),
    candidates: [...turns.slice(0, COMPARED_MAX - left.length), ...left],
  };
  return order;
}

function noteOf({ deployment }: Candidate, passedOver: PassedOverReason | null) {
  return { deploymentId: deployment.id, score: null, passedOver };
}

type Fits = (candidate: Candidate, admission: Admission) => boolean;

/** Orders the candidates of these targets that `fits` accepts. `pool` holds all of them, each once. */
function orderOf(
  targets: readonly CallableTarget[],
  pool: readonly Candidate[],
  fits: Fits,
  admission: Admission,
  gateway: Gateway,
): readonly Candidate[] {
  const { candidates } = admission.entitlement;
  const only = onlyFitting(pool, fits, admission);
  if (only !== null) return [only];
  const order: Candidate[] = [];
  let probing: DeploymentConfig | null = null;
  const readinessOf = (deployment: DeploymentConfig) => {
    // A deployment that cannot serve this request must not take the probe.
    const candidate = candidates.get(deployment);
    if (candidate === undefined || !fits(candidate, admission)) return 'cooling';
    const fitness = gateway.health.fitness(deployment.id, deployment.credential);
    if (fitness === 'cooling' || (fitness === 'probe' && probing !== null)) return 'cooling';
    if (fitness === 'probe') probing = deployment;
    return gateway.load.isFull(deployment) ? 'full' : 'ready';
  };
  for (const target of targets) {
    const ordered = isCompared(target)
      ? orderCompared(target, readinessOf, (deployment) => unfitness(deployment, admission), admission, gateway)
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

/** Returns why a deployment cannot serve the request, whatever its health; null if it can. */
function unfitness(deployment: DeploymentConfig, admission: Admission): PassedOverReason | null {
  const candidate = admission.entitlement.candidates.get(deployment);
  if (candidate === undefined || !canServe(candidate, admission)) return 'unpriced';
  return isTooSmall(deployment, admission.leastTokens) ? 'too_small' : null;
}

/** Returns the one candidate that fits; null if there are none or several. */
function onlyFitting(pool: readonly Candidate[], fits: Fits, admission: Admission): Candidate | null {
  let only: Candidate | null = null;
  for (const candidate of pool) {
    if (!fits(candidate, admission)) continue;
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

/** Rejects also candidates whose context window is too small. */
function canTake(candidate: Candidate, admission: Admission): boolean {
  return canServe(candidate, admission) && !isTooSmall(candidate.deployment, admission.leastTokens);
}
