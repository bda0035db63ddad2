import { z } from 'zod';
import { formatUsd } from '../../domain/money/money.ts';
import type { UsageLine } from '../../store/usage/usage-report.ts';
import { instantOut } from '../http/fields.ts';
import { budgetOut, renderBudget } from '../limits/budget-fields.ts';
import type { Names } from '../usage/focus.ts';
import { renderTotals, renderUnits, sums, unitsOut } from '../usage/usage.ts';
import type { BudgetOfMonth, StatementRead } from './read-statement.ts';

/** Statements as the API returns them. */

export const month = z.string().meta({ description: 'The month, `2026-10`.' });
export const status = z.enum(['running', 'closed']).meta({
  description:
    '`closed` from one hour after the end of the month: until then, requests that were admitted in it may still be settled. A replica that was offline may store its requests later.',
});
export const span = {
  from: instantOut,
  to: instantOut.meta({ description: 'The end of the month, exclusive.' }),
  status,
};

const dimension = z.object({
  data: z.array(
    z.object({
      id: z.string().nullable().meta({ description: 'The id, or the called name of a model. Null: without one.' }),
      name: z.string().nullable().meta({ description: 'The name. Null if the caller may not see it, or no record remains.' }),
      ...sums,
    }),
  ),
  truncated: z.boolean().meta({ description: 'True if there are more rows. The total counts all of them.' }),
});

const budgetOfMonth = z
  .object({
    ...budgetOut.shape,
    periods: z
      .array(
        z.object({
          start: instantOut.nullable().meta({ description: 'Null if the period has no start.' }),
          end: instantOut.nullable().meta({ description: 'The end, exclusive. Null if the period never ends.' }),
          spent: z.string().meta({ description: 'The settled spend of the whole period, also outside the month.' }),
          requests: z.int(),
        }),
      )
      .meta({ description: 'The periods that the month touches, at most 40. Empty for a rolling budget.' }),
  })
  .meta({ id: 'StatementBudget' });

export const statementOut = z
  .object({
    organization_id: z.string(),
    organization_name: z.string(),
    month,
    time_zone: z.string().meta({ description: 'The organization’s time zone now. The month begins and ends in it.' }),
    ...span,
    generated_at: instantOut,
    total: z.object({ ...sums, ...unitsOut }),
    teams: dimension,
    models: dimension,
    keys: dimension,
    truncated: z.array(z.enum(['teams', 'models', 'keys'])).meta({ description: 'The parts that do not have all rows.' }),
    adjustments: z
      .object({ count: z.int(), spend: z.string() })
      .meta({ description: 'Corrections of earlier charges. The totals include them.' }),
    budgets: z.array(budgetOfMonth).meta({ description: 'The organization’s budgets as they are now, with their spend.' }),
  })
  .meta({ id: 'Statement' });

export type Statement = z.output<typeof statementOut>;

/** Renders a statement. */
export function viewStatement({ facts, report, adjustments, budgets }: StatementRead, names: Names): Statement {
  const parts = {
    teams: dimensionOf(report.teams, (line) => line.groups.team ?? null, names),
    models: dimensionOf(report.models, (line) => line.groups.model ?? null, names),
    keys: dimensionOf(report.keys, (line) => line.groups.key ?? null, names),
  };
  return {
    ...facts,
    total: { ...renderTotals(report.total.total), ...renderUnits(report.total.totalUnits) },
    ...parts,
    truncated: (['teams', 'models', 'keys'] as const).filter((name) => parts[name].truncated),
    adjustments: { count: adjustments.count, spend: formatUsd(adjustments.nanoUsd) },
    budgets: budgets.map(viewBudget),
  };
}

function dimensionOf(
  { lines, isCut }: { readonly lines: readonly UsageLine[]; readonly isCut: boolean },
  idOf: (line: UsageLine) => string | null,
  names: Names,
) {
  const data = lines.map((line) => {
    const id = idOf(line);
    return { id, name: id === null ? null : (names.get(id) ?? null), ...renderTotals(line.sums) };
  });
  return { data, truncated: isCut };
}

function viewBudget({ budget, periods }: BudgetOfMonth): z.output<typeof budgetOfMonth> {
  return {
    ...renderBudget(budget),
    periods: periods.map(({ startMs, endMs, sum }) => ({
      start: startMs === null ? null : new Date(startMs).toISOString(),
      end: endMs === null ? null : new Date(endMs).toISOString(),
      spent: formatUsd(sum.nanoUsd),
      requests: sum.requests,
    })),
  };
}
