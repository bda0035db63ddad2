import type { JsonObject } from '../dialect.ts';
import { claudeVersion } from '../model-names.ts';
import type { NeutralRequest } from '../neutral.ts';

/**
 * The version from which a model decides itself how much to think (`adaptive`) and accepts an effort. Earlier models take a
 * budget.
 */
const ADAPTIVE_FROM = 4.6;
const XHIGH_FROM = 4.7;
const BUDGET_TOKENS_MIN = 1024;
/** The largest part of the output cap that thinking may take. Thinking counts towards the cap, and an answer must still fit. */
const BUDGET_SHARE_MAX = 0.8;
const BUDGET_BY_EFFORT: Readonly<Record<string, number>> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 32_768,
};

export interface ThinkingFields {
  readonly thinking: JsonObject | undefined;
  readonly effort: string | undefined;
}

const NONE: ThinkingFields = { thinking: undefined, effort: undefined };

/** Returns the fields that ask this model for reasoning: `thinking`, and `output_config.effort` if the model knows it. */
export function thinkingFields(request: NeutralRequest, model: string, maxTokens: number): ThinkingFields {
  const { reasoning } = request;
  if (reasoning === null) return NONE;
  const adaptive = (claudeVersion(model) ?? 0) >= ADAPTIVE_FROM;
  if (reasoning.mode === 'off') return adaptive ? { thinking: { type: 'disabled' }, effort: undefined } : NONE;
  // A forced tool and thinking exclude each other here. The forced tool wins, because the caller depends on it.
  if (request.toolChoice?.is === 'any' || request.toolChoice?.is === 'tool' || isForcedAmong(request)) return NONE;
  if (adaptive) return { thinking: { type: 'adaptive' }, effort: effortWord(reasoning.effort, model) };
  if (continuesUnsigned(request)) return NONE;
  const wanted = reasoning.budgetTokens ?? BUDGET_BY_EFFORT[reasoning.effort ?? 'medium'] ?? BUDGET_TOKENS_MIN;
  const budget = Math.max(BUDGET_TOKENS_MIN, Math.min(wanted, Math.floor(maxTokens * BUDGET_SHARE_MAX)));
  return budget < maxTokens ? { thinking: { type: 'enabled', budget_tokens: budget }, effort: undefined } : NONE;
}

function isForcedAmong({ toolChoice }: NeutralRequest): boolean {
  return toolChoice?.is === 'among' && toolChoice.must;
}

function effortWord(effort: string | null, model: string): string | undefined {
  if (effort === null) return undefined;
  if (effort === 'minimal') return 'low';
  return effort === 'xhigh' && (claudeVersion(model) ?? 0) < XHIGH_FROM ? 'high' : effort;
}

/**
 * Reports whether the last assistant message has tool calls without signed thinking. Models with a budget refuse to think in that
 * case.
 */
function continuesUnsigned(request: NeutralRequest): boolean {
  const last = request.messages.findLast((message) => message.role === 'assistant');
  if (last === undefined || !last.parts.some((part) => part.is === 'tool_call')) return false;
  return !last.parts.some((part) => part.is === 'redacted_thinking' || (part.is === 'thinking' && part.signature !== null));
}
