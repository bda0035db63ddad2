import type { JsonObject } from '../dialect.ts';
import { field, fieldObject } from '../gemini/fields.ts';
import { objectOr } from '../json.ts';
import { believed, countOf, isCount, type Reported } from '../plausible.ts';

/** Reads the tokens that Cohere bills for embeddings. */
export function cohereEmbedUsage(answer: JsonObject): Reported {
  return inputOnly(objectOr(objectOr(answer.meta).billed_units).input_tokens);
}

/** Reads the tokens of Gemini's embeddings. Its older models report none. */
export function geminiEmbedUsage(answer: JsonObject): Reported {
  return inputOnly(field(fieldObject(answer, 'usageMetadata'), 'promptTokenCount'));
}

function inputOnly(tokens: unknown): Reported {
  if ((tokens ?? null) === null) return null;
  return isCount(tokens) ? believed({ input: countOf(tokens) }) : 'implausible';
}
