import { samplingOf } from '../anthropic-messages/sampling.ts';
import { thinkingFields } from '../anthropic-messages/thinking.ts';
import type { JsonObject } from '../dialect.ts';
import { effortOfBudget } from '../effort.ts';
import { defined } from '../json.ts';
import type { EncodeOptions, NeutralRequest, Reasoning } from '../neutral.ts';
import { type Family, isReasoningNova } from './families.ts';

/** The settings of one model: those that all models share, and those of its own. */
export interface ModelFields {
  readonly inferenceConfig: JsonObject;
  /** `additionalModelRequestFields`, in the words of the model's maker. */
  readonly own: JsonObject;
}

const TEMPERATURE_MAX = 1;

/** Returns the settings for a model. Thinking is asked for in the words of its maker. */
export function modelFields(request: NeutralRequest, family: Family, options: EncodeOptions): ModelFields {
  return family === 'claude' ? claudeFields(request, options) : otherFields(request, family, options);
}

function claudeFields(request: NeutralRequest, options: EncodeOptions): ModelFields {
  const { losses, upstreamModel } = options;
  const { thinking, effort } = thinkingFields(request, upstreamModel, options.outputCap ?? options.outputCapDefault);
  if (thinking === undefined && effort === undefined && asksToThink(request.reasoning)) losses.drop('reasoning');
  const { temperature, top_p: topP, top_k } = samplingOf(request, thinking, losses);
  // A budget of thinking must be less than the cap, so the cap that it was worked out from is stated.
  const cap = options.outputCap ?? (thinking?.budget_tokens === undefined ? undefined : options.outputCapDefault);
  return {
    inferenceConfig: defined({ maxTokens: cap, temperature, topP }),
    own: defined({ top_k, thinking, output_config: effort === undefined ? undefined : { effort } }),
  };
}

function otherFields(request: NeutralRequest, family: Family, { losses, outputCap, upstreamModel }: EncodeOptions): ModelFields {
  const { temperature, topP, topK, reasoning } = request;
  if (temperature !== null && temperature > TEMPERATURE_MAX) losses.drop('temperature');
  if (topK !== null && family !== 'nova') losses.drop('top_k');
  const thinking = thinkingOf(reasoning, family, upstreamModel, losses);
  if (thinking === undefined && asksToThink(reasoning)) losses.drop('reasoning');
  return {
    inferenceConfig: defined({
      maxTokens: outputCap ?? undefined,
      temperature: temperature === null ? undefined : Math.min(temperature, TEMPERATURE_MAX),
      topP: topP ?? undefined,
    }),
    own: defined({ inferenceConfig: topK !== null && family === 'nova' ? { topK } : undefined, ...thinking }),
  };
}

function asksToThink(reasoning: Reasoning | null): boolean {
  return reasoning !== null && reasoning.mode !== 'off';
}

/** Returns the field that asks a model to think; undefined if it has none, or always thinks. */
function thinkingOf(
  reasoning: Reasoning | null,
  family: Family,
  model: string,
  losses: EncodeOptions['losses'],
): JsonObject | undefined {
  if (reasoning === null) return undefined;
  const effort = reasoning.effort ?? (reasoning.budgetTokens === null ? 'medium' : effortOfBudget(reasoning.budgetTokens));
  const isOn = reasoning.mode !== 'off';
  if (family === 'gpt-oss') return isOn ? { reasoning_effort: levelOf(effort) } : undefined;
  if (family === 'qwen') return isOn ? { reasoning_config: levelOf(effort) === 'low' ? 'low' : 'high' } : undefined;
  if (!isReasoningNova(model)) return undefined;
  if (!isOn) return { reasoningConfig: { type: 'disabled' } };
  // At the highest effort Nova takes no output cap.
  const level = levelOf(effort);
  if (level === 'high') losses.drop('reasoning');
  return { reasoningConfig: { type: 'enabled', maxReasoningEffort: level === 'high' ? 'medium' : level } };
}

function levelOf(effort: string): string {
  if (effort === 'none' || effort === 'minimal') return 'low';
  return effort === 'xhigh' || effort === 'max' ? 'high' : effort;
}
