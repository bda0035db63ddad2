/**
 * Strategies that compare the candidates of a request by the present state: one pure score each, lower first. Candidates with
 * nearly the same score share the requests by weight, so that none of them gets all.
 */
import type { CallableTarget, DeploymentConfig, RoutingStrategy } from './catalogue.ts';

export type Member = CallableTarget['members'][number];

/** The strategies that need no state: they draw by weight, or by priority and then by weight. */
export type DrawnStrategy = 'weighted' | 'priority';
export type ScoredStrategy = Exclude<RoutingStrategy, DrawnStrategy>;

/** The present state of deployments for one request. Null: unknown. */
export interface RoutingState {
  /** Returns the number of requests of this process that wait for the deployment or read its answer. */
  inFlight(deployment: DeploymentConfig): number;
  /** Returns the usual time to the first output of such a request, in milliseconds. */
  firstOutputMs(deployment: DeploymentConfig): number | null;
  /** Returns the expected cost of this request, in nano-dollars; null if the deployment has no price in force. */
  costNanoUsd(deployment: DeploymentConfig): number | null;
  /** Returns the tokens that this process has used of the deployment in the present minute. */
  minuteTokens(deployment: DeploymentConfig): number;
  /** Returns the least share that the vendor's rate limits have left, from 0 to 1. */
  shareLeft(deployment: DeploymentConfig): number | null;
}

/** A candidate's score: lower goes first. Null: unknown, and then it counts as good as the best, so that it is tried. */
export type Score = number | null;

const SCORES: Readonly<Record<ScoredStrategy, (member: Member, state: RoutingState) => Score>> = {
  least_busy: ({ deployment, weight }, state) => (weight > 0 ? state.inFlight(deployment) / weight : Number.POSITIVE_INFINITY),
  latency: ({ deployment }, state) => state.firstOutputMs(deployment),
  cheapest: ({ deployment }, state) => state.costNanoUsd(deployment) ?? Number.POSITIVE_INFINITY,
  usage: ({ deployment }, state) => {
    const { tpm } = deployment.limits;
    if (tpm === null) return null;
    return tpm > 0 ? state.minuteTokens(deployment) / tpm : Number.POSITIVE_INFINITY;
  },
  headroom: ({ deployment }, state) => {
    const left = state.shareLeft(deployment);
    return left === null ? null : 1 - left;
  },
};

/** Returns the score of a candidate. Infinity: it goes behind all others. */
export function scoreOf(strategy: ScoredStrategy, member: Member, state: RoutingState): Score {
  return SCORES[strategy](member, state);
}

/** Reports whether a strategy compares candidates by the present state. */
export function isScored(strategy: RoutingStrategy): strategy is ScoredStrategy {
  return strategy !== 'weighted' && strategy !== 'priority';
}

/** The strategies that read what this process measures: requests in flight, times, and the vendors' headers. */
export function isMeasured(strategy: RoutingStrategy): boolean {
  return strategy === 'least_busy' || strategy === 'latency' || strategy === 'headroom';
}

/** Scores up to this factor of the best count as equal. */
const NEARLY = 1.1;

/**
 * Returns the band of each score, from 0, in their order. The best score that is left begins a band, and all within 10 % of it are
 * in it. Unknown scores are in the first band.
 */
export function bandsOf(scores: readonly Score[]): readonly number[] {
  const known = [...new Set(scores)].filter((score) => score !== null).sort((one, other) => (one < other ? -1 : 1));
  const bandOf = new Map<number, number>();
  let band = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const score of known) {
    if (score > most) {
      band += 1;
      most = score * NEARLY;
    }
    bandOf.set(score, band);
  }
  return scores.map((score) => (score === null ? 0 : (bandOf.get(score) ?? 0)));
}
