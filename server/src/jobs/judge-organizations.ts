import type { Counters } from '../counters/counters.ts';
import { admits } from '../domain/access/access.ts';
import { windowSpan } from '../domain/limits/counter-spec.ts';
import { type CounterSpec, rulesOfScope, type ScopeRules } from '../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS, type PeriodSpan, periodAt } from '../domain/limits/period.ts';
import { budgetUsedPpm, judge, type UsedRule } from '../domain/limits/standing.ts';
import { modelLimitsFrom, organizationAccessFrom, rateLimitsFrom } from '../store/configuration/policy-columns.ts';
import type { Database } from '../store/database.ts';
import * as standings from '../store/tenancy/standings.ts';
import { settledUse } from '../store/usage/settled-use.ts';
import { type SpanQuestion, spanSums } from '../store/usage/span-sums.ts';
import { readable } from './readable.ts';

export interface JudgeContext {
  readonly db: Database;
  readonly counters: Counters;
  readonly nowMs: number;
  readonly targets: standings.GrantableTargets;
}

const DAY_MS = 86_400_000;
const DAYS = 30;
/** Longer than any trailing window of a rate limit. After so long without requests nothing is held and windows are empty. */
const QUIET_MS = 75 * 60_000;
/**
 * The wait before a limit that is nearly used up or partly held is judged again: windows move without an event. With the turn
 * that finds it, a standing stays at most 10 s old.
 */
const LOOK_AGAIN_MS = 7_000;

/** Judges the standing of organizations, in a few queries for all of them. Reads the counters only for those with traffic. */
export async function judgeOrganizations(
  context: JudgeContext,
  rows: readonly standings.OrganizationToJudge[],
): Promise<readonly standings.Judged[]> {
  const { db, nowMs, targets } = context;
  const ids = rows.map((row) => row.id);
  const budgets = await standings.ownBudgets(db, ids);
  const firstDayMs = Math.floor(nowMs / DAY_MS) * DAY_MS - (DAYS - 1) * DAY_MS;
  const days = await standings.usedDays(db, ids, firstDayMs);
  const active = await standings.activeSince(db, ids, nowMs - QUIET_MS);
  const all = rows.map(
    (row): Ruled => ({ row, ...rulesOf(row, budgets.get(row.id) ?? [], nowMs), isActive: active.has(row.id) }),
  );
  const uses = await usesOf(context, all);
  const monthOf = monthsAt(nowMs);
  const months = await spanSums(
    db,
    rows.map((row) => monthQuestion(row, monthOf(row.timeZone))),
  );
  return all.map(({ row, rules, counters }, index) => {
    const used = uses[index] as Uses;
    const facts = rules.map((rule): UsedRule => ({ ...rule, used: used.used[rule.counter] ?? 0 }));
    const own = days.get(row.id) ?? [];
    const judgement = judge(facts, sum(own.map((day) => day.seen)));
    return {
      organizationId: row.id,
      judgement,
      budgetUsedPpm: budgetUsedPpm(facts) ?? -1,
      spendPeriodNanoUsd: months[index] ?? 0,
      spend30dNanoUsd: sum(own.map((day) => day.spendNanoUsd)),
      dailySpendNanoUsd: own.length === 0 ? [] : dailySpend(own, firstDayMs),
      requests30d: sum(own.map((day) => day.requests)),
      grantedTargets: countGranted(row, targets),
      catalogueVersion: targets.version,
      found: row.found,
      dueAtMs: dueAt({
        monthEndMs: monthOf(row.timeZone).endMs,
        nowMs,
        counters,
        hasDays: own.length > 0,
        isMoving: used.isMoving || (judgement === 'near_limit' && used.isLive),
      }),
    };
  });
}

interface Ruled extends ScopeRules {
  readonly row: standings.OrganizationToJudge;
  readonly isActive: boolean;
}

/** An organization's use, by the index of the counter. */
interface Uses {
  readonly used: readonly number[];
  /** True if a request holds some of it. */
  readonly isMoving: boolean;
  readonly isLive: boolean;
}

function rulesOf(
  row: standings.OrganizationToJudge,
  budgets: Parameters<typeof rulesOfScope>[1]['budgets'],
  nowMs: number,
): ScopeRules {
  const of = { organizationId: row.id, scope: 'organization', scopeId: row.id } as const;
  return readable(() => {
    const policy = { rateLimits: rateLimitsFrom(row.rateLimits), modelLimits: modelLimitsFrom(row.modelLimits), budgets };
    return rulesOfScope(of, policy, row.timeZone, nowMs);
  }, NO_RULES);
}

const NO_RULES: ScopeRules = { rules: [], counters: [] };

async function usesOf(context: JudgeContext, all: readonly Ruled[]): Promise<readonly Uses[]> {
  const live = all.filter((one) => one.isActive);
  const quiet = all.filter((one) => !one.isActive);
  const found = new Map([...(await liveUses(context, live)), ...(await quietUses(context, quiet))]);
  return all.map((one) => found.get(one) as Uses);
}

async function liveUses({ counters }: JudgeContext, all: readonly Ruled[]): Promise<[Ruled, Uses][]> {
  const asked = all.flatMap((one) => one.counters);
  const readings = asked.length === 0 ? null : await counters.read(asked);
  let first = 0;
  return all.map((one) => {
    const last = first + one.counters.length;
    const used = readings?.used.slice(first, last) ?? [];
    const isMoving = readings?.held.slice(first, last).some((held) => held > 0) ?? false;
    first = last;
    return [one, { used, isMoving, isLive: true }];
  });
}

/** Reads use from the ledger's sums, which are exact after a quiet time. This spares the counters a cold start. */
async function quietUses({ db, nowMs }: JudgeContext, all: readonly Ruled[]): Promise<[Ruled, Uses][]> {
  const asked = all.flatMap((one) => one.counters).filter(mayHaveUsed);
  const used = new Map((await settledUse(db, asked, nowMs)).map((amount, index) => [asked[index], amount]));
  return all.map((one) => {
    return [one, { used: one.counters.map((counter) => used.get(counter) ?? 0), isMoving: false, isLive: false }];
  });
}

/** Returns false for windows that are empty after a quiet time: rate limits that trail, and requests in flight. */
function mayHaveUsed({ unit, window }: CounterSpec): boolean {
  return window.is === 'calendar' || (window.is === 'trailing' && unit === 'nano_usd');
}

function monthQuestion({ id }: standings.OrganizationToJudge, { startMs, endMs }: PeriodSpan): SpanQuestion {
  return { organizationId: id, scope: 'organization', scopeId: id, unit: 'nano_usd', fromMs: startMs, toMs: endMs };
}

/** Returns a lookup of the calendar month by time zone, which computes each zone once. */
function monthsAt(nowMs: number): (timeZone: string) => PeriodSpan {
  const known = new Map<string, PeriodSpan>();
  return (timeZone) => {
    const month = known.get(timeZone) ?? readable(() => monthIn(timeZone, nowMs), monthIn('UTC', nowMs));
    known.set(timeZone, month);
    return month;
  };
}

function monthIn(timeZone: string, nowMs: number): PeriodSpan {
  return periodAt({ is: 'month', anchorDay: 1 }, timeZone, nowMs);
}

function dailySpend(days: readonly standings.UsedDay[], firstDayMs: number): readonly number[] {
  const spend = new Array<number>(DAYS).fill(0);
  for (const { dayMs, spendNanoUsd } of days) {
    const at = (dayMs - firstDayMs) / DAY_MS;
    if (at < DAYS) spend[at] = spendNanoUsd;
  }
  return spend;
}

function countGranted(row: standings.OrganizationToJudge, { targets }: standings.GrantableTargets): number {
  const access = organizationAccessFrom(row);
  return targets.filter((target) => admits(access, target)).length;
}

interface DueFacts {
  readonly monthEndMs: number;
  readonly nowMs: number;
  readonly counters: readonly CounterSpec[];
  readonly hasDays: boolean;
  readonly isMoving: boolean;
}

/** Returns when time alone can change the standing. One that used nothing for 30 days waits for its next request. */
function dueAt({ monthEndMs, nowMs, counters, hasDays, isMoving }: DueFacts): number {
  if (isMoving) return nowMs + LOOK_AGAIN_MS;
  if (!hasDays) return FAR_FUTURE_MS;
  const turns = counters.flatMap(({ window }) => (window.is === 'calendar' ? [windowSpan(window, nowMs).toMs] : []));
  const midnightMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS;
  return Math.min(...turns, monthEndMs, midnightMs);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
