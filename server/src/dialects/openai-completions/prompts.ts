import type { JsonObject } from '../dialect.ts';

/** The most prompts of one request. OpenAI takes as many texts in one request for embeddings. */
const PROMPTS_MAX = 2048;
/** The largest number that stands for a token. */
const TOKEN_MAX = 2 ** 31 - 1;

/**
 * Returns the number of prompts of a text completion: a text or a list of tokens is one, and a list has one for each text or list of
 * tokens in it. An absent prompt is one too: the model writes a new document. Null: the prompt is none of these, or there are too
 * many.
 */
export function promptsIn({ prompt, prompt_embeds: embeds }: JsonObject): number | null {
  const texts = countOf(prompt);
  // A field of vLLM: prompts in the form of vectors, which are answered beside the texts.
  const vectors = Array.isArray(embeds) ? embeds.length : typeof embeds === 'string' ? 1 : 0;
  const all = texts === null ? null : Math.max(1, texts + vectors);
  return all === null || all > PROMPTS_MAX ? null : all;
}

function countOf(prompt: unknown): number | null {
  if (prompt === undefined || prompt === null) return 0;
  if (typeof prompt === 'string' || areTokens(prompt)) return 1;
  if (!Array.isArray(prompt) || prompt.length === 0) return null;
  return prompt.every((one) => typeof one === 'string') || prompt.every(areTokens) ? prompt.length : null;
}

function areTokens(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isToken);
}

function isToken(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= TOKEN_MAX;
}

/** Returns the prompt of a request that has one text; null for any other. */
export function onlyText({ prompt }: JsonObject): string | null {
  const one = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt;
  return typeof one === 'string' ? one : null;
}
