/** The features of a model, as far as its name tells. Names may carry a vendor prefix (`anthropic/`, `us.anthropic.`). */

/** The longest model name that is read from an answer. It exceeds any provider's names, including resource names. */
const SAID_LENGTH_MAX = 1_000;

/** Returns the model that an answer names; null if the value is no string, empty or too long. */
export function saidModel(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= SAID_LENGTH_MAX ? value : null;
}

/**
 * Returns the version in the name: `claude-opus-4-6` → 4.6, `claude-3-7-sonnet` → 3.7, `claude-opus-5` → 5; null if there is
 * none.
 */
export function claudeVersion(model: string): number | null {
  const match = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model);
  return match === null ? null : Number(`${match[1]}.${match[2] ?? 0}`);
}

/** Returns the version in the name: `gpt-5.6-terra` → 5.6; null if it is none of OpenAI's numbered models. */
export function gptVersion(model: string): number | null {
  const match = /(?:^|[/.])gpt-(\d{1,2}(?:\.\d{1,2})?)/.exec(model);
  return match === null ? null : Number(match[1]);
}

/** Reports whether the model accepts `reasoning_effort`; others answer it with 400. */
export function takesReasoningEffort(model: string): boolean {
  return /(?:^|\/)(?:o[1-9]\b|gpt-[5-9]|gpt-oss|codex|gemini-(?:2\.5|[3-9])|grok-3-mini)/.test(model);
}

/** Reports whether the model's server expects its earlier reasoning back as `reasoning_content`. */
export function takesReasoningBack(model: string): boolean {
  // DeepSeek's R1 answers 400 to its own reasoning; the models after it answer 400 without it.
  return /deepseek|kimi|moonshot|glm|qwen|minimax|mimo|claude/i.test(model) && !/deepseek-r1/i.test(model);
}
