import type { EmbeddingWire, JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { modelPath } from '../gemini/paths.ts';
import { defined } from '../json.ts';
import type { Losses } from '../losses.ts';
import { inputTypeFor } from './input-types.ts';

const CARRIED: ReadonlySet<string> = new Set(['model', 'input', 'encoding_format', 'dimensions', 'input_type']);
const DIMENSIONS_MAX = 65_536;

/**
 * Encodes a request in OpenAI's format for another vendor of embeddings. A text that is too long for the model is an error, as at
 * OpenAI, and is never cut. Notes other fields as dropped. Throws Untranslatable.
 */
export function encodeEmbeddingRequest(wire: EmbeddingWire, model: string, body: JsonObject, losses: Losses): JsonObject {
  const texts = textsOf(body.input);
  const dimensions = dimensionsOf(body) ?? undefined;
  encodingOf(body);
  for (const name in body) if (!CARRIED.has(name) && body[name] !== null && body[name] !== undefined) losses.dropField(name);
  const type = inputTypeFor(wire, body.input_type, losses);
  switch (wire) {
    case 'cohere-embed':
      return defined({
        model,
        texts,
        // Its newer models refuse a request without one.
        input_type: type ?? 'search_document',
        embedding_types: ['float'],
        output_dimension: dimensions,
        truncate: 'NONE',
      });
    case 'voyage-embed':
      return defined({ model, input: texts, input_type: type, output_dimension: dimensions, truncation: false });
    case 'gemini-embed':
      return { requests: texts.map((text) => geminiRequest(model, text, type, dimensions)) };
  }
}

function geminiRequest(model: string, text: string, taskType?: string, outputDimensionality?: number): JsonObject {
  return defined({ model: modelPath(model), content: { parts: [{ text }] }, taskType, outputDimensionality });
}

function textsOf(input: unknown): readonly string[] {
  const texts = Array.isArray(input) ? input : [input];
  if (texts.length === 0) throw new Untranslatable('input', 'input must hold at least one text');
  if (texts.some((text) => typeof text !== 'string'))
    throw new Untranslatable('input', 'input must be a text or a list of texts: this model takes no tokens');
  return texts;
}

/** Returns the wanted length of the vectors; null if the model's own is wanted. Throws Untranslatable. */
export function dimensionsOf({ dimensions }: JsonObject): number | null {
  if (dimensions === undefined || dimensions === null) return null;
  if (typeof dimensions === 'number' && Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= DIMENSIONS_MAX)
    return dimensions;
  throw new Untranslatable('dimensions', `dimensions must be a whole number from 1 to ${DIMENSIONS_MAX}`);
}

/** Returns the form in which the client wants vectors. Throws Untranslatable. */
export function encodingOf({ encoding_format: format }: JsonObject): 'float' | 'base64' {
  if (format === undefined || format === null || format === 'float') return 'float';
  if (format === 'base64') return format;
  throw new Untranslatable('encoding_format', 'encoding_format must be "float" or "base64"');
}
