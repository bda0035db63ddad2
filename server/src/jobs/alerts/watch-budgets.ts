/**
 * Announces each threshold that settled spend passes, once per budget and period. A unique row ensures that, however many
 * replicas notice it. The counters are only a hint; the ledger confirms it.
 *
 * If the counters or the database are down: it announces nothing, and the next run finds the same thresholds.
 */
import type { Counters } from '../../counters/counters.ts';
import { type Budget, thresholdsCrossed } from '../../domain/limits/budget.ts';
import { windowSpan } from '../../domain/limits/counter-spec.ts';
import { type CounterSpec, counterOfBudget, targetText } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS, rollingMs } from '../../domain/limits/period.ts';
import { formatUsd } from '../../domain/money/money.ts';
import { inUse, recordPassed, scopeFacts, type WatchedBudget } from '../../store/alerts/budget-watch.ts';
import type { Database } from '../../store/database.ts';
import type { OrganizationToJudge } from '../../store/tenancy/standings.ts';
import { spendSince } from '../../store/usage/usage.ts';
import { readable } from '../readable.ts';
import type { Announcer } from './announce.ts';

export interface WatchContext {
  readonly db: Database;
  readonly counters: Counters;
  readonly announcer: Announcer;
  readonly nowMs: number;
}

/** Announces thresholds that these organizations' budgets have passed. Returns how many. */
export type WatchBudgets = (context: WatchContext, organizations: readonly OrganizationToJudge[]) => Promise<number>;

/** A request counts in the period that admitted it, and may take this long to settle. */
const USED_MS = 3 * 3_600_000;
/** Longer than a changed organization waits to be judged. */
const CHANGED_MS = 15 * 60_000;
const KNOWN_MAX = 100_000;

/** Creates the watch of a process. It remembers announced thresholds, so that they cost no query on later runs. */
export function createBudgetWatch(): WatchBudgets {
  const told = new Set<string>();
  return async (context, organizations) => {
    const { db, counters, nowMs } = context;
    const all = await inUse(
      db,
      organizations.map((row) => row.id),
      { usedSince: new Date(nowMs - USED_MS), changedSince: new Date(nowMs - CHANGED_MS) },
    );
    const byId = new Map(organizations.map((row) => [row.id, row]));
    const looked = all
      .filter(({ budget }) => budget.thresholdsPercent.length > 0 && budget.amountNanoUsd > 0)
      .flatMap((of) => readable(() => [lookOf(of, byId.get(of.organizationId) as OrganizationToJudge, nowMs)], []));
    if (looked.length === 0) return 0;
    const { used, held } = await counters.read(looked.map(({ counter }) => counter));
    let count = 0;
    for (const [index, look] of looked.entries()) {
      const settled = (used[index] ?? 0) - (held[index] ?? 0);
      const passed = thresholdsCrossed(look.of.budget, 0, settled).filter((threshold) => !told.has(nameOf(look, threshold)));
      if (passed.length === 0) continue;
      count += await tell(context, look, passed);
      if (told.size > KNOWN_MAX) told.clear();
    }
    return count;
  };

  /** Announces and remembers the thresholds that the ledger confirms; the others are checked again on the next run. */
  async function tell({ db, announcer, nowMs }: WatchContext, look: Look, passed: readonly number[]): Promise<number> {
    const { of, counter, span, organization } = look;
    const points = await spendSince(db, counter, span.startMs, span.endMs);
    const spentNanoUsd = points.reduce((sum, point) => sum + point.amount, 0);
    const confirmed = thresholdsCrossed(of.budget, 0, spentNanoUsd).filter((threshold) => passed.includes(threshold));
    if (confirmed.length === 0) return 0;
    const facts = await scopeFacts(db, of);
    const at = new Date(nowMs);
    const fresh = await db.transaction(async (tx) => {
      const fresh = await recordPassed(tx, {
        organizationId: of.organizationId,
        budgetId: of.budget.id,
        periodStart: new Date(look.instanceMs),
        thresholds: confirmed,
        quietSince: of.budget.period.is === 'rolling' ? new Date(nowMs - rollingMs(of.budget.period)) : null,
        at,
      });
      for (const threshold of fresh) {
        const data = dataOf(look, organization, { threshold, spentNanoUsd, scopeName: facts.name });
        await announcer.announce(tx, {
          organizationId: of.organizationId,
          teamId: facts.teamId,
          type: 'budget.threshold',
          data,
          at,
        });
      }
      return fresh;
    });
    for (const threshold of confirmed) told.add(nameOf(look, threshold));
    return fresh.length;
  }
}

interface Look {
  readonly of: WatchedBudget;
  readonly organization: OrganizationToJudge;
  readonly counter: CounterSpec;
  /** The time range to query the ledger for. */
  readonly span: { readonly startMs: number; readonly endMs: number };
  /** Names the period: its first instant, or the last whole multiple of a rolling one's length. */
  readonly instanceMs: number;
}

function lookOf(of: WatchedBudget, organization: OrganizationToJudge, nowMs: number): Look {
  const { budget, ...scope } = of;
  const counter = counterOfBudget(scope, budget, { timeZone: organization.timeZone, nowMs });
  return { of, organization, counter, ...spanOf(budget, counter, nowMs) };
}

function spanOf({ period }: Budget, { window }: CounterSpec, nowMs: number): Pick<Look, 'span' | 'instanceMs'> {
  if (period.is === 'rolling' || window.is !== 'calendar') {
    const lengthMs = period.is === 'rolling' ? rollingMs(period) : 1;
    return {
      span: { startMs: nowMs - lengthMs + 1, endMs: FAR_FUTURE_MS },
      instanceMs: Math.floor(nowMs / lengthMs) * lengthMs,
    };
  }
  const { fromMs, toMs } = windowSpan(window, nowMs);
  return { span: { startMs: fromMs, endMs: toMs }, instanceMs: fromMs };
}

function nameOf({ of, instanceMs }: Look, threshold: number): string {
  return `${of.budget.id}|${instanceMs}|${threshold}`;
}

/** Returns the event data for receivers: current names, and money as decimals of USD. */
function dataOf(
  { of: { budget, scope, scopeId }, span }: Look,
  organization: OrganizationToJudge,
  { threshold, spentNanoUsd, scopeName }: { threshold: number; spentNanoUsd: number; scopeName: string | null },
) {
  const isCalendar = budget.period.is !== 'rolling' && budget.period.is !== 'total';
  return {
    organization: { id: organization.id, slug: organization.slug, name: organization.name },
    scope: { kind: scope, id: scopeId, name: scopeName ?? organization.name },
    budget: {
      id: budget.id,
      amount: formatUsd(budget.amountNanoUsd),
      period: budget.period.is,
      target: targetText(budget.match) || null,
      action: budget.action,
    },
    period_start: isCalendar ? new Date(span.startMs).toISOString() : null,
    period_end: isCalendar ? new Date(span.endMs).toISOString() : null,
    threshold_percent: threshold,
    spent: formatUsd(spentNanoUsd),
  };
}
