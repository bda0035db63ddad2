import { json } from './fake-chat.ts';
import { hashOf, promptTokensOf, randomFrom } from './fake-text.ts';

const DIMENSIONS = 256;
const DIMENSIONS_MAX = 3_072;
const INPUTS_MAX = 2_048;

/** Answers an OpenAI embeddings request with unit vectors that depend only on the input, or returns its problem. */
export function fakeEmbeddings(
  body: Record<string, unknown>,
  model: string,
): { readonly bytes: Buffer } | { readonly problem: string; readonly param: string } {
  const inputs = inputsOf(body.input);
  if (inputs === null) return { problem: `'input' must be a string or a list of 1 to ${INPUTS_MAX} items`, param: 'input' };
  const dimensions = body.dimensions ?? DIMENSIONS;
  if (typeof dimensions !== 'number' || !Number.isInteger(dimensions) || dimensions < 1 || dimensions > DIMENSIONS_MAX) {
    return { problem: `'dimensions' must be between 1 and ${DIMENSIONS_MAX}`, param: 'dimensions' };
  }
  const data = inputs.map((input, index) => {
    const vector = unitVector(input.text, dimensions);
    const embedding =
      body.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector].map(shortest);
    return { object: 'embedding', index, embedding };
  });
  const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0);
  return { bytes: json({ object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }) };
}

type Input = { readonly text: string; readonly tokens: number };

// Reads a text, a list of texts, a list of token ids, or a list of such lists.
function inputsOf(input: unknown): readonly Input[] | null {
  const list = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  if (list.length < 1 || list.length > INPUTS_MAX) return null;
  const read = list.map(inputOf);
  return read.every((one) => one !== null) ? read : null;
}

function inputOf(item: unknown): Input | null {
  if (typeof item === 'string') return { text: item, tokens: Math.max(1, promptTokensOf(item.length)) };
  const isTokens = Array.isArray(item) && item.length > 0 && item.every((id) => Number.isInteger(id));
  return isTokens ? { text: item.join(), tokens: item.length } : null;
}

function unitVector(text: string, dimensions: number): Float32Array {
  const random = randomFrom(hashOf(text));
  const values = Array.from({ length: dimensions }, () => random() * 2 - 1);
  const length = Math.hypot(...values) || 1;
  return Float32Array.from(values, (value) => value / length);
}

/** Returns the fewest digits that identify the same 32-bit float, as OpenAI prints them. */
function shortest(value: number): number {
  return Number(value.toPrecision(9));
}
