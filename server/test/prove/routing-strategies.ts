// Each strategy keeps its law over many calls, sessions stay, required tags hold, and a provider that fails, stalls or limits costs what it should.
import { leftByTags } from '../../src/domain/access/tag-routing.ts';
import { canaryDraw, isInCanary } from '../../src/domain/routing/canary.ts';
import { type CallableTarget, type DeploymentConfig, ROUTING_STRATEGIES } from '../../src/domain/routing/catalogue.ts';
import { orderCandidates } from '../../src/domain/routing/routing.ts';
import { seededRandom } from '../../src/domain/routing/seeded-random.ts';
import { sessionDraw } from '../../src/domain/routing/sticky.ts';
import type { RoutingState } from '../../src/domain/routing/strategies.ts';
import { createDeploymentMeasures } from '../../src/proxy/deployments/measures.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { mirroredCalls, mirrorShares } from './routing-mirror.ts';
import { servedByGateway } from './routing-site.ts';

const CALLS = { full: 10_000, quick: 2_000 };
/** The most that a share may differ from its law. */
const SHARE_OFF_MAX = 0.02;
const SESSIONS_MOVED_MAX = 0.21;

interface Member {
  readonly id: string;
  readonly weight: number;
  readonly priority: number;
  readonly tpm: number;
  /** Nano-dollars of one call. */
  readonly cost: number;
  /** The time to its first output: before half of the calls, and after. */
  readonly ms: readonly [number, number];
  /** Calls a minute that its vendor allows. */
  readonly vendor: number;
}

const MEMBERS: readonly Member[] = [
  { id: 'dep_1', weight: 1, priority: 1, tpm: 100_000, cost: 900, ms: [100, 900], vendor: 600 },
  { id: 'dep_2', weight: 2, priority: 0, tpm: 200_000, cost: 1_000, ms: [105, 300], vendor: 1_200 },
  { id: 'dep_3', weight: 5, priority: 0, tpm: 500_000, cost: 980, ms: [700, 310], vendor: 3_000 },
];

type Strategy = CallableTarget['strategy'];

export async function run(options: ProveOptions): Promise<ProveResult> {
  const calls = options.quick ? CALLS.quick : CALLS.full;
  options.doing?.('orders');
  const laws = ROUTING_STRATEGIES.map((strategy) => lawOf(strategy, calls));
  const parts = [...laws, requiredTags(calls), sessions(), canary(), mirrorShares()];
  options.doing?.('a gateway');
  return allOf([...parts, await servedByGateway(options, mirroredCalls)]);
}

const targetOf = (strategy: Strategy, members: readonly Member[]): CallableTarget =>
  ({
    strategy,
    members: members.map(({ id, weight, priority, tpm }) => ({
      deployment: { id, enabled: true, tags: [], limits: { rpm: null, tpm }, credential: { id }, upstreamModel: id },
      weight,
      priority,
    })),
  }) as unknown as CallableTarget;

/** Calls one after another at the speed of ten a second, against deployments that behave as their row says. */
function lawOf(strategy: Strategy, calls: number): ProveResult {
  let nowMs = 0;
  const measures = createDeploymentMeasures({ nowMs: () => nowMs, monotonicMs: () => nowMs });
  const target = targetOf(strategy, MEMBERS);
  const memberOf = new Map(target.members.map(({ deployment }, at) => [deployment, MEMBERS[at] as Member]));
  const of = (deployment: DeploymentConfig) => memberOf.get(deployment) as Member;
  const tokens = new Map<string, number>();
  const left = new Map<string, number>();
  const ends: { readonly atMs: number; readonly deployment: DeploymentConfig }[] = [];
  const state: RoutingState = {
    inFlight: (deployment) => measures.inFlight(deployment),
    firstOutputMs: (deployment) => measures.firstOutputMs(deployment, 'whole'),
    costNanoUsd: (deployment) => of(deployment).cost,
    minuteTokens: ({ id }) => tokens.get(id) ?? 0,
    shareLeft: (deployment) => measures.shareLeft(deployment),
  };
  const random = seededRandom(17);
  const firsts = new Map<string, number>();
  let broken = 0;
  for (let call = 0; call < calls; call += 1) {
    nowMs += 100;
    if (nowMs % 60_000 < 100) {
      tokens.clear();
      left.clear();
    }
    for (let at = ends.length - 1; at >= 0; at -= 1) {
      const end = ends[at];
      if (end === undefined || end.atMs > nowMs) continue;
      measures.left(end.deployment);
      ends.splice(at, 1);
    }
    const scores = target.members.map(({ deployment }) => ownScore(strategy, of(deployment), deployment, state));
    const [first] = orderCandidates(target, { readinessOf: () => 'ready', random, state });
    if (first === undefined) throw new Error('nobody was chosen');
    if (isOutOfLaw(scores, scores[target.members.findIndex(({ deployment }) => deployment === first)] ?? null)) broken += 1;
    firsts.set(first.id, (firsts.get(first.id) ?? 0) + 1);
    tokens.set(first.id, (tokens.get(first.id) ?? 0) + 100);
    const member = of(first);
    const tookMs = member.ms[call < calls / 2 ? 0 : 1];
    measures.sent(first);
    ends.push({ atMs: nowMs + tookMs, deployment: first });
    measures.answered(first, 'whole', tookMs);
    const used = (left.get(first.id) ?? 0) + 1;
    left.set(first.id, used);
    measures.told(first, {
      'x-ratelimit-limit-requests': String(member.vendor),
      'x-ratelimit-remaining-requests': String(Math.max(0, member.vendor - used)),
      'x-ratelimit-reset-requests': `${60 - Math.floor((nowMs % 60_000) / 1_000)}s`,
    });
  }
  const shares = MEMBERS.map(({ id }) => (firsts.get(id) ?? 0) / calls);
  const wanted = SHARES[strategy];
  const isShared = wanted === undefined || shares.every((share, at) => Math.abs(share - (wanted[at] ?? 0)) <= SHARE_OFF_MAX);
  return {
    holds: broken === 0 && isShared,
    figure: `${strategy}: ${calls} calls, ${broken} against its law, shares ${shares.map((share) => share.toFixed(3)).join(' ')}`,
    details: [`${strategy}: wanted shares ${wanted?.join(' ') ?? 'of any size'}`],
  };
}

/** The shares that follow from weights, priorities, prices and capacities alone. */
const SHARES: Readonly<Partial<Record<Strategy, readonly number[]>>> = {
  weighted: [1 / 8, 2 / 8, 5 / 8],
  priority: [0, 2 / 7, 5 / 7],
  // 980 is within 10 % of 900, and 1,000 is not.
  cheapest: [1 / 6, 0, 5 / 6],
  usage: [1 / 8, 2 / 8, 5 / 8],
  headroom: [600 / 4_800, 1_200 / 4_800, 3_000 / 4_800],
};

/** The score as this file understands it: by arithmetic of its own, from the same facts. */
function ownScore(strategy: Strategy, member: Member, deployment: DeploymentConfig, state: RoutingState): number | null {
  switch (strategy) {
    case 'weighted':
      return 0;
    case 'priority':
      return member.priority;
    case 'least_busy':
      return state.inFlight(deployment) / member.weight;
    case 'latency':
      return state.firstOutputMs(deployment);
    case 'cheapest':
      return member.cost;
    case 'usage':
      return state.minuteTokens(deployment) / member.tpm;
    case 'headroom': {
      const share = state.shareLeft(deployment);
      return share === null ? null : 1 - share;
    }
  }
}

function isOutOfLaw(scores: readonly (number | null)[], chosen: number | null): boolean {
  const best = Math.min(...scores.filter((score) => score !== null));
  return chosen !== null && chosen > best * 1.1;
}

/** No request is served outside its required tags, whatever the strategy and the state. */
function requiredTags(calls: number): ProveResult {
  const random = seededRandom(23);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const tags = ['eu', 'gpu', 'us'];
  let outside = 0;
  let served = 0;
  for (let call = 0; call < calls; call += 1) {
    const strategy = pick(ROUTING_STRATEGIES);
    const members = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, at) => ({
      deployment: {
        ...{ id: `dep_${at}`, enabled: random() < 0.9, limits: { rpm: null, tpm: 1_000 } },
        tags: tags.filter(() => random() < 0.5),
      } as unknown as DeploymentConfig,
      weight: Math.floor(random() * 3),
      priority: Math.floor(random() * 3),
    }));
    const required = tags.filter(() => random() < 0.4);
    const { members: left } = leftByTags(members, { asked: tags.filter(() => random() < 0.3), defaults: [], required });
    const maybe = () => (random() < 0.5 ? null : random());
    const state = { inFlight: random, firstOutputMs: maybe, costNanoUsd: maybe, minuteTokens: random, shareLeft: maybe };
    const target = { strategy, members: left } as unknown as CallableTarget;
    const order = orderCandidates(target, { readinessOf: () => pick(['ready', 'full', 'cooling']), random, state });
    served += order.length;
    outside += order.filter((one) => !required.every((tag) => one.tags.includes(tag))).length;
  }
  return { holds: outside === 0 && served > calls / 2, figure: `${outside} of ${served} turns outside the required tags` };
}

/** A canary gets its share of sessions, and the sessions that it has while it grows. */
function canary(): ProveResult {
  const count = CALLS.full;
  const drawn = Array.from({ length: count }, (_, at) => canaryDraw('org_1', `ses_${at}`, 'fast'));
  const shares = [10, 25, 50, 100, 500].map((permille) => ({
    permille,
    within: new Set(drawn.flatMap((number, at) => (isInCanary({ permille }, number) ? [at] : []))),
  }));
  const off = Math.max(...shares.map(({ permille, within }) => Math.abs(within.size / count - permille / 1_000)));
  const left = shares.slice(1).map(({ within }, at) => (shares[at]?.within ?? new Set<number>()).difference(within).size);
  const moved = left.reduce((sum, one) => sum + one, 0);
  return {
    holds: off <= 0.015 && moved === 0,
    figure: `canaries of 1 to 50 % are off by at most ${(off * 100).toFixed(2)} %, and ${moved} sessions leave one that grows`,
  };
}

/** When one of five leaves, about a fifth of the sessions moves, and only its own. */
function sessions(): ProveResult {
  const count = CALLS.full;
  const ids = ['dep_1', 'dep_2', 'dep_3', 'dep_4', 'dep_5'];
  const placesOf = (of: readonly string[]) => {
    const members = of.map((id) => ({ deployment: { id, enabled: true }, weight: 1, priority: 0 }));
    const target = { strategy: 'weighted', sticky: true, members } as unknown as CallableTarget;
    const random = seededRandom(29);
    return Array.from({ length: count }, () => {
      const session = `ses_${random()}`;
      const draw = ({ id }: DeploymentConfig) => sessionDraw('org_1', session, id);
      return orderCandidates(target, { readinessOf: () => 'ready', random: Math.random, sessionDraw: draw })[0]?.id;
    });
  };
  const before = placesOf(ids);
  const moved = ids.map((gone) => {
    const after = placesOf(ids.filter((id) => id !== gone));
    return before.filter((place, at) => place !== after[at]).length / count;
  });
  const most = Math.max(...moved);
  return {
    holds: most <= SESSIONS_MOVED_MAX && most > 0.15,
    figure: `of ${count} sessions at most ${(most * 100).toFixed(1)} % move when one of five leaves`,
  };
}
