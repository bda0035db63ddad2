/** Measures the size of a JSON text on its bytes, before the parser builds objects from it. */

export interface JsonBounds {
  /** The most values: objects, arrays, texts, numbers and literals together. Names of fields are not values. */
  readonly valuesMax: number;
  /** The most levels of nested objects and arrays. */
  readonly levelsMax: number;
}

/** The result of a measurement. `values`: how many there are; counting stops when a limit is exceeded. */
export interface JsonShape {
  readonly is: 'within' | 'too_many' | 'too_deep';
  readonly values: number;
}

/**
 * Counts values and levels. Allocates nothing for each value, and stops when a limit is exceeded. A text that is not JSON is
 * counted as if it were, and left to the parser: what a parser reads before its first error never exceeds the count.
 */
export function jsonShape(bytes: Buffer, { valuesMax, levelsMax }: JsonBounds): JsonShape {
  const end = bytes.length;
  let values = 1;
  let level = 0;
  for (let at = 0; at < end; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = closingQuote(bytes, at);
        continue;
      case COMMA:
        values += 1;
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        level += 1;
        if (level > levelsMax) return { is: 'too_deep', values };
        if (!isClosing(bytes[nextByte(bytes, at + 1)])) values += 1;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        level -= 1;
        continue;
      default:
        continue;
    }
    if (values > valuesMax) return { is: 'too_many', values };
  }
  return { is: 'within', values };
}

/** Returns the fewest bytes of a text with so many values: each has at least one byte, and another before the next. */
export function bytesOfValues(values: number): number {
  return values * 2;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;
/** The length up to which a text is searched byte by byte. For a longer one the runtime's search is faster. */
const SHORT_BYTES_MAX = 48;

/** Returns the offset at which the text that opens at `from` closes; the end of the bytes if it does not. */
export function closingQuote(bytes: Buffer, from: number): number {
  const shortEnd = Math.min(bytes.length, from + SHORT_BYTES_MAX);
  let at = from + 1;
  for (; at < shortEnd; at += 1) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) at += 1;
  }
  // `at` is after any escape that began before it.
  for (let quote = bytes.indexOf(QUOTE, at); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let escapes = 0;
    while (quote - 1 - escapes >= at && bytes[quote - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return quote;
  }
  return bytes.length;
}

/** Returns the offset of the next byte that is no white space. */
export function nextByte(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= SPACE) at += 1;
  return at;
}

function isClosing(byte: number | undefined): boolean {
  return byte === CLOSE_BRACKET || byte === CLOSE_BRACE;
}
