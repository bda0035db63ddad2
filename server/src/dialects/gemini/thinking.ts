import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { EncodeOptions, NeutralRequest } from '../neutral.ts';

/** Thinking in Gemini's format: models from 3 on take a level, earlier ones a budget of tokens. */

const BUDGET_BY_EFFORT: Readonly<Record<string, number>> = { minimal: 512, low: 1024, medium: 8192 };
const BUDGET_MAX = 24_576;
/** The least budget of models that cannot stop thinking. */
const BUDGET_MIN = 128;

/** Returns the version in the name: `gemini-2.5-pro` → 2.5; null if it has none. */
export function geminiVersion(model: string): number | null {
  const match = /gemini-(\d{1,2}(?:\.\d{1,2})?)/.exec(model);
  return match === null ? null : Number(match[1]);
}

/** Returns `thinkingConfig` for this model; undefined if nothing is asked for. Notes what the model cannot do. */
export function thinkingConfig({ reasoning }: NeutralRequest, { upstreamModel, losses }: EncodeOptions): JsonObject | undefined {
  if (reasoning === null) return undefined;
  const version = geminiVersion(upstreamModel) ?? 3;
  if (version < 2.5) {
    losses.drop('reasoning');
    return undefined;
  }
  const { mode, effort, budgetTokens } = reasoning;
  const isPro = upstreamModel.includes('pro');
  if (mode === 'off') {
    if (version < 3 && !isPro) return { thinkingBudget: 0 };
    // These models always think. The least of it is nearest to none.
    losses.drop('reasoning');
    return version < 3 ? { thinkingBudget: BUDGET_MIN } : { thinkingLevel: isPro ? 'low' : 'minimal' };
  }
  const includeThoughts = mode === 'on' ? true : undefined;
  if (budgetTokens !== null)
    return defined({ includeThoughts, thinkingBudget: Math.max(BUDGET_MIN, Math.min(budgetTokens, BUDGET_MAX)) });
  if (effort === null) return defined({ includeThoughts });
  if (version < 3) return defined({ includeThoughts, thinkingBudget: BUDGET_BY_EFFORT[effort] ?? BUDGET_MAX });
  return defined({ includeThoughts, thinkingLevel: levelOf(effort, version, isPro) });
}

/** Gemini 3 Pro knows two levels, later and smaller models know the one between them too. */
function levelOf(effort: string, version: number, isPro: boolean): string {
  if (effort === 'low' || effort === 'minimal') return isPro ? 'low' : effort;
  return effort === 'medium' && (version > 3 || !isPro) ? 'medium' : 'high';
}
