/** One line of a text, without its line feed. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null: it is longer than the bound. Its bytes are dropped. */
  readonly bytes: Buffer | null;
}

const LINE_FEED = 0x0a;
const RETURN = 0x0d;

/** Cuts a text that arrives in pieces into its lines. Keeps the unfinished line, and never more than `lineBytesMax` of it. */
export class LineCutter {
  readonly #bytesMax: number;
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;

  constructor(lineBytesMax: number) {
    this.#bytesMax = lineBytesMax;
  }

  /** Yields the lines that end in this piece. */
  *push(piece: Buffer): Generator<Line> {
    let from = 0;
    for (let at = piece.indexOf(LINE_FEED); at !== -1; at = piece.indexOf(LINE_FEED, from)) {
      this.#keep(piece.subarray(from, at));
      yield this.#line();
      from = at + 1;
    }
    if (from < piece.length) this.#keep(piece.subarray(from));
  }

  /** Yields the last line, if it did not end with a line feed. */
  *end(): Generator<Line> {
    if (this.#length > 0) yield this.#line();
  }

  #keep(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#bytesMax) this.#parts = [];
    // The piece may be used again by its sender.
    else this.#parts.push(Buffer.from(part));
  }

  #line(): Line {
    const bytes = this.#length > this.#bytesMax ? null : withoutReturn(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#length = 0;
    this.#number += 1;
    return { number: this.#number, bytes };
  }
}

/** Yields the lines of a text that arrives in pieces. */
export async function* linesOf(pieces: AsyncIterable<Buffer>, lineBytesMax: number): AsyncGenerator<Line> {
  const cutter = new LineCutter(lineBytesMax);
  for await (const piece of pieces) yield* cutter.push(piece);
  yield* cutter.end();
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
}
