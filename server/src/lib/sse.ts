/** Server-sent events over raw buffers: safe against events and UTF-8 sequences split over chunks, and bounded in memory. */

export interface SseEvent {
  /** The `event:` field; null if absent. */
  readonly name: string | null;
  /** All `data:` lines, joined by line feeds; null if the event has none (a comment, a keep-alive). */
  readonly data: string | null;
}

/** Thrown when one event exceeds the framer's limit. */
export class EventTooLarge extends Error {}

const EMPTY = Buffer.alloc(0);
const LF = 10;
const CR = 13;
const BLANK_LINES = ['\n\n', '\n\r\n', '\r\r'] as const;
const BLANK_LINE_BYTES = BLANK_LINES.map((blank) => Buffer.from(blank));

/** Cuts a byte stream at event boundaries: returns only whole events and keeps the unfinished rest. */
export class EventFramer {
  readonly #eventBytesMax: number;
  #held: Buffer[] = [];
  #heldBytes = 0;

  constructor(options: { readonly eventBytesMax: number }) {
    this.#eventBytesMax = options.eventBytesMax;
  }

  /**
   * Returns all bytes up to the end of the last whole event. If the chunk begins and ends between events (the common case),
   * returns the same chunk; if no event is whole yet, an empty one. Throws EventTooLarge if the bytes to keep exceed the limit.
   */
  push(chunk: Buffer): Buffer {
    const end = this.#heldBytes === 0 ? lastBoundary(chunk) : lastBoundary(chunk) || this.#boundaryAcross(chunk);
    if (end === 0) {
      this.#keep(chunk);
      return EMPTY;
    }
    const head = end === chunk.length ? chunk : chunk.subarray(0, end);
    const whole = this.#heldBytes === 0 ? head : Buffer.concat([...this.#held, head]);
    this.#held = [];
    this.#heldBytes = 0;
    if (end < chunk.length) this.#keep(chunk.subarray(end));
    return whole;
  }

  /** Returns the unfinished rest and drops it. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return rest;
  }

  #keep(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > this.#eventBytesMax)
      throw new EventTooLarge(`a stream event is larger than ${this.#eventBytesMax} bytes`);
  }

  /** Returns the end of a blank line that began in the kept bytes; 0 if there is none. */
  #boundaryAcross(chunk: Buffer): number {
    const before = this.#lastHeldByte(1);
    const first = chunk[0];
    if (first === LF && before === LF) return 1;
    if (first === CR && before === CR) return 1;
    if (first === LF && before === CR && this.#lastHeldByte(2) === LF) return 1;
    if (first === CR && chunk[1] === LF && before === LF) return 2;
    return 0;
  }

  #lastHeldByte(fromEnd: number): number | undefined {
    let left = fromEnd;
    for (let i = this.#held.length - 1; i >= 0; i--) {
      const piece = this.#held[i] as Buffer;
      if (piece.length >= left) return piece[piece.length - left];
      left -= piece.length;
    }
    return undefined;
  }
}

/** Returns the end of the last blank line of `bytes`; 0 if there is none. */
function lastBoundary(bytes: Buffer): number {
  const length = bytes.length;
  if (length >= 2 && bytes[length - 1] === LF && bytes[length - 2] === LF) return length;
  let end = 0;
  for (const blank of BLANK_LINE_BYTES) {
    const at = bytes.lastIndexOf(blank);
    if (at !== -1) end = Math.max(end, at + blank.length);
  }
  return end;
}

/** Returns the extent of the event around `index` in the text of whole events, including its closing blank line. */
export function eventAround(text: string, index: number): { readonly start: number; readonly end: number } {
  let start = 0;
  let end = text.length;
  for (const blank of BLANK_LINES) {
    const before = text.lastIndexOf(blank, index);
    if (before !== -1) start = Math.max(start, before + blank.length);
    const after = text.indexOf(blank, index);
    if (after !== -1) end = Math.min(end, after + blank.length);
  }
  return { start, end };
}

/** Parses every event of the text of whole events, in order. A final event without its blank line counts too. */
export function parseEvents(text: string): SseEvent[] {
  const lines = (text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text).split('\n');
  const events: SseEvent[] = [];
  let name: string | null = null;
  let data: string | null = null;
  for (const line of lines) {
    if (line === '') {
      if (name !== null || data !== null) events.push({ name, data });
      name = null;
      data = null;
    } else if (line.startsWith('data:')) {
      const value = fieldValue(line, 5);
      data = data === null ? value : `${data}\n${value}`;
    } else if (line.startsWith('event:')) {
      name = fieldValue(line, 6);
    }
  }
  if (name !== null || data !== null) events.push({ name, data });
  return events;
}

function fieldValue(line: string, from: number): string {
  return line.charCodeAt(from) === 32 ? line.slice(from + 1) : line.slice(from);
}
