import { closingQuote, nextByte } from './json-shape.ts';

/**
 * Reads a long list in an answer item by item, so that the caller can yield to the event loop in between. Parsing 16 MB at once
 * stops everything else for a hundred milliseconds.
 */

/** The beginning of a list, an item of it, or another field of the answer, as JSON. */
export type ListPart =
  | { readonly is: 'list' }
  | { readonly is: 'item'; readonly json: Buffer }
  | { readonly is: 'field'; readonly name: string; readonly json: Buffer };

/** The bytes are no JSON object or array, or one of its parts is longer than allowed. */
export class NotAList extends Error {
  constructor() {
    super('is no JSON with a list');
    this.name = 'NotAList';
  }
}

/**
 * Yields the items of an array, or the fields of an object, and for each field in `lists` that is an array its items instead. Only
 * the structure around the items is checked: parse each to learn whether it is valid. Throws NotAList.
 */
export function* listParts(
  bytes: Buffer,
  { lists, itemBytesMax }: { readonly lists: ReadonlySet<string>; readonly itemBytesMax: number },
): Generator<ListPart, void> {
  const start = nextByte(bytes, 0);
  if (bytes[start] === OPEN_BRACKET) yield* itemsOf(bytes, start, itemBytesMax);
  else yield* fieldsOf(bytes, start, lists, itemBytesMax);
}

function* fieldsOf(bytes: Buffer, start: number, lists: ReadonlySet<string>, itemBytesMax: number): Generator<ListPart, void> {
  let at = nextByte(bytes, expected(bytes, start, OPEN_BRACE));
  while (bytes[at] !== CLOSE_BRACE) {
    const nameEnd = endOfText(bytes, expected(bytes, at, QUOTE) - 1);
    const name = parsedName(bytes.subarray(at, nameEnd));
    const from = nextByte(bytes, expected(bytes, nextByte(bytes, nameEnd), COLON));
    if (bytes[from] === OPEN_BRACKET && lists.has(name)) at = yield* itemsOf(bytes, from, itemBytesMax);
    else {
      at = endOfValue(bytes, from, bytes.length);
      yield { is: 'field', name, json: bytes.subarray(from, at) };
    }
    at = afterComma(bytes, at, CLOSE_BRACE);
  }
}

/** Yields the items of the array at an offset. Returns the offset after it. */
function* itemsOf(bytes: Buffer, start: number, itemBytesMax: number): Generator<ListPart, number> {
  yield { is: 'list' };
  let at = nextByte(bytes, start + 1);
  while (bytes[at] !== CLOSE_BRACKET) {
    const end = endOfValue(bytes, at, at + itemBytesMax);
    yield { is: 'item', json: bytes.subarray(at, end) };
    at = afterComma(bytes, end, CLOSE_BRACKET);
  }
  return at + 1;
}

/** Returns the offset of what follows a comma, or of the closing bracket. */
function afterComma(bytes: Buffer, end: number, closing: number): number {
  const at = nextByte(bytes, end);
  if (bytes[at] === closing) return at;
  const next = nextByte(bytes, expected(bytes, at, COMMA));
  if (bytes[next] === closing) throw new NotAList();
  return next;
}

/** Returns the offset after a byte that must be there. */
function expected(bytes: Buffer, at: number, byte: number): number {
  if (bytes[at] !== byte) throw new NotAList();
  return at + 1;
}

/** Returns the offset after a value. Throws NotAList if it ends after `limit`. */
function endOfValue(bytes: Buffer, from: number, limit: number): number {
  let level = 0;
  let at = from;
  for (; at < bytes.length && at <= limit; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfText(bytes, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) level += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) level -= 1;
    else if (level > 0 || isPlain(byte)) continue;
    if (level < 0 || (level === 0 && (byte === COMMA || byte <= SPACE))) break;
    if (level === 0) return withinLimit(at + 1, limit);
  }
  if (at === from || at >= bytes.length) throw new NotAList();
  return withinLimit(at, limit);
}

function withinLimit(end: number, limit: number): number {
  if (end > limit) throw new NotAList();
  return end;
}

/** Reports whether a byte is a part of a number or a literal. */
function isPlain(byte: number): boolean {
  return byte !== COMMA && byte > SPACE;
}

/** Returns the offset after the text that opens at `from`. */
function endOfText(bytes: Buffer, from: number): number {
  const end = closingQuote(bytes, from);
  if (end >= bytes.length) throw new NotAList();
  return end + 1;
}

const NAME_BYTES_MAX = 200;

/** Returns the name of a field. No field that anybody looks for has a long one. */
function parsedName(json: Buffer): string {
  if (json.length > NAME_BYTES_MAX) return '';
  try {
    return JSON.parse(json.toString()) as string;
  } catch {
    throw new NotAList();
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;
