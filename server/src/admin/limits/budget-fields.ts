import { z } from 'zod';
import type { Budget, BudgetPeriod } from '../../domain/limits/budget.ts';
import { formatUsd, parseBudgetUsd } from '../../domain/money/money.ts';
import { newId } from '../../lib/id.ts';
import { matchFrom, matchToColumns } from '../../store/configuration/policy-columns.ts';
import { invalid } from '../http/problem.ts';
import { has, never, text } from '../http/schemas.ts';
import { matchFields } from './rate-limit-fields.ts';

/** Budgets as the API shows and accepts them. */

const BUDGETS_MAX = 50;
const HOURS_MAX = 8_784;
const DEFAULT_THRESHOLDS_PERCENT = [50, 80, 100];
const PERIODS = ['day', 'week', 'month', 'quarter', 'year', 'total', 'rolling'] as const;

/** The greatest anchor day and month of each period. 0: the period has no such anchor. */
const ANCHORS: Readonly<Record<(typeof PERIODS)[number], { readonly day: number; readonly month: number }>> = {
  day: { day: 0, month: 0 },
  week: { day: 7, month: 0 },
  month: { day: 31, month: 0 },
  quarter: { day: 31, month: 3 },
  year: { day: 31, month: 12 },
  total: { day: 0, month: 0 },
  rolling: { day: 0, month: 0 },
};

/** Amounts of `parseBudgetUsd` and of prices: at most 9,000,000 USD, with up to nine decimals. */
export const USD_PATTERN = '^(?:(?:0|[1-9][0-9]{0,5}|[1-8][0-9]{6})(?:\\.[0-9]{1,9})?|9000000(?:\\.0{1,9})?)$';

export const usd = z
  .string()
  .max(32)
  .superRefine((text, context) => {
    const parsed = parseBudgetUsd(text);
    if (parsed.is === 'invalid') context.addIssue({ code: 'custom', message: parsed.problem });
  })
  .meta({ pattern: USD_PATTERN, examples: ['100.00'] });

const amountFields = {
  id: text(64)
    .optional()
    .meta({ examples: ['bud_0198c6f2a1b27c3d8e9f0a1b2c3d4e5f'] }),
  amount: usd,
  period: z.enum(PERIODS),
  anchor_day: z.int().min(1).max(31).nullish(),
  anchor_month: z.int().min(1).max(12).nullish(),
  hours: z.int().min(1).max(HOURS_MAX).nullish(),
  days: z
    .int()
    .min(1)
    .max(HOURS_MAX / 24)
    .nullish(),
};

/** A budget of a limit by label. Its target is the label. */
export const labelBudget = z
  .strictObject({ ...amountFields, action: z.enum(['block', 'alert']).optional() })
  .superRefine((value, context) => {
    for (const [field, message] of faultsOfPeriod(value)) context.addIssue({ code: 'custom', path: [field], message });
  })
  .meta({ id: 'LabelBudgetChange', ...never(...badPeriods()) });

const budget = z
  .strictObject({
    ...amountFields,
    ...matchFields,
    thresholds: z.array(z.int().min(1).max(1_000)).max(20).optional(),
    action: z.enum(['block', 'alert']).optional(),
    clamp_output: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    for (const [field, message] of faultsOfPeriod(value)) context.addIssue({ code: 'custom', path: [field], message });
    if (value.target != null && value.access_group != null) {
      context.addIssue({ code: 'custom', path: ['access_group'], message: 'must not be set together with `target`' });
    }
  })
  .meta({
    id: 'BudgetChange',
    ...never(has({ target: 'string', access_group: 'string' }), ...badPeriods()),
    description:
      'Money per period, as a decimal string in USD; 0 refuses everything. `rolling` takes `hours` or `days`, `week` and `month` an `anchor_day`, `quarter` and `year` an `anchor_month` and an `anchor_day`. Thresholds default to 50, 80 and 100 %, the action to `block`.',
  });

export const budgets = z.array(budget).max(BUDGETS_MAX);

export const budgetOut = z
  .object({
    id: z.string(),
    amount: z.string(),
    period: z.enum(PERIODS),
    anchor_day: z.int().nullable(),
    anchor_month: z.int().nullable(),
    hours: z.int().nullable(),
    target: z.string().nullable(),
    access_group: z.string().nullable(),
    thresholds: z.array(z.int()),
    action: z.enum(['block', 'alert']),
    clamp_output: z.boolean(),
  })
  .meta({ id: 'Budget' });

export const labelBudgetOut = budgetOut
  .pick({ id: true, amount: true, period: true, anchor_day: true, anchor_month: true, hours: true, action: true })
  .meta({ id: 'LabelBudget' });

export type BudgetBody = z.output<typeof budget>;

/**
 * Returns the list that replaces the stored one: absent keeps it, null empties it. An item with the id of a stored budget keeps
 * that id. An item without an id gets a new one. Throws 400 for any other id.
 */
export function replacedBudgets(
  stored: readonly Budget[],
  patch: readonly BudgetBody[] | null | undefined,
  pointer = '/budgets',
): readonly Budget[] {
  if (patch === undefined) return stored;
  const left = new Set(stored.map((item) => item.id));
  return (patch ?? []).map((item, index) => {
    if (item.id !== undefined && !left.delete(item.id)) {
      throw invalid(
        `${pointer}/${index}/id`,
        'is not the id of a budget of this object: leave the id out to create a new budget',
      );
    }
    return budgetFromBody(item.id ?? newId('bud'), item);
  });
}

export function renderBudget(item: Budget): z.output<typeof budgetOut> {
  const { matchTarget, matchAccessGroup } = matchToColumns(item.match);
  return {
    id: item.id,
    amount: formatUsd(item.amountNanoUsd),
    period: item.period.is,
    anchor_day: 'anchorDay' in item.period ? item.period.anchorDay : null,
    anchor_month: 'anchorMonth' in item.period ? item.period.anchorMonth : null,
    hours: 'hours' in item.period ? item.period.hours : null,
    target: matchTarget,
    access_group: matchAccessGroup,
    thresholds: [...item.thresholdsPercent],
    action: item.action,
    clamp_output: item.clampOutput,
  };
}

export function budgetFromBody(id: string, body: BudgetBody | z.output<typeof labelBudget>): Budget {
  const { target = null, access_group: group = null, thresholds, clamp_output: clamps } = body as Partial<BudgetBody>;
  const amount = parseBudgetUsd(body.amount);
  if (amount.is === 'invalid') throw invalid('/budgets', amount.problem);
  return {
    id,
    amountNanoUsd: amount.value,
    period: periodFromBody(body),
    match: matchFrom(target, group),
    thresholdsPercent: [...new Set(thresholds ?? DEFAULT_THRESHOLDS_PERCENT)].sort((a, b) => a - b),
    action: body.action ?? 'block',
    clampOutput: clamps ?? false,
  };
}

function periodFromBody(body: z.output<typeof labelBudget>): BudgetPeriod {
  const anchorDay = body.anchor_day ?? 1;
  const anchorMonth = body.anchor_month ?? 1;
  switch (body.period) {
    case 'day':
    case 'total':
      return { is: body.period };
    case 'week':
    case 'month':
      return { is: body.period, anchorDay };
    case 'quarter':
    case 'year':
      return { is: body.period, anchorMonth, anchorDay };
    case 'rolling':
      return { is: 'rolling', hours: body.hours ?? (body.days ?? 1) * 24 };
  }
}

/** The shapes that `faultsOfPeriod` refuses, for the reference. */
function badPeriods(): readonly object[] {
  const periods = PERIODS.filter((period) => period !== 'rolling');
  const anchor = (field: 'anchor_day' | 'anchor_month', unit: 'day' | 'month') =>
    PERIODS.map((period) => ({
      required: [field],
      properties: { period: { const: period }, [field]: { type: 'integer', minimum: ANCHORS[period][unit] + 1 } },
    }));
  return [
    ...anchor('anchor_day', 'day'),
    ...anchor('anchor_month', 'month'),
    ...(['hours', 'days'] as const).map((field) => ({
      required: [field],
      properties: { period: { enum: periods }, [field]: { type: 'integer' } },
    })),
    has({ hours: 'integer', days: 'integer' }),
    { properties: { period: { const: 'rolling' }, hours: { type: 'null' }, days: { type: 'null' } } },
  ];
}

type PeriodBody = Pick<BudgetBody, 'period' | 'anchor_day' | 'anchor_month' | 'hours' | 'days'>;

function faultsOfPeriod(body: PeriodBody): readonly (readonly [string, string])[] {
  const { day, month } = ANCHORS[body.period];
  return [
    ...faultsOfAnchor('anchor_day', body, body.anchor_day, day),
    ...faultsOfAnchor('anchor_month', body, body.anchor_month, month),
    ...faultsOfLength(body),
  ];
}

function faultsOfAnchor(field: string, body: PeriodBody, value: number | null | undefined, max: number) {
  if (value == null || value <= max) return [];
  return [
    [
      field,
      max === 0 ? `is not allowed for a ${body.period} budget` : `must be 1 to ${max} for a ${body.period} budget`,
    ] as const,
  ];
}

function faultsOfLength({ period, hours, days }: PeriodBody): readonly (readonly [string, string])[] {
  const given = [hours, days].filter((value) => value != null).length;
  if (period === 'rolling') return given === 1 ? [] : [['hours', 'a rolling budget must have either `hours` or `days`']];
  return given === 0 ? [] : [[hours == null ? 'days' : 'hours', 'is only for a rolling budget']];
}
