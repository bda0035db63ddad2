/**
 * Records that are written again to the newest segment. A long stream must not keep an old one: the records of what is still open in it are
 * carried forward, and it goes, so that the journal's size follows what waits, not the longest request. And what the disk lost of a segment
 * is carried forward as far as it is needed.
 */
import { isBefore, LINE_TAGS, type RowPosition } from '../domain/usage/settled-rows.ts';
import type { IdMap } from '../lib/id-map.ts';
import { claimedEnd, FRAME_HEADER_BYTES, FrameBuffer, walkFrames } from './frames.ts';
import type { SegmentLog, WriteOutcome } from './segment-log.ts';
import { readAt, readInto, type Segment } from './segments.ts';
import type { UnsyncedBytes } from './unsynced-bytes.ts';

/** Segments this far behind the newest are carried forward; nearer ones mostly empty by themselves. */
const SEGMENTS_BEHIND = 4;
const TAB = 9;

/** Writes what this turn has so far, so that what ends in it is not opened again. */
type WriteTurn = () => WriteOutcome;

/** A row that was written again: whose it is, and where it stands now in the newest segment. */
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
   * Writes to a new segment what the disk lost of this one: records of what is open, and rows from `storedTo` on, which are not in the
   * database. Those rows are then in two segments, and are stored once. `not_now`: there is no new segment, or it does not take them.
   */
  again(segment: Segment, lost: UnsyncedBytes, storedTo: RowPosition, writeTurn: WriteTurn, onRow: OnRow): 'written' | 'not_now' {
    // What this turn has so far is counted as the active segment's, so it goes there, lost or not.
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
    // Whoever reads the file tells of what is damaged in it.
    walkFrames(bytes, onFrame, () => {});
    for (const frame of open.values()) rows.appendFrames(frame);
    const offset = this.#log.active.size;
    if (rows.length > 0 && this.#log.write(rows.bytes, rows.length) !== 'written') return 'not_now';
    this.#moved(segment, open.keys());
    for (const { id, at } of told) onRow(id, offset + at);
    return 'written';
  }

  /** Carries the oldest segment that stays for open records alone, if any. `storedBefore`: rows of earlier segments are in the database. */
  consider(storedBefore: RowPosition['segment'], writeTurn: WriteTurn): void {
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

  async #carry(segment: Segment, writeTurn: WriteTurn): Promise<void> {
    const bytes = await readInto(Buffer.allocUnsafe(segment.size), segment, 0);
    // From here on without a pause: what ends meanwhile would be opened again.
    if (writeTurn() !== 'written' || this.#log.faulty) return;
    const carried = this.#openFramesOf(segment, bytes);
    const frames = new FrameBuffer();
    for (const frame of carried.values()) frames.appendFrames(frame);
    if (frames.length > 0 && this.#log.write(frames.bytes, frames.length) !== 'written') return;
    this.#moved(segment, carried.keys());
    // The segment goes when more has been stored: meanwhile its rows may have to be stored again.
  }

  /** The records of these are in the newest segment now. */
  #moved(from: Segment, ids: Iterable<string>): void {
    for (const id of ids) {
      this.#open.set(id, this.#log.active);
      this.#log.active.open += 1;
      from.open -= 1;
    }
  }

  /** The last record of everything that is open in this segment, by request id. */
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
