import type { EmbeddingWire, JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { arrayOr, isObject, objectOr } from '../json.ts';

/** The longest vector. No known model makes a tenth of it. */
const VECTOR_MAX = 65_536;

/** The number of vectors and their length, as far as the request says. */
export interface Expected {
  readonly inputs: number;
  readonly dimensions: number | null;
}

/**
 * Returns the vectors of an answer, in the order of the inputs. Throws UnreadableAnswer unless there is one for each input, all have
 * the same length, and each of their numbers fits 32 bits.
 */
export function vectorsOf(wire: EmbeddingWire, json: JsonObject, { inputs, dimensions }: Expected): number[][] {
  const list = listIn(wire, json);
  if (list.length !== inputs)
    throw new UnreadableAnswer(`the provider answered with ${list.length} vectors for ${inputs} inputs`);
  const [first] = list;
  const length = dimensions ?? (Array.isArray(first) ? first.length : 0);
  if (length > VECTOR_MAX) throw new UnreadableAnswer(`the provider answered with a vector of more than ${VECTOR_MAX} numbers`);
  for (const vector of list) {
    if (!Array.isArray(vector) || vector.length === 0) throw new UnreadableAnswer('the provider answered without a vector');
    if (vector.length !== length)
      throw new UnreadableAnswer(`the provider answered with a vector of ${vector.length} numbers and not ${length}`);
    if (!vector.every(isFloat32)) throw new UnreadableAnswer('the provider answered with a vector that is not of numbers');
  }
  return list as number[][];
}

function listIn(wire: EmbeddingWire, json: JsonObject): readonly unknown[] {
  switch (wire) {
    case 'cohere-embed':
      return arrayOr(objectOr(json.embeddings).float);
    case 'voyage-embed':
      return inOrder(arrayOr(json.data));
    case 'gemini-embed':
      return arrayOr(json.embeddings).map((embedding) => objectOr(embedding).values);
  }
}

/** Puts each vector at its index. One without an index stays in its place. */
function inOrder(data: readonly unknown[]): readonly unknown[] {
  const vectors: unknown[] = new Array(data.length).fill(null);
  data.forEach((entry, place) => {
    if (!isObject(entry)) return;
    const index = entry.index ?? place;
    if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < data.length)
      vectors[index] = entry.embedding;
  });
  return vectors;
}

function isFloat32(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(Math.fround(value));
}
