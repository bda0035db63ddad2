/** How much a JSON text holds, counted on its bytes: what must be known before anybody builds objects of it. */

export interface JsonBounds {
  /** Objects, arrays, texts, numbers and literals together; names of fields are not values. */
  readonly valuesMax: number;
  /** Objects and arrays inside of each other. */
  readonly levelsMax: number;
}

/** `values`: how many there are; where a bound is passed, counting ends there. */
export interface JsonShape {
  readonly is: 'within' | 'too_many' | 'too_deep';
  readonly values: number;
}

/**
 * Counts values and levels. Allocates nothing for each value, and stops where a bound is passed. A text that is not JSON is counted as
 * if it were and is left to the parser: what a parser reads before its first error never exceeds what was counted.
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

/** The fewest bytes of a text with so many values: each has one byte at least, and another between it and the next. */
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
/** A text that is longer is searched by the runtime, which is faster once it has begun. */
const SHORT_BYTES_MAX = 48;

/** Where the text that opens at `from` closes; the end of the bytes where it does not. */
export function closingQuote(bytes: Buffer, from: number): number {
  const shortEnd = Math.min(bytes.length, from + SHORT_BYTES_MAX);
  let at = from + 1;
  for (; at < shortEnd; at += 1) {
    if (bytes[at] === QUOTE) return at;
    if (bytes[at] === BACKSLASH) at += 1;
  }
  // An escape that began before is over here: `at` stands behind it.
  for (let quote = bytes.indexOf(QUOTE, at); quote !== -1; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let escapes = 0;
    while (quote - 1 - escapes >= at && bytes[quote - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return quote;
  }
  return bytes.length;
}

/** The next byte that is no white space. */
export function nextByte(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && (bytes[at] as number) <= SPACE) at += 1;
  return at;
}

function isClosing(byte: number | undefined): boolean {
  return byte === CLOSE_BRACKET || byte === CLOSE_BRACE;
}
