import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import { ORGANIZATION_STATUSES, type OrganizationSummary, type StandingRow } from '../../store/tenancy/organization-list.ts';
import { instantOut, isoOf } from '../http/fields.ts';

/** The API view of an organization's standing, and the summary of a list of organizations. */

const DAYS = 30;

export const standingOut = z
  .object({
    status: z.enum(ORGANIZATION_STATUSES).meta({
      description:
        '`suspended` and `archived`: its lifecycle. `over_budget`: a blocking budget is used up. `near_limit`: 80 % of one of its own budgets or rate limits is used. `idle`: no request in 30 days.',
    }),
    budget_used_ratio: z
      .number()
      .nullable()
      .meta({ description: 'The used part of its most used budget. Null without a budget.' }),
    spend_period: z.string().meta({ description: 'The spend in the present calendar month of its time zone.' }),
    spend_30d: z.string(),
    daily_spend: z.array(z.string()).meta({ description: 'The spend of each of the last 30 UTC days; the last one is today.' }),
    requests_30d: z.int(),
    granted_targets: z.int(),
    as_of: instantOut,
  })
  .meta({
    id: 'Standing',
    description:
      'The standing of an organization, at most 10 s old while the gateway runs. `limits_status.standing` is judged from live figures.',
  });

export function renderStanding(row: StandingRow): z.output<typeof standingOut> {
  const days = row.dailySpendNanoUsd;
  return {
    status: row.status,
    budget_used_ratio: row.budgetUsedPpm < 0 ? null : row.budgetUsedPpm / 1_000_000,
    spend_period: formatUsd(row.spendPeriodNanoUsd),
    spend_30d: formatUsd(row.spend30dNanoUsd),
    daily_spend: Array.from({ length: DAYS }, (_, day) => formatUsd(days[day] ?? 0)),
    requests_30d: row.requests30d,
    granted_targets: row.grantedTargets,
    as_of: isoOf(row.asOf),
  };
}

export const summaryOut = z
  .object({
    total: z.int(),
    by_status: z.object(Object.fromEntries(ORGANIZATION_STATUSES.map((status) => [status, z.int()])) as Record<Status, z.ZodInt>),
    spend_period: z.string(),
    teams: z.int(),
    granted_targets: z.int(),
    over_budget: z.int(),
    as_of: instantOut.nullable().meta({ description: 'The time of the oldest standing counted. Null if none is counted.' }),
  })
  .meta({ id: 'OrganizationSummary', description: 'The summary of all organizations found, on all pages.' });

type Status = (typeof ORGANIZATION_STATUSES)[number];

export function renderSummary(summary: OrganizationSummary): z.output<typeof summaryOut> {
  return {
    total: summary.total,
    by_status: { ...summary.byStatus },
    spend_period: formatUsd(summary.spendPeriodNanoUsd),
    teams: summary.teams,
    granted_targets: summary.grantedTargets,
    over_budget: summary.byStatus.over_budget,
    as_of: summary.asOf === null ? null : isoOf(summary.asOf),
  };
}
