/**
 * Splits a JSON value into pieces and joins them again. So a large value goes from one thread to another in many short turns of
 * the event loop, not in one long turn of a hundred milliseconds.
 */

/**
 * A piece of a JSON value. Objects and arrays are numbered in the order in which they are opened; the first is the whole value.
 */
export type JsonPiece =
  /** An empty container, at the next place of an array or under a name of an object. `into` null: it is the whole value. */
  | { readonly is: 'open'; readonly isArray: boolean; readonly into: number | null; readonly name: string | null }
  /** Further items of an array, or fields of an object under `names`. */
  | {
      readonly is: 'items';
      readonly into: number;
      readonly names: readonly string[] | null;
      readonly values: readonly unknown[];
    };

/** The maximum weight of a piece: the bytes of its texts, plus VALUE_WEIGHT for each value. */
const PIECE_WEIGHT_MAX = 1_000_000;
const VALUE_WEIGHT = 50;

/** Yields the pieces of an object or array, in order. A text that is heavier than a piece becomes a piece by itself. */
export function* piecesOf(whole: object): Generator<JsonPiece> {
  const weights = new Map<object, number>();
  weigh(whole, weights);
  const opened = { count: 0 };
  yield* piecesIn(whole, { into: null, name: null }, weights, opened);
}

interface Place {
  readonly into: number | null;
  readonly name: string | null;
}

function* piecesIn(
  container: object,
  place: Place,
  weights: ReadonlyMap<object, number>,
  opened: { count: number },
): Generator<JsonPiece> {
  const isArray = Array.isArray(container);
  const own = opened.count;
  opened.count += 1;
  yield { is: 'open', isArray, ...place };
  let names: string[] = [];
  let values: unknown[] = [];
  let weight = 0;
  const taken = (): JsonPiece => {
    const piece: JsonPiece = { is: 'items', into: own, names: isArray ? null : names, values };
    [names, values, weight] = [[], [], 0];
    return piece;
  };
  for (const name in container) {
    const value = (container as Record<string, unknown>)[name];
    const heavy = typeof value === 'object' && value !== null && (weights.get(value) as number) > PIECE_WEIGHT_MAX;
    if (heavy) {
      if (values.length > 0) yield taken();
      yield* piecesIn(value, { into: own, name: isArray ? null : name }, weights, opened);
      continue;
    }
    const more = weightOf(value, weights) + name.length;
    if (values.length > 0 && weight + more > PIECE_WEIGHT_MAX) yield taken();
    names.push(name);
    values.push(value);
    weight += more;
  }
  if (values.length > 0) yield taken();
}

function weightOf(value: unknown, weights: ReadonlyMap<object, number>): number {
  if (typeof value === 'string') return value.length + VALUE_WEIGHT;
  return typeof value === 'object' && value !== null ? (weights.get(value) as number) : VALUE_WEIGHT;
}

/** Weighs every object and array. Recursive: bodies are nested at most 64 levels. */
function weigh(container: object, weights: Map<object, number>): void {
  let weight = VALUE_WEIGHT;
  for (const name in container) {
    const value = (container as Record<string, unknown>)[name];
    if (typeof value === 'object' && value !== null) weigh(value, weights);
    weight += weightOf(value, weights) + (Array.isArray(container) ? 0 : name.length);
  }
  weights.set(container, weight);
}

/** Joins pieces in the order in which they were made. */
export class JsonAssembly {
  readonly #opened: (unknown[] | Record<string, unknown>)[] = [];

  /** The value so far. */
  get whole(): unknown {
    return this.#opened[0];
  }

  add(piece: JsonPiece): void {
    if (piece.is === 'open') {
      const container = piece.isArray ? [] : {};
      this.#opened.push(container);
      if (piece.into !== null) put(this.#opened[piece.into], piece.name, container);
      return;
    }
    const into = this.#opened[piece.into];
    for (const [at, value] of piece.values.entries()) put(into, piece.names?.[at] ?? null, value);
  }
}

function put(into: unknown, name: string | null, value: unknown): void {
  if (name === null) (into as unknown[]).push(value);
  // Assignment to this name would change the object's prototype.
  else if (name === '__proto__')
    Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
  else (into as Record<string, unknown>)[name] = value;
}
