import type { CallableTarget, Catalogue, DeploymentConfig } from './catalogue.ts';
import { bandsOf, isScored, type Member, type RoutingState, type Score, type ScoredStrategy, scoreOf } from './strategies.ts';

/**
 * The state of a deployment at this instant. `full`: at its advisory limit, so it goes last and is never refused. `cooling`: left
 * out. A half-open probe is `ready` only for the one request that the caller of these rules lets through.
 */
export type Readiness = 'ready' | 'full' | 'cooling';

/** Reports whether a minute's use reached a deployment's stated capacity. A limit of null never applies. */
export function isAtCapacity(
  { rpm, tpm }: DeploymentConfig['limits'],
  { requests, tokens }: { readonly requests: number; readonly tokens: number },
): boolean {
  return (rpm !== null && requests >= rpm) || (tpm !== null && tokens >= tpm);
}

/** The most targets of a fallback chain that are tried, including the called one. */
export const FALLBACK_TARGETS_MAX = 16;

export interface OrderingState {
  readonly readinessOf: (deployment: DeploymentConfig) => Readiness;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** The facts that strategies compare. Absent: they are unknown, so all strategies but `priority` draw by weight. */
  readonly state?: RoutingState;
  /** The numbers that a session draws in place of `random`. Then its order does not depend on scores. Absent: no session. */
  readonly sessionDraw?: (deployment: DeploymentConfig) => number;
  /** Called with the score of each candidate that a strategy compared. */
  readonly note?: (deployment: DeploymentConfig, score: Score, readiness: Readiness) => void;
}

/**
 * Returns a target's deployments, best first. `weighted`: drawn by weight. `priority`: lower first, drawn by weight among equals.
 * Other strategies: lower score first, drawn by weight among those within 10 % (strategies.ts). With a session, its own numbers
 * draw, and only `priority` goes before them. Full deployments go behind all others; cooling and disabled ones are left out. This
 * only orders: access and limits are decided earlier.
 */
export function orderCandidates(target: CallableTarget, ordering: OrderingState): readonly DeploymentConfig[] {
  const { readinessOf, random, state, sessionDraw } = ordering;
  const drawn: Drawn[] = [];
  for (const member of target.members) {
    const { deployment, weight, priority } = member;
    const readiness = deployment.enabled ? readinessOf(deployment) : 'cooling';
    if (readiness === 'cooling') continue;
    drawn.push({
      member,
      full: readiness === 'full' ? 1 : 0,
      turn: target.strategy === 'priority' ? priority : 0,
      place: weight > 0 ? drawPlace(weight, sessionDraw === undefined ? random() : sessionDraw(deployment)) : LAST_PLACE,
    });
  }
  if (state !== undefined && sessionDraw === undefined && isScored(target.strategy))
    takeTurns(target.strategy, drawn, state, ordering.note);
  if (drawn.length > 1) drawn.sort(byTurn);
  return drawn.map(({ member }) => member.deployment);
}

/** Gives candidates their turns by score. The full ones are compared among themselves, because they go last. */
function takeTurns(strategy: ScoredStrategy, drawn: readonly Drawn[], state: RoutingState, note: OrderingState['note']): void {
  for (const full of [0, 1]) {
    const alike = drawn.filter((one) => one.full === full);
    const scores = alike.map(({ member }) => scoreOf(strategy, member, state));
    const bands = bandsOf(scores);
    alike.forEach((one, at) => {
      one.turn = bands[at] ?? 0;
      note?.(one.member.deployment, scores[at] ?? null, full === 1 ? 'full' : 'ready');
    });
  }
}

/**
 * Returns the targets to try, each once: the called one first, then its fallbacks, then theirs. Only targets that `allowed`
 * accepts are included, so a fallback never exceeds the caller's access. A target that is not allowed also ends its branch.
 */
export function fallbackChain(
  called: CallableTarget,
  catalogue: Catalogue,
  allowed: (target: CallableTarget) => boolean,
): readonly CallableTarget[] {
  if (called.fallbacks.length === 0) return [called];
  const chain = [called];
  const seen = new Set([called.name]);
  for (let i = 0; i < chain.length; i += 1) {
    for (const name of (chain[i] as CallableTarget).fallbacks) {
      if (chain.length === FALLBACK_TARGETS_MAX) return chain;
      const next = catalogue.targets.get(name);
      if (next === undefined || seen.has(name) || !allowed(next)) continue;
      seen.add(name);
      chain.push(next);
    }
  }
  return chain;
}

/**
 * Returns a cycle among fallbacks as the names along it, with the first repeated at the end, or null. `fallbacksOf` holds every
 * target that has fallbacks, as after the change. Iterative, so a long chain is only slow and cannot overflow the stack.
 */
export function fallbackCycle(fallbacksOf: ReadonlyMap<string, readonly string[]>): readonly string[] | null {
  const finished = new Set<string>();
  for (const start of fallbacksOf.keys()) {
    const cycle = cycleFrom(start, fallbacksOf, finished);
    if (cycle !== null) return cycle;
  }
  return null;
}

interface Drawn {
  readonly member: Member;
  readonly full: 0 | 1;
  /** Lower goes first: the priority, or the band of the score. */
  turn: number;
  readonly place: number;
}

function byTurn(one: Drawn, other: Drawn): number {
  if (one.full !== other.full) return one.full - other.full;
  if (one.turn !== other.turn) return one.turn - other.turn;
  // Not a difference: two weights of 0 are both infinitely far. Then the lower id goes first, however the members are listed.
  if (one.place !== other.place) return one.place < other.place ? -1 : 1;
  return one.member.deployment.id < other.member.deployment.id ? -1 : 1;
}

/**
 * Draws an exponential variate with rate `weight`. Each of several is the smallest with probability weight ÷ sum of weights, so
 * sorting by it draws without replacement. `drawn`: from 0 up to, not including, 1.
 */
function drawPlace(weight: number, drawn: number): number {
  return -Math.log(1 - drawn) / weight;
}

/** The place of a weight of 0, which is only drawn if nothing else is left. */
const LAST_PLACE = Number.POSITIVE_INFINITY;

function cycleFrom(start: string, fallbacksOf: ReadonlyMap<string, readonly string[]>, finished: Set<string>): string[] | null {
  const path: { name: string; next: number }[] = [{ name: start, next: 0 }];
  const onPath = new Set([start]);
  if (finished.has(start)) return null;
  while (path.length > 0) {
    const step = path[path.length - 1] as { name: string; next: number };
    const child = fallbacksOf.get(step.name)?.[step.next];
    step.next += 1;
    if (child === undefined) {
      finished.add(step.name);
      onPath.delete(step.name);
      path.pop();
    } else if (onPath.has(child)) {
      const names = path.map(({ name }) => name);
      return [...names.slice(names.indexOf(child)), child];
    } else if (!finished.has(child)) {
      onPath.add(child);
      path.push({ name: child, next: 0 });
    }
  }
  return null;
}
