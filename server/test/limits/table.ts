/** The table scope × limit: what must be true of every limit at every scope, whatever gateway it is asked of. */
import { isDeepStrictEqual } from 'node:util';
import { RATE_LIMITS, type RateLimitName } from '../../src/domain/rate-limit.ts';
import { SCOPE_CODES, SCOPES, type Scope } from '../../src/domain/tenancy.ts';
import { refusalProblems } from './refusal-shape.ts';
import { HOLD_TOKENS, keysOf, type LimitAnswer, type LimitSite, membersOf, type Readings } from './site.ts';

/** One limit at one scope. */
export interface Cell {
  readonly scope: Scope;
  readonly limit: RateLimitName;
}

export const CELLS: readonly Cell[] = SCOPES.flatMap((scope) => RATE_LIMITS.map((limit) => ({ scope, limit })));

export interface Burst {
  /** How many calls the limit leaves room for. */
  readonly room: number;
  /** How many are made at once. */
  readonly calls: number;
}

/** The limit's value that leaves room for exactly `room` calls. Of tokens one less than one more call would need. */
export function limitValueOf({ limit }: Cell, { room }: Burst): number {
  return limit.startsWith('t') ? (room + 1) * HOLD_TOKENS - 1 : room;
}

/**
 * A burst over several keys while nothing settles, a refusal, the settlement, a call beside the limit, and where the clock can be turned the
 * window's end. Returns what was not as promised, in sentences; nothing when all was.
 */
export async function cellProblems(site: LimitSite, cell: Cell, burst: Burst): Promise<string[]> {
  const problems: string[] = [];
  const keys = keysOf(cell.scope);
  const flying = fly(site, keys, burst.calls);
  const expected = burst.room * (cell.scope === 'key' ? keys.length : 1);
  await flying.decided();
  const admitted = burst.calls - flying.refused.length;
  if (admitted !== expected) problems.push(`${admitted} of ${burst.calls} concurrent calls were admitted, not ${expected}`);
  problems.push(...heldProblems(await site.read(), cell, burst));
  problems.push(...(await refusedChangesNothing(site, cell, burst)));
  site.letAnswer();
  const answers = await flying.all;
  problems.push(...statusProblems(answers), ...settledProblems(await site.settled(), answers, site));
  problems.push(...(await outsidersPass(site, cell.scope)));
  if (cell.limit === 'max_parallel') problems.push(...(await passesAgain(site, keys, burst.room)));
  else if (site.clock !== null) problems.push(...(await windowEnds(site, keys[0] as number)));
  return problems;
}

/** A call that was made and its answer: who made it is needed to say whose counters it moved. */
interface Flown {
  readonly key: number;
  readonly answer: LimitAnswer;
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
function heldProblems(readings: Readings, cell: Cell, burst: Burst): string[] {
  const amount = cell.limit.startsWith('t') ? HOLD_TOKENS : 1;
  return counted(readings, cell).flatMap(([name, { used, held }]) => {
    const value = limitValueOf(cell, burst);
    const right = held === burst.room * amount && used === held && used <= value && used + amount > value;
    return right ? [] : [`${name} shows used ${used}, held ${held} of ${value} while ${burst.room} calls are in flight`];
  });
}

/** The counters that the cell's limit stands on: one, or one per key. */
function counted(readings: Readings, { scope, limit }: Cell) {
  const ids = scope === 'key' ? keysOf('key').map((key) => `key ${key}`) : [scope === 'team' ? 'team 0' : scope];
  return ids.map((id) => [`${id} ${limit}`, readings.get(`${id} ${limit}`) ?? { used: -1, held: -1 }] as const);
}

async function refusedChangesNothing(site: LimitSite, cell: Cell, burst: Burst): Promise<string[]> {
  const problems: string[] = [];
  const before = await site.read();
  for (const key of keysOf(cell.scope)) {
    const answer = await site.call(key);
    if (answer.status !== 429) problems.push(`a call above the limit was answered ${answer.status}`);
    const by = { ...cell, scopeId: site.scopeId(cell.scope, key), value: limitValueOf(cell, burst) };
    problems.push(...refusalProblems(answer, by), ...(await unexplained(site, answer, key, cell)));
  }
  const after = await site.read();
  for (const [name, reading] of before) {
    if (!isDeepStrictEqual(after.get(name), reading)) problems.push(`a refusal by ${ruleOf(cell)} moved ${name}`);
  }
  return problems;
}

/** The decision behind the refusal, asked with the key that was refused, names the same rule. */
async function unexplained(site: LimitSite, answer: LimitAnswer, key: number, cell: Cell): Promise<string[]> {
  if (site.decidingRule === null) return [];
  const rule = await site.decidingRule(String(answer.body.headgate?.decision_url), key);
  return rule === ruleOf(cell) ? [] : [`the decision names ${rule}, not ${ruleOf(cell)}`];
}

function ruleOf({ scope, limit }: Cell): string {
  return `${SCOPE_CODES[scope]}_${limit}`;
}

function statusProblems(answers: readonly Flown[]): string[] {
  const others = answers.filter(({ answer }) => answer.status !== 200 && answer.status !== 429);
  return others.length === 0 ? [] : [`${others.length} calls were answered neither 200 nor 429: ${others[0]?.answer.status}`];
}

/** After settlement every counter of the tree shows what was answered below it and nothing else, and holds nothing. */
function settledProblems(readings: Readings, answers: readonly Flown[], site: LimitSite): string[] {
  const problems: string[] = [];
  for (const [name, { used, held }] of readings) {
    const below = answers.filter(({ key, answer }) => answer.status === 200 && membersOf(name).includes(key));
    const expected = below.reduce((sum, { answer }) => sum + amountOf(name, answer, site), 0);
    if (used !== expected || held !== 0)
      problems.push(`${name} shows used ${used}, held ${held} after settlement, not ${expected} and 0`);
  }
  return problems;
}

function amountOf(counter: string, { body }: LimitAnswer, site: LimitSite): number {
  if (counter.endsWith('budget')) return site.nanoUsdOf(body.usage?.prompt_tokens ?? 0, body.usage?.completion_tokens ?? 0);
  if (counter.endsWith('max_parallel')) return 0;
  return counter.split(' ').at(-1)?.startsWith('t') ? (body.usage?.total_tokens ?? 0) : 1;
}

/** A limit binds its scope and nobody else. */
async function outsidersPass(site: LimitSite, scope: Scope): Promise<string[]> {
  const outsiders = [0, 1, 2, 3].filter((key) => !keysOf(scope).includes(key));
  const answers = await Promise.all(outsiders.map((key) => site.call(key)));
  return answers.filter(({ status }) => status !== 200).map(({ status }) => `a call beside the limit was answered ${status}`);
}

async function passesAgain(site: LimitSite, keys: readonly number[], room: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: room }, () => site.call(keys[0] as number)));
  return answers.every(({ status }) => status === 200) ? [] : ['what had ended still counted as in flight'];
}

/** Filled to the brim, the next call passes when the refusal said it would, and not a millisecond before. */
async function windowEnds(site: LimitSite, key: number): Promise<string[]> {
  const refused = await fill(site, key);
  if (refused === null) return ['the limit could not be filled again'];
  const waitMs = Number(refused.headers['retry-after']) * 1_000;
  site.clock?.advance(waitMs - 1);
  const early = await site.call(key);
  site.clock?.advance(1);
  const onTime = await site.call(key);
  const problems = early.status === 429 ? [] : ['a call passed before the refusal said it would'];
  if (onTime.status !== 200) problems.push(`after the ${waitMs} ms that the refusal named, a call was answered ${onTime.status}`);
  return problems;
}

/** Calls one after another until one is refused. */
async function fill(site: LimitSite, key: number): Promise<LimitAnswer | null> {
  for (let calls = 0; calls < 2_000; calls += 1) {
    const answer = await site.call(key);
    if (answer.status === 429) return answer;
  }
  return null;
}
