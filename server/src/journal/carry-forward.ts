/**
 * A long stream must not keep an old segment: the records of what is still open in it are written again to the newest, and it goes. So the
 * journal's size follows what waits, not the longest request.
 */
import type { RowPosition } from '../domain/settled-rows.ts';
import type { IdMap } from '../lib/id-map.ts';
import { claimedEnd, FRAME_HEADER_BYTES, FrameBuffer } from './frames.ts';
import type { SegmentLog, WriteOutcome } from './segment-log.ts';
import { readInto, type Segment } from './segments.ts';

/** Segments this far behind the newest are carried forward; nearer ones mostly empty by themselves. */
const SEGMENTS_BEHIND = 4;
const TAB = 9;

export class CarryForward {
  readonly #log: SegmentLog;
  readonly #open: IdMap<Segment>;
  #carrying = false;

  constructor(log: SegmentLog, open: IdMap<Segment>) {
    this.#log = log;
    this.#open = open;
  }

  /** Carries the oldest segment that stays for open records alone, if any. `storedBefore`: rows of earlier segments are in the database. */
  consider(storedBefore: RowPosition['segment'], writeTurn: () => WriteOutcome): void {
    if (this.#carrying || this.#log.faulty) return;
    for (const segment of this.#log.segments.values()) {
      if (segment.number >= storedBefore || this.#log.active.number - segment.number < SEGMENTS_BEHIND) return;
      this.#carrying = true;
      // A file that cannot be read stays, and is tried again when more has been stored.
      this.#carry(segment, writeTurn)
        .catch(() => {})
        .then(() => {
          this.#carrying = false;
        });
      return;
    }
  }

  async #carry(segment: Segment, writeTurn: () => WriteOutcome): Promise<void> {
    const bytes = await readInto(Buffer.allocUnsafe(segment.size), segment, 0);
    // From here on without a pause: what ends meanwhile would be opened again.
    if (writeTurn() !== 'written' || this.#log.faulty) return;
    const carried = this.#openFramesOf(segment, bytes);
    const frames = new FrameBuffer();
    for (const frame of carried.values()) frames.appendFrames(frame);
    if (frames.length > 0 && this.#log.write(frames.bytes, frames.length) !== 'written') return;
    for (const id of carried.keys()) {
      this.#open.set(id, this.#log.active);
      this.#log.active.open += 1;
      segment.open -= 1;
    }
    // The segment goes when more has been stored: meanwhile its rows may have to be stored again.
  }

  /** The last record of everything that is open in this segment, by request id. */
  #openFramesOf(segment: Segment, bytes: Buffer): Map<string, Buffer> {
    const frames = new Map<string, Buffer>();
    for (let at = 0, end = claimedEnd(bytes, 0); end !== -1 && end <= bytes.length; at = end, end = claimedEnd(bytes, at)) {
      const idAt = at + FRAME_HEADER_BYTES + 2;
      const id = bytes.toString('latin1', idAt, bytes.indexOf(TAB, idAt));
      if (this.#open.get(id) === segment) frames.set(id, bytes.subarray(at, end));
    }
    return frames;
  }
}
