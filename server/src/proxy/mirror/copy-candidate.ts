import { priceAt } from '../../domain/money/price.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { isTooSmall } from '../../domain/routing/context-window.ts';
import type { SkipReason } from '../../domain/routing/mirror.ts';
import type { MirrorPlace } from '../../domain/routing/mirror-place.ts';
import { orderCandidates } from '../../domain/routing/routing.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Gateway } from '../gateway.ts';
import type { Admission } from '../walk.ts';

/** The part of a deployment's declared capacity that copies may use. */
const CAPACITY_SHARE = 0.5;

/** Returns a deployment with the part of its capacity that copies may use. */
export function sharedOut(deployment: DeploymentConfig): DeploymentConfig {
  const { rpm, tpm } = deployment.limits;
  const part = (limit: number | null) => (limit === null ? null : Math.floor(limit * CAPACITY_SHARE));
  return { ...deployment, limits: { rpm: part(rpm), tpm: part(tpm) } };
}

/**
 * Draws the deployment that gets a copy, by weight, or returns why none does. One that is cooling down or full for originals gets no
 * copies, and a copy is never the probe that ends a cooldown.
 */
export function copyCandidate({ members }: MirrorPlace, admission: Admission, gateway: Gateway): Candidate | SkipReason {
  const { wire } = admission.walk.endpoint;
  const isReady = (deployment: DeploymentConfig) => {
    const { id, credential, provider } = deployment;
    if ((gateway.providers.get(provider)?.wireFor(wire, deployment) ?? null) === null) return false;
    if (isTooSmall(deployment, admission.leastTokens)) return false;
    if (gateway.health.fitness(id, credential) !== 'fit' || gateway.mirrors.health.fitness(id, credential) === 'cooling')
      return false;
    return !gateway.load.isFull(deployment) && !gateway.mirrors.load.isFull(sharedOut(deployment));
  };
  const target = { name: '', kind: 'model', mode: 'chat', strategy: 'weighted', members, fallbacks: [] } as const;
  const [deployment] = orderCandidates(
    { ...target, accessGroups: NO_GROUPS },
    { readinessOf: (one) => (isReady(one) ? 'ready' : 'cooling'), random: gateway.random },
  );
  if (deployment === undefined) return 'unavailable';
  const price = priceAt(deployment.prices, gateway.clock.nowMs());
  return { deployment, price, weight: 1, priority: 0, isMeasured: false };
}

const NO_GROUPS: ReadonlySet<string> = new Set();
