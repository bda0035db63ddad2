/**
 * Writes records again to the newest segment, for two reasons. A long stream must not keep an old segment: its open records are
 * carried forward and the segment is deleted, so the journal's size follows what waits, not the longest request. And records that
 * the disk lost from a segment are carried forward if they are still needed.
 */
import { isBefore, LINE_TAGS, type RowPosition } from '../domain/usage/settled-rows.ts';
import type { IdMap } from '../lib/id-map.ts';
import { claimedEnd, FRAME_HEADER_BYTES, FrameBuffer, walkFrames } from './frames.ts';
import type { SegmentLog, WriteOutcome } from './segment-log.ts';
import { readAt, readInto, type Segment } from './segments.ts';
import type { UnsyncedBytes } from './unsynced-bytes.ts';

/** Segments at least this far behind the newest are carried forward; nearer ones mostly empty by themselves. */
const SEGMENTS_BEHIND = 4;
const TAB = 9;

/** Writes the records of this turn so far, so that what ends in it is not opened again. */
type WriteTurn = () => WriteOutcome;

/** Called for each row that was written again, with its request id and its new offset in the newest segment. */
type OnRow = (requestId: string, offset: number) => void;

export class CarryForward {
  readonly #log: SegmentLog;
  readonly #open: IdMap<Segment>;
  #carrying = false;

  constructor(log: SegmentLog, open: IdMap<Segment>) {
    this.#log = log;
    this.#open = open;
  }

  /**
   * Writes to a new segment what the disk lost of this one: open records, and rows from `storedTo` on, which are not in the
   * database. Those rows are then in two segments, and are stored once. Returns `not_now` if there is no new segment, or if it
   * does not take them.
   */
  again(segment: Segment, lost: UnsyncedBytes, storedTo: RowPosition, writeTurn: WriteTurn, onRow: OnRow): 'written' | 'not_now' {
    // The records of this turn count as the active segment's, so they go there, lost or not.
    if (writeTurn() !== 'written') return 'not_now';
    if (this.#log.active === segment) this.#log.begin();
    if (this.#log.active === segment) return 'not_now';
    const bytes = lost.read() ?? readAt(segment.fd, lost.from, lost.to - lost.from);
    const open = new Map<string, Buffer>();
    const rows = new FrameBuffer();
    const told: { readonly id: string; readonly at: number }[] = [];
    const onFrame = (at: number, end: number) => {
      const tag = tagAt(bytes, at);
      const id = idAt(bytes, at);
      if (tag !== LINE_TAGS.end && tag !== LINE_TAGS.shape) {
        if (this.#open.get(id) === segment) open.set(id, bytes.subarray(at, end));
      } else if (!isBefore({ segment: segment.number, offset: lost.from + at }, storedTo)) {
        told.push({ id, at: rows.length });
        rows.appendFrames(bytes.subarray(at, end));
      }
    };
    // The reader of the file reports damaged bytes.
    walkFrames(bytes, onFrame, () => {});
    for (const frame of open.values()) rows.appendFrames(frame);
    const offset = this.#log.active.size;
    if (rows.length > 0 && this.#log.write(rows.bytes, rows.length) !== 'written') return 'not_now';
    this.#moved(segment, open.keys());
    for (const { id, at } of told) onRow(id, offset + at);
    return 'written';
  }

  /**
   * Carries forward the oldest segment that stays only for open records, if any. `storedBefore`: rows of earlier segments are in
   * the database.
   */
  consider(storedBefore: RowPosition['segment'], writeTurn: WriteTurn): void {
    if (this.#carrying || this.#log.faulty) return;
    for (const segment of this.#log.segments.values()) {
      if (segment.number >= storedBefore || this.#log.active.number - segment.number < SEGMENTS_BEHIND) return;
      this.#carrying = true;
      // A file that cannot be read stays, and is retried when more has been stored.
      this.#carry(segment, writeTurn)
        .catch(() => {})
        .then(() => {
          this.#carrying = false;
        });
      return;
    }
  }

  async #carry(segment: Segment, writeTurn: WriteTurn): Promise<void> {
    const bytes = await readInto(Buffer.allocUnsafe(segment.size), segment, 0);
    // No `await` from here on: a record that ended meanwhile would be opened again.
    if (writeTurn() !== 'written' || this.#log.faulty) return;
    const carried = this.#openFramesOf(segment, bytes);
    const frames = new FrameBuffer();
    for (const frame of carried.values()) frames.appendFrames(frame);
    if (frames.length > 0 && this.#log.write(frames.bytes, frames.length) !== 'written') return;
    this.#moved(segment, carried.keys());
    // The segment is deleted when more has been stored: until then its rows may have to be stored again.
  }

  /** Moves the count of these open records to the newest segment. */
  #moved(from: Segment, ids: Iterable<string>): void {
    for (const id of ids) {
      this.#open.set(id, this.#log.active);
      this.#log.active.open += 1;
      from.open -= 1;
    }
  }

  /** Returns the last record of every open request in this segment, by request id. */
  #openFramesOf(segment: Segment, bytes: Buffer): Map<string, Buffer> {
    const frames = new Map<string, Buffer>();
    for (let at = 0, end = claimedEnd(bytes, 0); end !== -1 && end <= bytes.length; at = end, end = claimedEnd(bytes, at)) {
      const id = idAt(bytes, at);
      if (this.#open.get(id) === segment) frames.set(id, bytes.subarray(at, end));
    }
    return frames;
  }
}

function tagAt(bytes: Buffer, at: number): string {
  return String.fromCharCode(bytes[at + FRAME_HEADER_BYTES] as number);
}

function idAt(bytes: Buffer, at: number): string {
  const idAt = at + FRAME_HEADER_BYTES + 2;
  return bytes.toString('latin1', idAt, bytes.indexOf(TAB, idAt));
}
