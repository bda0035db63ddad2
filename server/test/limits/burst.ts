/** A burst of calls over several keys, and what must be true of the counters before, while and after it. */
import { isDeepStrictEqual } from 'node:util';
import { refusalProblems } from './refusal-shape.ts';
import {
  HOLD_TOKENS,
  holdNanoUsd,
  keysOf,
  type LimitAnswer,
  type LimitSite,
  membersOf,
  type Readings,
  type Rule,
} from './site.ts';

export interface Burst {
  /** How many calls the limit leaves room for. */
  readonly room: number;
  /** How many are made at once. */
  readonly calls: number;
}

/** A call that was made and its answer: who made it is needed to say whose counters it moved. */
export interface Flown {
  readonly key: number;
  readonly answer: LimitAnswer;
}

/** What one call takes of a rule's counter. */
export function amountOfCall(site: LimitSite, { limit }: Pick<Rule, 'limit'>): number {
  if (limit === 'budget') return holdNanoUsd(site);
  return limit.startsWith('t') ? HOLD_TOKENS : 1;
}

/**
 * Calls at once and over several keys while nothing settles; a refusal; the settlement; a call beside the rule. Says what was not as
 * promised into `problems`, and returns the calls that were made.
 */
export async function holdAndSettle(site: LimitSite, rule: Rule, burst: Burst, problems: string[]): Promise<readonly Flown[]> {
  const keys = keysOf(rule.scope);
  const flying = fly(site, keys, burst.calls);
  const expected = burst.room * (rule.scope === 'key' ? keys.length : 1);
  await flying.decided();
  const admitted = burst.calls - flying.refused.length;
  if (admitted !== expected) problems.push(`${admitted} of ${burst.calls} concurrent calls were admitted, not ${expected}`);
  problems.push(...heldProblems(await site.read(), rule, burst.room, amountOfCall(site, rule)));
  problems.push(...(await refusedChangesNothing(site, rule)));
  site.letAnswer();
  const flown = await flying.all;
  problems.push(...statusProblems(flown), ...settledProblems(await site.settled(), flown, site));
  return [...flown, ...(await callOutsiders(site, rule, problems))];
}

/** Calls all at once, taking turns over the keys. */
function fly(site: LimitSite, keys: readonly number[], calls: number) {
  const refused: Flown[] = [];
  const all = Array.from({ length: calls }, async (_, at): Promise<Flown> => {
    const key = keys[at % keys.length] as number;
    const flown = { key, answer: await site.call(key) };
    if (flown.answer.status !== 200) refused.push(flown);
    return flown;
  });
  return { refused, all: Promise.all(all), decided: () => site.until(() => refused.length + site.waiting() === calls) };
}

/** What is in flight is held in full, within the limit, and one more would not fit. */
function heldProblems(readings: Readings, rule: Rule, room: number, amount: number): string[] {
  return countersOf(rule).flatMap((name) => {
    const { used, held } = readings.get(name) ?? { used: -1, held: -1 };
    const isRight = held === room * amount && used === held && used <= rule.value && used + amount > rule.value;
    return isRight ? [] : [`${name} shows used ${used}, held ${held} of ${rule.value} while ${room} calls are in flight`];
  });
}

/** The counters that a rule stands on: one, or one per key. */
export function countersOf({ scope, limit }: Pick<Rule, 'scope' | 'limit'>): string[] {
  const ids = scope === 'key' ? keysOf('key').map((key) => `key ${key}`) : [scope === 'team' ? 'team 0' : scope];
  return ids.map((id) => `${id} ${limit}`);
}

async function refusedChangesNothing(site: LimitSite, rule: Rule): Promise<string[]> {
  const problems: string[] = [];
  const before = await site.read();
  for (const key of keysOf(rule.scope)) {
    const answer = await site.call(key);
    if (answer.status !== 429) problems.push(`a call above the limit was answered ${answer.status}`);
    problems.push(...refusalProblems(answer, rule, site.scopeId(rule.scope, key)), ...(await unexplained(site, answer, key)));
  }
  const after = await site.read();
  for (const [name, reading] of before) {
    if (!isDeepStrictEqual(after.get(name), reading)) problems.push(`a refusal at ${rule.scope} ${rule.limit} moved ${name}`);
  }
  return problems;
}

/** The decision behind a refusal, asked with the key that was refused, names the same rule. */
async function unexplained(site: LimitSite, { body }: LimitAnswer, key: number): Promise<string[]> {
  if (site.decidingRule === null) return [];
  const rule = await site.decidingRule(String(body.headgate?.decision_url), key);
  return rule?.split(':')[0] === body.error?.param ? [] : [`the decision names ${rule}, the refusal ${body.error?.param}`];
}

function statusProblems(flown: readonly Flown[]): string[] {
  const others = flown.filter(({ answer }) => answer.status !== 200 && answer.status !== 429);
  return others.length === 0 ? [] : [`${others.length} calls were answered neither 200 nor 429: ${others[0]?.answer.status}`];
}

/** After settlement every counter of the tree shows what was answered below it and nothing else, and holds nothing. */
export function settledProblems(readings: Readings, flown: readonly Flown[], site: LimitSite): string[] {
  const problems: string[] = [];
  for (const [name, { used, held }] of readings) {
    const expected = sumBelow(name, flown, site);
    if (used !== expected || held !== 0)
      problems.push(`${name} shows used ${used}, held ${held} after settlement, not ${expected} and 0`);
  }
  return problems;
}

/** What the answers of a counter's keys add up to, in the counter's unit. */
export function sumBelow(counter: string, flown: readonly Flown[], site: LimitSite): number {
  const below = flown.filter(({ key, answer }) => answer.status === 200 && membersOf(counter).includes(key));
  return below.reduce((sum, { answer }) => sum + settledAmount(counter, answer, site), 0);
}

function settledAmount(counter: string, { body }: LimitAnswer, site: LimitSite): number {
  if (counter.endsWith('budget')) return site.nanoUsdOf(body.usage?.prompt_tokens ?? 0, body.usage?.completion_tokens ?? 0);
  if (counter.endsWith('max_parallel')) return 0;
  return counter.split(' ').at(-1)?.startsWith('t') ? (body.usage?.total_tokens ?? 0) : 1;
}

/** A rule binds its scope and nobody else. */
async function callOutsiders(site: LimitSite, { scope }: Rule, problems: string[]): Promise<Flown[]> {
  const outsiders = [0, 1, 2, 3].filter((key) => !keysOf(scope).includes(key));
  const flown = await Promise.all(outsiders.map(async (key) => ({ key, answer: await site.call(key) })));
  for (const { answer } of flown)
    if (answer.status !== 200) problems.push(`a call beside the rule was answered ${answer.status}`);
  return flown;
}
