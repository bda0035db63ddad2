import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { EncodeOptions, NeutralRequest } from '../neutral.ts';

/** Cohere has budgets of thinking and no efforts. The higher efforts have no bound. */
const BUDGET_BY_EFFORT: Readonly<Record<string, number>> = { minimal: 512, low: 2048, medium: 8192 };

/** Reports whether the model thinks before it answers, as far as its name tells. */
export function takesThinking(model: string): boolean {
  return /reasoning|command-a-plus/i.test(model);
}

/** Returns `thinking` for this model; undefined if nothing is asked for. Notes what the model cannot do. */
export function thinkingOf({ reasoning }: NeutralRequest, { upstreamModel, losses }: EncodeOptions): JsonObject | undefined {
  if (reasoning === null) return undefined;
  const { mode, effort, budgetTokens } = reasoning;
  if (!takesThinking(upstreamModel)) {
    if (mode !== 'off') losses.drop('reasoning');
    return undefined;
  }
  if (mode === 'off') return { type: 'disabled' };
  const budget = budgetTokens ?? (effort === null ? undefined : BUDGET_BY_EFFORT[effort]);
  if (mode === 'unsaid' && effort === null && budget === undefined) return undefined;
  return defined({ type: 'enabled', token_budget: budget });
}
