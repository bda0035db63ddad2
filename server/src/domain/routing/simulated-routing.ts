import { leftByTags, NO_WISHES } from '../access/tag-routing.ts';
import { costNanoUsd, priceAt } from '../money/price.ts';
import { type Canary, canaryPlaced, isInCanary, PERMILLE_MAX } from './canary.ts';
import type { CallableTarget, DeploymentConfig } from './catalogue.ts';
import type { Mirror } from './mirror.ts';
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

type Policy = Pick<CallableTarget, 'strategy' | 'members' | 'canary' | 'mirror'>;

interface Simulated {
  readonly shares: readonly Share[];
  /** The part that goes to the canary; null without one. If it is another target, it is in none of `shares`. */
  readonly canary: Pick<Share, 'share' | 'firstChoice'> | null;
  /** The part of which copies go to the mirror; null without one. */
  readonly mirror: { readonly share: number; readonly copies: number } | null;
}

/** Draws `requests` orders by the production rules, from a fixed seed, so the same policy always gives the same result. */
export function simulateRouting({ strategy, members: all, canary = null, mirror = null }: Policy, requests: number): Simulated {
  const { members } = leftByTags(all, NO_WISHES);
  const place = placeIn(members, canary);
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
  let canaries = 0;
  for (let i = 0; i < requests; i += 1) {
    const isIn = place !== null && isInCanary(place, random());
    if (isIn) canaries += 1;
    if (isIn && place.deployment === null) continue;
    const order = orderCandidates(target, { readinessOf: () => 'ready', random, state });
    const [first] = place === null ? order : canaryPlaced(order, (one) => one === place.deployment, isIn);
    if (first !== undefined) firsts.set(first.id, (firsts.get(first.id) ?? 0) + 1);
  }
  const shares = all.map(({ deployment }) => {
    const firstChoice = firsts.get(deployment.id) ?? 0;
    const share = isScored(strategy) ? firstChoice / requests : sharedBeside({ strategy, members }, place, deployment);
    return { deploymentId: deployment.id, share, firstChoice };
  });
  return {
    shares,
    canary: place === null ? null : { share: place.permille / PERMILLE_MAX, firstChoice: canaries },
    mirror: mirror === null ? null : simulatedCopies(mirror, requests),
  };
}

/** Draws which requests are copied, from a seed of its own, so that a mirror changes no share. */
function simulatedCopies(mirror: Mirror, requests: number) {
  const random = seededRandom(2);
  let copies = 0;
  for (let i = 0; i < requests; i += 1) if (isInCanary(mirror, random())) copies += 1;
  return { share: mirror.permille / PERMILLE_MAX, copies };
}

interface Place {
  readonly permille: number;
  /** Null: another target. */
  readonly deployment: DeploymentConfig | null;
}

/** Returns the place of a canary; null if there is none, or its deployment cannot serve. */
function placeIn(members: Policy['members'], canary: Canary | null): Place | null {
  if (canary === null) return null;
  const { permille } = canary;
  if ('target' in canary) return { permille, deployment: null };
  const member = members.find(({ deployment }) => deployment.id === canary.deploymentId && deployment.enabled);
  return member === undefined ? null : { permille, deployment: member.deployment };
}

/** Returns the expected share of a deployment beside a canary: its own share for the canary, else its part of the rest. */
function sharedBeside(policy: Policy, place: Place | null, deployment: DeploymentConfig): number {
  if (place === null) return expectedShare(policy, deployment);
  const rest = policy.members.filter((member) => member.deployment !== place.deployment);
  const isAlone = !rest.some((member) => member.deployment.enabled);
  if (deployment === place.deployment) return isAlone ? 1 : place.permille / PERMILLE_MAX;
  return expectedShare({ ...policy, members: rest }, deployment) * (1 - place.permille / PERMILLE_MAX);
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
