/** Draws that can be drawn again: the same seed gives the same messages. */
export interface Draw {
  /** A whole number from 0 to below `below`. */
  whole(below: number): number;
  oneOf<Choice>(choices: readonly Choice[]): Choice;
  /** True once in `times`. */
  rarely(times: number): boolean;
}

/** mulberry32: small, and even enough for drawing tests. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (below: number) => Math.floor(next() * below);
  return {
    whole,
    oneOf: (choices) => choices[whole(choices.length)] as (typeof choices)[number],
    rarely: (times) => whole(times) === 0,
  };
}

/** The bytes in pieces, as a network may deliver them: whole, cut here and there, or byte by byte. */
export function fragments(bytes: Buffer, draw: Draw): Buffer[] {
  if (bytes.length === 0) return [];
  if (draw.rarely(40)) return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  const cuts = new Set(Array.from({ length: draw.oneOf([0, 0, 1, 1, 2, 3, 6]) }, () => draw.whole(bytes.length)));
  const at = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return at.slice(1).flatMap((end, index) => {
    const piece = bytes.subarray(at[index] as number, end);
    return piece.length === 0 ? [] : [piece];
  });
}

/** Bytes that parsers disagree about. */
const TELLING = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '\x0b',
  '\x7f',
  '\x80',
  '\xff',
  '-',
  '+',
  '0',
  '1',
  'x',
  '"',
  '\\',
  '#',
  '/',
];

/** Changes the text in one or a few places: a byte put in, taken out or replaced, a line twice, gone or elsewhere. */
export function mutated(text: string, draw: Draw): string {
  let changed = text;
  for (let count = 1 + draw.whole(2); count > 0; count -= 1) changed = mutatedOnce(changed, draw);
  return changed;
}

function mutatedOnce(text: string, draw: Draw): string {
  const at = draw.whole(text.length + 1);
  const lines = text.split('\r\n');
  const line = draw.whole(lines.length);
  switch (draw.whole(7)) {
    case 0:
      return text.slice(0, at) + draw.oneOf(TELLING) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + draw.oneOf(TELLING) + text.slice(at + 1);
    case 3:
      return lines.toSpliced(line, 0, lines[line] as string).join('\r\n');
    case 4:
      return lines.toSpliced(line, 1).join('\r\n');
    case 5:
      return (
        text.slice(0, at) +
        text.slice(at).replace('\r\n', draw.oneOf(['\n', '\r', '\r\r\n', '\r\n ', '\n\r', ' \r\n', '\r\n\r\n']))
      );
    default:
      return text.slice(0, at) + (text[at] ?? '').toUpperCase() + text.slice(at + 1);
  }
}
