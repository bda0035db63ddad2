import { leftByTags, NO_WISHES } from '../access/tag-routing.ts';
import type { CallableTarget, DeploymentConfig } from './catalogue.ts';
import { orderCandidates } from './routing.ts';

/** The result of a policy for one deployment, for requests without tags, if every deployment is up and has capacity. */
export interface Share {
  readonly deploymentId: string;
  /** The expected part of requests that go here first, from 0 to 1. */
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
  for (let i = 0; i < requests; i += 1) {
    const [first] = orderCandidates(target, { readinessOf: () => 'ready', random });
    if (first !== undefined) firsts.set(first.id, (firsts.get(first.id) ?? 0) + 1);
  }
  return all.map(({ deployment }) => ({
    deploymentId: deployment.id,
    share: expectedShare({ strategy, members }, deployment),
    firstChoice: firsts.get(deployment.id) ?? 0,
  }));
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

/** Returns a small generator (Mulberry32) with numbers from 0 up to, not including, 1. Good enough to draw with. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
