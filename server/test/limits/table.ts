/** The table scope × limit: what must be true of every limit at every scope, whatever gateway it is asked of. */
import { RATE_LIMITS, type RateLimitName } from '../../src/domain/limits/rate-limit.ts';
import { SCOPES, type Scope } from '../../src/domain/tenancy/tenancy.ts';
import { type Burst, holdAndSettle } from './burst.ts';
import { HOLD_TOKENS, keysOf, type LimitAnswer, type LimitSite, type Rule } from './site.ts';

/** One limit at one scope. */
export interface Cell {
  readonly scope: Scope;
  readonly limit: RateLimitName;
}

export const CELLS: readonly Cell[] = SCOPES.flatMap((scope) => RATE_LIMITS.map((limit) => ({ scope, limit })));

/** The limit that leaves room for exactly so many calls. Of tokens one less than one more call would need. */
export function ruleOf(cell: Cell, { room }: Burst): Rule {
  return { ...cell, value: cell.limit.startsWith('t') ? (room + 1) * HOLD_TOKENS - 1 : room };
}

/** A burst, and where the clock can be turned the window's end. Returns what was not as promised, in sentences; nothing when all was. */
export async function cellProblems(site: LimitSite, cell: Cell, burst: Burst): Promise<string[]> {
  const problems: string[] = [];
  await holdAndSettle(site, ruleOf(cell, burst), burst, problems);
  const [key] = keysOf(cell.scope) as [number];
  if (cell.limit === 'max_parallel') problems.push(...(await passesAgain(site, key, burst.room)));
  else if (site.clock !== null) problems.push(...(await windowEnds(site, site.clock, key)));
  return problems;
}

async function passesAgain(site: LimitSite, key: number, room: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: room }, () => site.call(key)));
  return answers.every(({ status }) => status === 200) ? [] : ['what had ended still counted as in flight'];
}

/** Filled to the brim, the next call passes when the refusal said it would, and not a millisecond before. */
async function windowEnds(site: LimitSite, clock: { advance(ms: number): void }, key: number): Promise<string[]> {
  const refused = await fill(site, key);
  if (refused === null) return ['the limit could not be filled again'];
  const waitMs = Number(refused.headers['retry-after']) * 1_000;
  clock.advance(waitMs - 1);
  const early = await site.call(key);
  clock.advance(1);
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
