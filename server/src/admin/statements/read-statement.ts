import type { Budget } from '../../domain/limits/budget.ts';
import { FAR_FUTURE_MS, type PeriodSpan, periodAt, startsWithin } from '../../domain/limits/period.ts';
import { monthSpan } from '../../domain/usage/compared-spans.ts';
import type { Database } from '../../store/database.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import { adjustmentsOf } from '../../store/usage/month-sums.ts';
import { type PeriodSum, periodSums } from '../../store/usage/period-sums.ts';
import { reportUsage, type UsageGroup, type UsageReport } from '../../store/usage/usage-report.ts';
import { loadPolicy } from '../organizations/policy.ts';

/** Reads a statement: the use of an organization in one month of its time zone. */

/** A month is closed this long after its end. Requests that were admitted in it may be in flight until then. */
const CLOSES_AFTER_MS = 3_600_000;
/** The most periods of one budget: those of days, in a month of 31. */
const PERIODS_MAX = 40;

export interface BudgetOfMonth {
  readonly budget: Budget;
  /** Null: the period has no start, or no end. */
  readonly periods: readonly { readonly startMs: number | null; readonly endMs: number | null; readonly sum: PeriodSum }[];
}

export interface StatementRead {
  readonly facts: StatementFacts;
  readonly report: Readonly<Record<'total' | 'teams' | 'models' | 'keys', UsageReport>>;
  readonly adjustments: { readonly count: number; readonly nanoUsd: bigint };
  readonly budgets: readonly BudgetOfMonth[];
}

export interface StatementFacts {
  readonly organization_id: string;
  readonly organization_name: string;
  readonly month: string;
  readonly time_zone: string;
  readonly from: string;
  readonly to: string;
  readonly status: 'running' | 'closed';
  readonly generated_at: string;
}

/** Returns the state of a month that ends at `endMs`. */
export function statusOf({ endMs }: Pick<PeriodSpan, 'endMs'>, nowMs: number): 'running' | 'closed' {
  return nowMs >= endMs + CLOSES_AFTER_MS ? 'closed' : 'running';
}

export interface StatementQuestion {
  readonly month: string;
  readonly nowMs: number;
  /** The most rows of each part. */
  readonly rowsMax: number;
}

/** Reads a statement from one snapshot, so that its parts add up. */
export function readStatement(
  db: Database,
  organization: OrganizationRow,
  { month, nowMs, rowsMax }: StatementQuestion,
): Promise<StatementRead> {
  const { id, name, timeZone } = organization;
  const span = monthSpan(month, timeZone);
  const facts = {
    organization_id: id,
    organization_name: name,
    month,
    time_zone: timeZone,
    from: new Date(span.startMs).toISOString(),
    to: new Date(span.endMs).toISOString(),
    status: statusOf(span, nowMs),
    generated_at: new Date(nowMs).toISOString(),
  };
  return db.transaction(
    async (tx) => ({
      facts,
      report: await reportOf(tx, { id, timeZone, span, rowsMax }),
      adjustments: await adjustmentsOf(tx, id, span),
      budgets: await budgetsOf(tx, organization, span),
    }),
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

interface ReportQuestion {
  readonly id: string;
  readonly timeZone: string;
  readonly span: PeriodSpan;
  readonly rowsMax: number;
}

async function reportOf(db: Database, { id, timeZone, span, rowsMax }: ReportQuestion) {
  const by = (groupBy: readonly UsageGroup[]) =>
    reportUsage(db, {
      fromMs: span.startMs,
      toMs: span.endMs,
      groupBy,
      interval: null,
      timeZone,
      only: { organization: [id] },
      linesMax: rowsMax,
      withUnits: groupBy.length === 0,
    });
  return { total: await by([]), teams: await by(['team']), models: await by(['model']), keys: await by(['key']) };
}

async function budgetsOf(db: Database, organization: OrganizationRow, span: PeriodSpan): Promise<readonly BudgetOfMonth[]> {
  const { id, timeZone } = organization;
  const policy = await loadPolicy(db, 'organization', { ...organization, organizationId: id });
  const of = { organizationId: id, scope: 'organization', scopeId: id } as const;
  const budgets: BudgetOfMonth[] = [];
  for (const budget of policy.budgets) {
    const spans = periodsOf(budget, timeZone, span);
    const sums = spans.length === 0 ? [] : await periodSums(db, { ...of, match: budget.match }, spans);
    const periods = spans.map(({ startMs, endMs }, index) => ({
      startMs: startMs === 0 ? null : startMs,
      endMs: endMs >= FAR_FUTURE_MS ? null : endMs,
      sum: sums[index] as PeriodSum,
    }));
    budgets.push({ budget, periods });
  }
  return budgets;
}

/** Returns the periods that the month touches, oldest first. A rolling budget has none. */
function periodsOf({ period }: Budget, timeZone: string, span: PeriodSpan): readonly PeriodSpan[] {
  if (period.is === 'rolling') return [];
  if (period.is === 'total') return [periodAt(period, timeZone, span.startMs)];
  const starts = startsWithin(period, timeZone, span, PERIODS_MAX) ?? [];
  return starts.map((startMs) => periodAt(period, timeZone, startMs));
}
