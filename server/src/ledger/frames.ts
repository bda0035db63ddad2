/**
 * A line in the file: a marker byte, the line's length and CRC-32 (both little-endian), then the line itself. The marker is a
 * control character that no line contains, so that a reader can find the next frame after damaged bytes.
 */
import { crc32 } from 'node:zlib';
import { writeDigits } from '../lib/json/text-builder.ts';

const MARKER = 0x02;
export const FRAME_HEADER_BYTES = 9;
/** The longest line, in bytes. A longer one is never written, and a greater length in a file is damage. */
const LINE_BYTES_MAX = 256 * 1024 * 1024;

const FIRST_BYTES = 256 * 1024;
const KEPT_BYTES_MAX = 4 * 1024 * 1024;
/** The most bytes that single bytes and numbers add between two texts, for which they reserve no room. */
const SLACK_BYTES = 2_048;

/** The range from space to tilde: one byte each, and no control characters. */
const FIRST_PLAIN = 0x20;
const LAST_PLAIN = 0x7e;

/**
 * Frames one after another in one growing buffer, until they are written. A line is written piece by piece into its place:
 * joining the pieces to one string first costs three times as much.
 */
export class FrameBuffer {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;
  #at = 0;

  /** Begins a line; `close` ends it. */
  open(): void {
    this.#at = this.length + FRAME_HEADER_BYTES;
    this.#room(0);
  }

  byte(value: number): void {
    this.bytes[this.#at++] = value;
  }

  /**
   * Appends our own text that may contain names chosen by others. It should have no line feed. If it does, its control characters
   * are replaced, so that it begins no new line.
   */
  ours(text: string): void {
    this.text(text.includes('\n') ? cleanText(text, text.length) : text);
  }

  /** Appends our own text without control characters: ids and names. */
  text(text: string): void {
    this.#room(text.length);
    this.#at += this.bytes.write(text, this.#at);
  }

  /** Appends text that others chose. Replaces control characters, which separate fields, and cuts it to `charsMax` characters. */
  free(text: string, charsMax: number): void {
    this.#room(Math.min(text.length, charsMax));
    const { bytes } = this;
    const at = this.#at;
    const length = text.length > charsMax ? 0 : text.length;
    let i = 0;
    for (; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < FIRST_PLAIN || code > LAST_PLAIN) break;
      bytes[at + i] = code;
    }
    if (i === text.length) this.#at = at + i;
    else this.text(cleanText(text, charsMax));
  }

  /** Appends a number in decimal digits. */
  int(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0) this.#at = writeDigits(this.bytes, this.#at, value);
    else this.text(String(value));
  }

  /** Ends the line. Returns the offset of its frame. Throws RangeError above LINE_BYTES_MAX. */
  close(): number {
    const start = this.length;
    const length = this.#at - start - FRAME_HEADER_BYTES;
    if (length > LINE_BYTES_MAX)
      throw new RangeError(`a journal line has ${length} bytes; at most ${LINE_BYTES_MAX} are allowed`);
    writeHeader(this.bytes, start, this.#at);
    this.length = this.#at;
    return start;
  }

  /** Appends complete frames. */
  appendFrames(frames: Buffer): void {
    this.#at = this.length;
    this.#room(frames.length);
    frames.copy(this.bytes, this.length);
    this.length += frames.length;
  }

  /** Empties the buffer after a write. Reuses the memory, unless one large line has made it grow far. */
  clear(): void {
    this.length = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) this.bytes = Buffer.allocUnsafe(FIRST_BYTES);
  }

  /**
   * Reserves room for text. UTF-8 takes at most three bytes for a UTF-16 unit; reserving them avoids measuring the text first.
   */
  #room(chars: number): void {
    const bytesMin = this.#at + chars * 3 + SLACK_BYTES;
    if (bytesMin <= this.bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(bytesMin, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.#at);
    this.bytes = grown;
  }
}

const CONTROLS = /\p{Cc}/gu;

function cleanText(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replace(CONTROLS, '\ufffd');
}

function writeHeader(bytes: Buffer, at: number, end: number): void {
  const length = end - at - FRAME_HEADER_BYTES;
  const crc = crc32(bytes.subarray(at + FRAME_HEADER_BYTES, end));
  bytes[at] = MARKER;
  bytes[at + 1] = length;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length >>> 16;
  bytes[at + 4] = length >>> 24;
  bytes[at + 5] = crc;
  bytes[at + 6] = crc >>> 8;
  bytes[at + 7] = crc >>> 16;
  bytes[at + 8] = crc >>> 24;
}

/** Returns the end that the frame at `at` claims, which may be beyond `bytes`; -1 if no frame can begin there. */
export function claimedEnd(bytes: Buffer, at: number): number {
  if (at + FRAME_HEADER_BYTES > bytes.length || bytes[at] !== MARKER) return -1;
  const length = bytes.readUInt32LE(at + 1);
  return length >= 2 && length <= LINE_BYTES_MAX ? at + FRAME_HEADER_BYTES + length : -1;
}

/** Returns the end of the frame at `at`, after verifying its checksum; -1 if there is no whole, undamaged frame. */
export function frameEnd(bytes: Buffer, at: number): number {
  const end = claimedEnd(bytes, at);
  if (end === -1 || end > bytes.length) return -1;
  return crc32(bytes.subarray(at + FRAME_HEADER_BYTES, end)) === bytes.readUInt32LE(at + 5) ? end : -1;
}

/** Returns the first whole, undamaged frame at or behind `from`; -1 if there is none. */
export function nextFrame(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MARKER, from); at !== -1; at = bytes.indexOf(MARKER, at + 1)) {
    if (frameEnd(bytes, at) !== -1) return at;
  }
  return -1;
}

/**
 * Bytes of a file that are no usable frame. `torn`: nothing follows, as after a crash in the middle of a write. `unreadable`: a
 * whole frame, but no record that this version can read.
 */
export interface BadBytes {
  readonly is: 'torn' | 'damaged' | 'unreadable';
  readonly offset: number;
  readonly bytes: number;
}

/** Calls `onFrame` for each frame of a whole file in order, and `onBad` for bytes that are no frame. */
export function walkFrames(bytes: Buffer, onFrame: (at: number, end: number) => void, onBad: (bad: BadBytes) => void): void {
  let at = 0;
  while (at < bytes.length) {
    const end = frameEnd(bytes, at);
    if (end !== -1) {
      onFrame(at, end);
      at = end;
      continue;
    }
    const next = nextFrame(bytes, at + 1);
    const bad = { offset: at, bytes: (next === -1 ? bytes.length : next) - at };
    onBad({ is: next === -1 ? 'torn' : 'damaged', ...bad });
    if (next === -1) return;
    at = next;
  }
}
