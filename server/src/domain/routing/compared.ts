/** The comparison that ordered the deployments of a called name, as a request keeps it: only if a comparison was made. */
import { ROUTING_STRATEGIES, type RoutingStrategy } from './catalogue.ts';

/**
 * The reason why a candidate did not get its turn. `full`: at its advisory capacity, so it went last. `cooling_down`: calls to it
 * failed recently. `unpriced`: a blocking budget needs a price. `tags`: the tags of the request chose others. `too_small`: the
 * request is longer than the context window that it declares.
 */
export const PASSED_OVER_REASONS = ['full', 'cooling_down', 'unpriced', 'tags', 'too_small'] as const;
export type PassedOverReason = (typeof PASSED_OVER_REASONS)[number];

export interface ComparedCandidate {
  readonly deploymentId: string;
  /** Lower goes first. Null: unknown or not compared. */
  readonly score: number | null;
  readonly passedOver: PassedOverReason | null;
}

export interface Compared {
  readonly strategy: RoutingStrategy;
  /** True if the session of the request decided the order, in place of scores and chance. */
  readonly bySession: boolean;
  /** True if the request is in the share of the called name's canary. Absent: it is not. */
  readonly isCanary?: boolean;
  /** In the order of their turns, then those without one; at most COMPARED_MAX. */
  readonly candidates: readonly ComparedCandidate[];
}

export const COMPARED_MAX = 8;
const BY_SESSION = '+session';
const CANARY = '+canary';
const SCORE_DIGITS = 6;

/** Returns a comparison as text: `latency;dep_1=812.5;dep_2=;dep_3=:cooling_down`. A score is kept to six digits. */
export function comparedText({ strategy, bySession, isCanary, candidates }: Compared): string {
  const parts = candidates.slice(0, COMPARED_MAX).map(({ deploymentId, score, passedOver }) => {
    const kept = score === null ? '' : Number.isFinite(score) ? String(Number(score.toPrecision(SCORE_DIGITS))) : LAST;
    return `${deploymentId}=${kept}${passedOver === null ? '' : `:${passedOver}`}`;
  });
  return [strategy + (isCanary === true ? CANARY : '') + (bySession ? BY_SESSION : ''), ...parts].join(';');
}

/** The text of a score that puts a candidate behind all others. */
const LAST = 'last';

/** Parses the text of a comparison. Returns null for any other text. What a later version added is left out. */
export function parseCompared(text: string): Compared | null {
  const [head = '', ...parts] = text.split(';');
  const bySession = head.endsWith(BY_SESSION);
  const said = bySession ? head.slice(0, -BY_SESSION.length) : head;
  const isCanary = said.endsWith(CANARY);
  const name = isCanary ? said.slice(0, -CANARY.length) : said;
  const strategy = ROUTING_STRATEGIES.find((one) => one === name);
  if (strategy === undefined) return null;
  return { strategy, bySession, ...(isCanary ? { isCanary } : {}), candidates: parts.flatMap(parseCandidate) };
}

function parseCandidate(text: string): readonly ComparedCandidate[] {
  const found = /^([^=]{1,64})=(last|[\d.e+-]{0,24})(?::([a-z_]{1,32}))?$/.exec(text);
  if (found === null) return [];
  const [, deploymentId = '', score = '', reason] = found;
  const passedOver = PASSED_OVER_REASONS.find((one) => one === reason) ?? null;
  return [{ deploymentId, score: scoreOf(score), passedOver }];
}

function scoreOf(text: string): number | null {
  if (text === LAST) return Number.POSITIVE_INFINITY;
  const score = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(score) ? null : score;
}
