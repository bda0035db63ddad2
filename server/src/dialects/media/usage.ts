import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr } from '../json.ts';
import { believed, countOf, isCount, PIECES_MAX, type Reported } from '../plausible.ts';

/**
 * Reads the usage of documents that were put in order. Cohere bills search units, Voyage, Jina and most compatible servers tokens.
 * A total of tokens counts as input.
 */
export function rerankUsage(answer: JsonObject): Reported {
  const { search_units: units, input_tokens: billed } = objectOr(objectOr(answer.meta).billed_units);
  const { total_tokens: total, prompt_tokens: prompt } = objectOr(answer.usage);
  const tokens = billed ?? total ?? prompt;
  if ((units ?? tokens ?? null) === null) return null;
  if (!isCount(units, PIECES_MAX) || !isCount(tokens)) return 'implausible';
  const pieces = (units ?? null) === null ? {} : { search_unit: countOf(units) };
  return believed({ ...((tokens ?? null) === null ? {} : { input: countOf(tokens) }), ...pieces });
}

/** Reads the tokens of a judgement. OpenAI's answers report none. */
export function moderationUsage({ usage }: JsonObject): Reported {
  if (!isObject(usage)) return null;
  const tokens = usage.total_tokens ?? usage.prompt_tokens;
  if ((tokens ?? null) === null) return null;
  return isCount(tokens) ? believed({ input: countOf(tokens) }) : 'implausible';
}
