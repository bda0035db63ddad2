/** What a model can be told, as far as its name says. Names may carry a vendor prefix (`anthropic/`, `us.anthropic.`). */

/** Longer than any provider's name for a model, resource names included. */
const SAID_LENGTH_MAX = 1_000;

/** What an answer says of the model that made it; null where it says nothing of use. */
export function saidModel(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= SAID_LENGTH_MAX ? value : null;
}

/** `claude-opus-4-6` → 4.6, `claude-3-7-sonnet` → 3.7, `claude-opus-5` → 5; null when the name holds no version. */
export function claudeVersion(model: string): number | null {
  const match = /claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(model);
  return match === null ? null : Number(`${match[1]}.${match[2] ?? 0}`);
}

/** `gpt-5.6-terra` → 5.6; null when it is none of OpenAI's numbered models. */
export function gptVersion(model: string): number | null {
  const match = /(?:^|[/.])gpt-(\d{1,2}(?:\.\d{1,2})?)/.exec(model);
  return match === null ? null : Number(match[1]);
}

/** Whether the model takes `reasoning_effort`; others answer 400 to it. */
export function takesReasoningEffort(model: string): boolean {
  return /(?:^|\/)(?:o[1-9]\b|gpt-[5-9]|gpt-oss|codex|gemini-(?:2\.5|[3-9])|grok-3-mini)/.test(model);
}

/** Whether the model's server wants its earlier reasoning back as `reasoning_content`. */
export function takesReasoningBack(model: string): boolean {
  return /deepseek|kimi|moonshot|glm|qwen|minimax|mimo|claude/i.test(model);
}
