import { closingQuote, nextByte } from './json-shape.ts';

/** The place of a value in a text, as offsets in bytes: of the first byte, and after the last. */
export type Span = readonly [from: number, to: number];

/** Finds the values of an object's fields in its text, which must be exactly one JSON object without repeated names. */
export function fieldSpans(bytes: Buffer): Map<string, Span> {
  const spans = new Map<string, Span>();
  let at = nextByte(bytes, nextByte(bytes, 0) + 1);
  while (bytes[at] === QUOTE) {
    const nameEnd = closingQuote(bytes, at) + 1;
    const name = JSON.parse(bytes.toString('utf8', at, nameEnd)) as string;
    const from = nextByte(bytes, nextByte(bytes, nameEnd) + 1);
    const end = valueEnd(bytes, from);
    let to = end;
    while ((bytes[to - 1] as number) <= SPACE) to -= 1;
    spans.set(name, [from, to]);
    at = nextByte(bytes, end + 1);
  }
  return spans;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/** Returns the offset of the comma or brace after a field's value. */
function valueEnd(bytes: Buffer, from: number): number {
  let level = 0;
  for (let at = from; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = closingQuote(bytes, at);
        continue;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        level += 1;
        continue;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        if (level === 0) return at;
        level -= 1;
        continue;
      case COMMA:
        if (level === 0) return at;
    }
  }
  return bytes.length;
}
