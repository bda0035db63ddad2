import { leftByTags, NO_WISHES } from '../access/tag-routing.ts';
import { costNanoUsd, priceAt } from '../money/price.ts';
import type { CallableTarget, DeploymentConfig } from './catalogue.ts';
import { orderCandidates } from './routing.ts';
import { seededRandom } from './seeded-random.ts';
import { isScored, type RoutingState } from './strategies.ts';

/** The result of a policy for one deployment, for requests without tags, if every deployment is up and has capacity. */
export interface Share {
  readonly deploymentId: string;
  /** The expected part of requests that go here first, from 0 to 1. With a strategy that compares scores, the part drawn. */
  readonly share: number;
  /** The number of drawn requests that went here first. */
  readonly firstChoice: number;
}

type Policy = Pick<CallableTarget, 'strategy' | 'members'>;

/** Draws `requests` orders by the production rules, from a fixed seed, so the same policy always gives the same result. */
export function simulateRouting({ strategy, members: all }: Policy, requests: number): readonly Share[] {
  const { members } = leftByTags(all, NO_WISHES);
  const target: CallableTarget = {
    name: 'simulated',
    kind: 'route_group',
    mode: 'chat',
    fallbacks: [],
    accessGroups: new Set(),
    strategy,
    members,
  };
  const random = seededRandom(1);
  const firsts = new Map<string, number>();
  const state = simulatedState(firsts);
  for (let i = 0; i < requests; i += 1) {
    const [first] = orderCandidates(target, { readinessOf: () => 'ready', random, state });
    if (first !== undefined) firsts.set(first.id, (firsts.get(first.id) ?? 0) + 1);
  }
  return all.map(({ deployment }) => {
    const firstChoice = firsts.get(deployment.id) ?? 0;
    const share = isScored(strategy) ? firstChoice / requests : expectedShare({ strategy, members }, deployment);
    return { deploymentId: deployment.id, share, firstChoice };
  });
}

/** The usage of each simulated request. */
const SIMULATED_USAGE = { input: 1_000, output: 1_000 };

/**
 * Returns the state of a simulation: each request has the same usage, all fall into one minute, and each deployment answers as fast
 * as its weight says. Times and vendors' limits are unknown, as at a start.
 */
function simulatedState(firsts: ReadonlyMap<string, number>): RoutingState {
  return {
    inFlight: ({ id }) => firsts.get(id) ?? 0,
    firstOutputMs: () => null,
    costNanoUsd: ({ prices }) => {
      const price = priceAt(prices, Number.POSITIVE_INFINITY);
      return price === null ? null : Number(costNanoUsd(SIMULATED_USAGE, price));
    },
    minuteTokens: ({ id }) => (firsts.get(id) ?? 0) * (SIMULATED_USAGE.input + SIMULATED_USAGE.output),
    shareLeft: () => null,
  };
}

/**
 * Returns the deployment's part of the weight among those that can be drawn: all enabled ones, or with `priority` only those with
 * the lowest priority value.
 */
function expectedShare({ strategy, members }: Policy, deployment: DeploymentConfig): number {
  const enabled = members.filter((member) => member.deployment.enabled);
  const lowest = Math.min(...enabled.map((member) => member.priority));
  const drawn = strategy === 'priority' ? enabled.filter((member) => member.priority === lowest) : enabled;
  const total = drawn.reduce((sum, member) => sum + member.weight, 0);
  const own = drawn.find((member) => member.deployment === deployment);
  if (own === undefined) return 0;
  // If no member has a weight, the one with the lowest id is taken.
  return total === 0 ? Number(drawn.every((member) => member.deployment.id >= deployment.id)) : own.weight / total;
}
