import type { Readings } from '../counters/counters.ts';
import { type LimitPlan, type LimitRule, targetText } from '../domain/limit-plan.ts';
import type { RateLimitName } from '../domain/rate-limit.ts';
import { SCOPE_CODES } from '../domain/tenancy.ts';
import { TextBuilder } from '../lib/text-builder.ts';

/** Seconds of each rate limit's window, as the `w` of `RateLimit-Policy`. In-flight limits have no window. */
const WINDOW_SECONDS: Readonly<Record<RateLimitName, number | null>> = {
  rpm: 60,
  tpm: 60,
  rph: 3_600,
  tph: 3_600,
  rpd: 86_400,
  tpd: 86_400,
  max_parallel: null,
};

const SEPARATOR = ', ';
const APPROACHING = 0.8;
const NEAR = 0.95;

const limits = new TextBuilder();

/**
 * Adds the two families of limit headers: OpenAI's `x-ratelimit-*` for the tightest per-minute limit, and the IETF draft's
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) naming every configured rate limit, with a warning from 80 %.
 */
export function addLimitHeaders(headers: string[], plan: LimitPlan, readings: Readings, atMs: number): void {
  const { rules } = plan;
  if (rules.length === 0) return;
  const { policy, names } = wordsOf(plan);
  let requests = -1;
  let tokens = -1;
  let fullest = 0;
  let hasLimits = false;
  limits.begin();
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at] as LimitRule;
    const used = readings.used[at] as number;
    if (used > fullest * rule.value) fullest = used / rule.value;
    if (rule.limit === 'budget') continue;
    limits.text(hasLimits ? (names[at] as string) : (names[at] as string).slice(SEPARATOR.length));
    limits.int(remaining(rule, used));
    limits.text(';t=');
    limits.int(secondsUntil(readings.resetsAtMs[at] as number, atMs));
    hasLimits = true;
    if (rule.limit === 'rpm' && isTighter(rules, readings, at, requests)) requests = at;
    if (rule.limit === 'tpm' && isTighter(rules, readings, at, tokens)) tokens = at;
  }
  if (requests >= 0) addOpenAi(headers, 'requests', rules[requests] as LimitRule, readings, requests, atMs);
  if (tokens >= 0) addOpenAi(headers, 'tokens', rules[tokens] as LimitRule, readings, tokens, atMs);
  if (hasLimits) headers.push('ratelimit-policy', policy, 'ratelimit', limits.take());
  if (fullest >= APPROACHING) headers.push('x-ratelimit-warning', fullest >= NEAR ? 'near_limit' : 'approaching_limit');
}

/** A duration as OpenAI writes it: `6m0s`, `1.5s`, `12ms`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.ceil(ms))}ms`;
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${seconds % 60}s`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds % 60}s`;
}

function addOpenAi(headers: string[], unit: string, rule: LimitRule, readings: Readings, at: number, atMs: number): void {
  headers.push(
    `x-ratelimit-limit-${unit}`,
    String(rule.value),
    `x-ratelimit-remaining-${unit}`,
    String(remaining(rule, readings.used[at] as number)),
    `x-ratelimit-reset-${unit}`,
    durationText((readings.resetsAtMs[at] as number) - atMs),
  );
}

function isTighter(rules: readonly LimitRule[], readings: Readings, at: number, than: number): boolean {
  if (than < 0) return true;
  return (
    remaining(rules[at] as LimitRule, readings.used[at] as number) <
    remaining(rules[than] as LimitRule, readings.used[than] as number)
  );
}

function remaining(rule: LimitRule, used: number): number {
  return used >= rule.value ? 0 : rule.value - used;
}

function secondsUntil(thenMs: number, atMs: number): number {
  return thenMs > atMs ? Math.ceil((thenMs - atMs) / 1_000) : 0;
}

function policyName(rule: LimitRule): string {
  const target = rule.match.is === 'any' ? '' : `;${targetText(rule.match)}`;
  return `"${SCOPE_CODES[rule.scope]};${rule.limit}${target}"`;
}

interface Words {
  /** The value of `RateLimit-Policy`. */
  readonly policy: string;
  /** What stands before the remaining amount in `RateLimit`, with what parts it from the rule before, by the rule's place. */
  readonly names: readonly string[];
}

const known = new WeakMap<LimitPlan, Words>();

/** What a plan says never changes, so it is put into words once per plan. */
function wordsOf(plan: LimitPlan): Words {
  let words = known.get(plan);
  if (words !== undefined) return words;
  const limited = plan.rules.filter((rule) => rule.limit !== 'budget');
  words = {
    policy: limited.map(policyOf).join(SEPARATOR),
    names: plan.rules.map((rule) => `${SEPARATOR}${policyName(rule)};r=`),
  };
  known.set(plan, words);
  return words;
}

function policyOf(rule: LimitRule): string {
  const seconds = WINDOW_SECONDS[rule.limit as RateLimitName];
  return `${policyName(rule)};q=${rule.value}${seconds === null ? '' : `;w=${seconds}`}`;
}
