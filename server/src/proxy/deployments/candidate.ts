import type { HoldCandidate } from '../../domain/limits/hold.ts';
import { type Price, priceAt } from '../../domain/money/price.ts';
import type { CallableTarget, Catalogue, DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { ownerOf } from '../../domain/routing/own.ts';
import { isMeasured as comparesMeasures } from '../../domain/routing/strategies.ts';
import { measuredIn } from './measures.ts';

/** One deployment that may serve, with the price in force. */
export interface Candidate {
  readonly deployment: DeploymentConfig;
  readonly price: Price | null;
  readonly weight: number;
  readonly priority: number;
  /** True if some strategy compares the deployment by what this process measures of it. */
  readonly isMeasured: boolean;
}

/** Returns the enabled deployments along a chain, each with the price in force. */
export function candidatesOf(
  chain: readonly CallableTarget[],
  catalogue: Catalogue,
  nowMs: number,
): ReadonlyMap<DeploymentConfig, Candidate> {
  const measured = measuredIn(catalogue);
  const candidates = new Map<DeploymentConfig, Candidate>();
  for (const target of chain) {
    for (const { deployment, weight, priority } of target.members) {
      if (candidates.has(deployment) || !deployment.enabled) continue;
      const price = priceAt(deployment.prices, nowMs);
      // The catalogue does not know an organization's own deployments.
      const isMeasured = measured.has(deployment) || (ownerOf(deployment) !== null && comparesMeasures(target.strategy));
      candidates.set(deployment, { deployment, price, weight, priority, isMeasured });
    }
  }
  return candidates;
}

/** Returns the candidates of these targets, each once, in their order. */
export function candidatesIn(
  targets: readonly CallableTarget[],
  candidates: ReadonlyMap<DeploymentConfig, Candidate>,
): readonly Candidate[] {
  const found = targets.flatMap(({ members }) => members.flatMap(({ deployment }) => candidates.get(deployment) ?? []));
  return [...new Set(found)];
}

/** Returns the facts of a candidate that a hold depends on. */
export function holdCandidateOf({ deployment, price }: Candidate): HoldCandidate {
  const { maxOutputTokens, partTokensMax = null, searchesMax = null } = deployment;
  return { price, maxOutputTokens, partTokensMax, searchesMax };
}
