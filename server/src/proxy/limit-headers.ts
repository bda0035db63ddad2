import { hash } from 'node:crypto';
import type { Readings } from '../counters/counters.ts';
import { type LimitPlan, type LimitRule, paramOfRule, targetText } from '../domain/limits/limit-plan.ts';
import type { RateLimitName } from '../domain/limits/rate-limit.ts';
import { SCOPE_CODES } from '../domain/tenancy/tenancy.ts';
import { headerText } from '../lib/header-text.ts';
import { TextBuilder } from '../lib/json/text-builder.ts';
import type { ErrorDialect } from './error-dialect.ts';

/** The window of each rate limit in seconds, for the `w` of `RateLimit-Policy`. In-flight limits have no window. */
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

/** The header texts of a plan's rules, computed once for all plans with the same limits. Arrays are in the order of the rules. */
export interface LimitWords {
  /** The value of `RateLimit-Policy`. */
  readonly policy: string;
  /** For each rule, the text before its remaining amount in `RateLimit`, including the leading separator. */
  readonly names: readonly string[];
  readonly limits: readonly LimitRule['limit'][];
  readonly values: readonly number[];
  /** The indexes of the budgets that refuse. */
  readonly blocking: readonly number[];
  readonly rules: readonly LimitRule[];
}

/**
 * Adds families of limit headers. OpenAI's `x-ratelimit-*` name the tightest per-minute limit; in Anthropic's dialect its
 * `anthropic-ratelimit-*` name it too. The IETF draft's `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers)
 * name every configured rate limit. From 80 % of any limit or budget, adds a warning.
 */
export function addLimitHeaders(
  headers: string[],
  words: LimitWords,
  readings: Readings,
  atMs: number,
  dialect: ErrorDialect,
): void {
  const { policy, names, limits: kinds, values } = words;
  if (kinds.length === 0) return;
  let requests = -1;
  let tokens = -1;
  let fullest = 0;
  let hasLimits = false;
  limits.begin();
  for (let at = 0; at < kinds.length; at += 1) {
    const value = values[at] as number;
    const used = readings.used[at] as number;
    if (used > fullest * value) fullest = used / value;
    const limit = kinds[at];
    if (limit === 'budget') continue;
    limits.text(hasLimits ? (names[at] as string) : (names[at] as string).slice(SEPARATOR.length));
    limits.int(remaining(value, used));
    limits.text(';t=');
    limits.int(secondsUntil(readings.resetsAtMs[at] as number, atMs));
    hasLimits = true;
    if (limit === 'rpm' && isTighter(values, readings, at, requests)) requests = at;
    if (limit === 'tpm' && isTighter(values, readings, at, tokens)) tokens = at;
  }
  if (requests >= 0) addOpenAi(headers, 'requests', values[requests] as number, readings, requests, atMs);
  if (tokens >= 0) addOpenAi(headers, 'tokens', values[tokens] as number, readings, tokens, atMs);
  if (dialect === 'anthropic') {
    if (requests >= 0) addAnthropic(headers, 'requests', values[requests] as number, readings, requests);
    if (tokens >= 0) addAnthropic(headers, 'tokens', values[tokens] as number, readings, tokens);
  }
  if (hasLimits) headers.push('ratelimit-policy', policy, 'ratelimit', limits.take());
  if (fullest >= APPROACHING) headers.push('x-ratelimit-warning', fullest >= NEAR ? 'near_limit' : 'approaching_limit');
}

/** Formats a duration as OpenAI does: `6m0s`, `2s`, `12ms`. Rounds up to whole seconds from 1 s on. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.ceil(ms))}ms`;
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${seconds % 60}s`;
  return `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds % 60}s`;
}

function addOpenAi(headers: string[], unit: string, value: number, readings: Readings, at: number, atMs: number): void {
  headers.push(
    `x-ratelimit-limit-${unit}`,
    String(value),
    `x-ratelimit-remaining-${unit}`,
    String(remaining(value, readings.used[at] as number)),
    `x-ratelimit-reset-${unit}`,
    durationText((readings.resetsAtMs[at] as number) - atMs),
  );
}

/** As Anthropic's API does: the time of the reset is an instant (RFC 3339), in whole seconds. */
function addAnthropic(headers: string[], unit: string, value: number, readings: Readings, at: number): void {
  headers.push(
    `anthropic-ratelimit-${unit}-limit`,
    String(value),
    `anthropic-ratelimit-${unit}-remaining`,
    String(remaining(value, readings.used[at] as number)),
    `anthropic-ratelimit-${unit}-reset`,
    instantText(readings.resetsAtMs[at] as number),
  );
}

/** Formats an instant in whole seconds, rounded up, so that a client that waits for it does not come too early. */
function instantText(ms: number): string {
  return `${new Date(Math.ceil(ms / 1_000) * 1_000).toISOString().slice(0, 19)}Z`;
}

function isTighter(values: readonly number[], { used }: Readings, at: number, than: number): boolean {
  if (than < 0) return true;
  return remaining(values[at] as number, used[at] as number) < remaining(values[than] as number, used[than] as number);
}

function remaining(value: number, used: number): number {
  return used >= value ? 0 : value - used;
}

function secondsUntil(thenMs: number, atMs: number): number {
  return thenMs > atMs ? Math.ceil((thenMs - atMs) / 1_000) : 0;
}

/** Returns a rule's name in ASCII, whatever its target is called: most servers and clients refuse other headers. */
function policyName(rule: LimitRule): string {
  const target = rule.match.is === 'any' ? '' : `;${shortened(headerText(targetText(rule.match)))}`;
  return `"${SCOPE_CODES[rule.scope]};${rule.limit}${target}"`;
}

/**
 * Shortens a long name. A name of two hundred characters in another script can take nine times as many bytes, and clients refuse
 * heads above 16 kB. A shortened name ends in `~` and eight characters of a hash of the whole, so that different names stay
 * different.
 */
function shortened(text: string): string {
  if (text.length <= NAME_CHARS_MAX) return text;
  const kept = text.slice(0, NAME_CHARS_MAX - 9).replace(/%[0-9A-F]?$/, '');
  return `${kept}~${hash('sha256', text, 'base64url').slice(0, 8)}`;
}

const NAME_CHARS_MAX = 96;

/** A cache of header texts by rules. It only saves work and memory. */
const known = new Map<string, LimitWords>();
const KNOWN_MAX = 2_000;

/** Returns the header texts of a plan's rules. */
export function limitWordsOf({ rules }: Pick<LimitPlan, 'rules'>): LimitWords {
  const name = JSON.stringify(rules.map((rule) => [policyName(rule), rule.value, rule.action, paramOfRule(rule)]));
  const same = known.get(name);
  if (same !== undefined) return same;
  const limited = rules.filter((rule) => rule.limit !== 'budget');
  const words: LimitWords = {
    policy: limited.map(policyOf).join(SEPARATOR),
    names: rules.map((rule) => `${SEPARATOR}${policyName(rule)};r=`),
    limits: rules.map((rule) => rule.limit),
    values: rules.map((rule) => rule.value),
    blocking: rules.flatMap((rule, at) => (rule.limit === 'budget' && rule.action === 'block' ? [at] : [])),
    rules,
  };
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(name, words);
  return words;
}

function policyOf(rule: LimitRule): string {
  const seconds = WINDOW_SECONDS[rule.limit as RateLimitName];
  return `${policyName(rule)};q=${rule.value}${seconds === null ? '' : `;w=${seconds}`}`;
}
