/**
 * The frames of `application/vnd.amazon.eventstream`. Each has the lengths of itself and of its headers, a check sum of both,
 * headers, a payload and a check sum of everything: https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { crc32 } from 'node:zlib';
import { EVENT_BYTES_MAX } from '../../dialects/stream-bounds.ts';

export interface Frame {
  /** The headers that are texts. Those of other types say nothing to us. */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

/** Bytes that are no frame, or a frame beyond the bounds. */
class BadFrame extends Error {}

const PRELUDE_BYTES = 12;
const CHECK_BYTES = 4;
const HEADERS_BYTES_MAX = 128 * 1024;

/** Cuts a stream into frames, however its bytes arrive. Keeps at most one unfinished frame. */
export class FrameReader {
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The number of bytes without which no frame can be read on. */
  #wanted = PRELUDE_BYTES;
  #broken: string | null = null;

  /** Returns the frames that became whole. Those before damaged bytes are among them; nothing after these is read. */
  push(chunk: Buffer): Frame[] {
    if (this.#broken !== null) return NO_FRAMES;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#wanted) return NO_FRAMES;
    const bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held, this.#heldBytes);
    const frames: Frame[] = [];
    try {
      this.#read(bytes, frames);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.#broken = error.message;
    }
    return frames;
  }

  /** Returns the reason why nothing more can be read; null: nothing is damaged. */
  get broken(): string | null {
    return this.#broken;
  }

  #read(bytes: Buffer, frames: Frame[]): void {
    let at = 0;
    this.#wanted = PRELUDE_BYTES;
    while (bytes.length - at >= PRELUDE_BYTES) {
      const total = frameBytes(bytes, at);
      if (bytes.length - at < total) {
        this.#wanted = total;
        break;
      }
      frames.push(frameIn(bytes.subarray(at, at + total)));
      at += total;
    }
    this.#heldBytes = bytes.length - at;
    this.#held = this.#heldBytes === 0 ? [] : [bytes.subarray(at)];
  }

  /** Reports whether a frame has begun and not ended. */
  get isInside(): boolean {
    return this.#heldBytes > 0;
  }
}

const NO_FRAMES: Frame[] = [];

/** Returns the length of the frame that begins at `at`. Throws BadFrame if the beginning cannot be true. */
function frameBytes(bytes: Buffer, at: number): number {
  const total = bytes.readUInt32BE(at);
  const headers = bytes.readUInt32BE(at + 4);
  if (crc32(bytes.subarray(at, at + 8)) !== bytes.readUInt32BE(at + 8)) throw new BadFrame('the beginning of a frame is damaged');
  if (total > EVENT_BYTES_MAX) throw new BadFrame(`a frame is larger than ${EVENT_BYTES_MAX} bytes`);
  if (headers > HEADERS_BYTES_MAX || PRELUDE_BYTES + headers + CHECK_BYTES > total)
    throw new BadFrame('the headers of a frame are longer than it');
  return total;
}

function frameIn(frame: Buffer): Frame {
  const end = frame.length - CHECK_BYTES;
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) throw new BadFrame('a frame is damaged');
  const headersEnd = PRELUDE_BYTES + frame.readUInt32BE(4);
  return { headers: headersIn(frame.subarray(PRELUDE_BYTES, headersEnd)), payload: frame.subarray(headersEnd, end) };
}

const STRING = 7;
/** The lengths of values by their type: true, false, byte, short, integer, long, bytes, string, timestamp, UUID. Null: it is stated. */
const VALUE_BYTES: readonly (number | null)[] = [0, 0, 1, 2, 4, 8, null, null, 8, 16];

function headersIn(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  const take = (count: number): number => {
    const from = at;
    at += count;
    if (at > bytes.length) throw new BadFrame('a header of a frame is cut off');
    return from;
  };
  while (at < bytes.length) {
    const nameBytes = bytes[take(1)] as number;
    const nameAt = take(nameBytes);
    const type = bytes[take(1)] as number;
    const fixed = VALUE_BYTES[type];
    if (fixed === undefined) throw new BadFrame('a header of a frame has an unknown type');
    const valueBytes = fixed ?? bytes.readUInt16BE(take(2));
    const valueAt = take(valueBytes);
    if (type === STRING)
      headers.set(bytes.toString('utf8', nameAt, nameAt + nameBytes), bytes.toString('utf8', valueAt, valueAt + valueBytes));
  }
  return headers;
}
