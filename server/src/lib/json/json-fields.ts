import { closingQuote, nextByte } from './json-shape.ts';

/** Where a value stands in a text, as offsets in bytes: first, and behind the last. */
export type Span = readonly [from: number, to: number];

/** Where the values of an object's fields stand in its text, which is one JSON object and nothing else, with no name twice. */
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

/** Where the comma or the brace behind a field's value stands. */
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
