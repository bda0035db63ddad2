/**
 * Reads the rows back from the journal's files, in the order in which they were written. A start and a long outage use the same
 * path.
 */
import { isBefore, LINE_TAGS, type RowBatch, type RowBounds, type RowPosition } from '../domain/usage/settled-rows.ts';
import { type BadBytes, claimedEnd, FRAME_HEADER_BYTES, frameEnd, nextFrame } from './frames.ts';
import type { SegmentLog } from './segment-log.ts';
import { readInto, type Segment } from './segments.ts';

const END_TAG = LINE_TAGS.end.charCodeAt(0);
const BEGIN_TAG = LINE_TAGS.begin.charCodeAt(0);
const SHAPE_TAG = LINE_TAGS.shape.charCodeAt(0);
const TAB = 9;
const ZERO = 48;

const PIECE_BYTES_MIN = 1024 * 1024;
const KEPT_BYTES_MAX = 16 * 1024 * 1024;

export class RowReader {
  readonly #log: SegmentLog;
  readonly #onBad: (segment: Segment, bad: BadBytes) => void;
  #at: RowPosition;
  /** Everything before this place was stored at least once. It differs from `#at` while rows are stored again. */
  #reached: RowPosition;
  /** Reused for every batch: the writer finishes with one before it asks for the next. */
  #memory = Buffer.allocUnsafe(0);
  /** The month of the last row: most rows are of the same month. */
  #month = { startMs: 0, endMs: 0 };

  constructor(log: SegmentLog, onBad: (segment: Segment, bad: BadBytes) => void) {
    this.#log = log;
    this.#onBad = onBad;
    const first = Math.min(...log.segments.keys());
    this.#at = { segment: first, offset: 0 };
    this.#reached = this.#at;
  }

  /** The place before which everything was stored, or is nothing to store. */
  get at(): RowPosition {
    return this.#at;
  }

  /** The place up to which rows were ever stored. */
  get reached(): RowPosition {
    return this.#reached;
  }

  moveTo(place: RowPosition): void {
    this.#at = place;
    if (isBefore(this.#reached, place)) this.#reached = place;
  }

  /** See RowSource.next. Takes nothing that is written after the call, so that a position read later is behind what was taken. */
  async next(asked: RowBounds): Promise<RowBatch | null> {
    const written = { segment: this.#log.active.number, offset: this.#log.active.size };
    const bounds = { ...asked, until: asked.until ?? written };
    for (;;) {
      if (this.#at.segment > bounds.until.segment) return null;
      const segment = this.#log.readable(this.#at.segment);
      if (segment === undefined) {
        if (!this.#moveToNextSegment(bounds.until)) return null;
        continue;
      }
      const limit = this.#limitIn(segment, bounds.until);
      if (this.#at.offset >= limit) {
        if (!this.#moveToNextSegment(bounds.until)) return null;
        continue;
      }
      const batch = await this.#take(segment, limit, bounds);
      if (batch.starts.length > 0) return batch;
      this.#at = batch.end;
    }
  }

  /** Limits a batch to rows that were stored before or to rows that were not, never both. */
  #limitIn(segment: Segment, until: RowPosition): number {
    const limit = until.segment === segment.number ? until.offset : segment.size;
    const { segment: reached, offset } = this.#reached;
    return reached === segment.number && this.#at.offset < offset ? Math.min(limit, offset) : limit;
  }

  #moveToNextSegment(until: RowPosition): boolean {
    if (this.#at.segment >= until.segment) return false;
    this.#at = { segment: this.#at.segment + 1, offset: 0 };
    return true;
  }

  /** Takes one piece of one segment: its rows, and the beginning of the next piece. */
  async #take(segment: Segment, limit: number, bounds: RowBounds): Promise<RowBatch> {
    const from = this.#at.offset;
    let piece = await this.#read(segment, from, Math.min(limit - from, bounds.bytesMax));
    const firstEnd = claimedEnd(piece, 0);
    // The line is larger than the piece: read only that line.
    if (firstEnd > piece.length && from + firstEnd <= limit) piece = await this.#read(segment, from, firstEnd);
    const starts: number[] = [];
    const months = new Set<number>();
    // The file is shorter than what was written to it: the disk lost the rest.
    let at = piece.length === 0 ? (await this.#skipBad(segment, from, limit)) - from : 0;
    let length = 0;
    while (at < piece.length && starts.length < bounds.rowsMax) {
      // A begin is not taken, so its length need only lead to the next frame; a start checks every byte.
      const end = piece[at + FRAME_HEADER_BYTES] === BEGIN_TAG ? wholeFrameEnd(piece, at) : frameEnd(piece, at);
      if (end === -1) {
        const claimed = claimedEnd(piece, at);
        if (at > 0 && (claimed > piece.length || at + FRAME_HEADER_BYTES > piece.length) && from + claimed <= limit) break;
        at = (await this.#skipBad(segment, from + at, limit)) - from;
        break;
      }
      const lineAt = at + FRAME_HEADER_BYTES;
      const tag = piece[lineAt];
      if (tag === END_TAG || tag === SHAPE_TAG) {
        if (tag === END_TAG) months.add(this.#monthOf(piece, lineAt));
        starts.push(length);
        // Moves the lines together in place: frame headers and begins are overwritten, and nothing is allocated.
        piece.copyWithin(length, lineAt, end);
        length += end - lineAt;
      }
      at = end;
    }
    const end = { segment: segment.number, offset: from + at };
    const isAgain =
      this.#log.kept.find(segment.number) !== undefined || isBefore({ segment: segment.number, offset: from }, this.#reached);
    return { bytes: piece.subarray(0, length), starts, monthsMs: [...months], end, isAgain };
  }

  #read(segment: Segment, from: number, length: number): Promise<Buffer> {
    // Memory that grew for one huge line is released.
    if (this.#memory.length < length || this.#memory.length > KEPT_BYTES_MAX) {
      this.#memory = Buffer.allocUnsafe(Math.max(length, PIECE_BYTES_MIN));
    }
    return readInto(this.#memory.subarray(0, length), segment, from);
  }

  /** Returns the place behind bytes that are no frame: the next whole frame, or the end of what is written. */
  async #skipBad(segment: Segment, from: number, limit: number): Promise<number> {
    const next = nextFrame(await readInto(Buffer.allocUnsafe(limit - from), segment, from), 1);
    const bytes = next === -1 ? limit - from : next;
    if (!segment.damaged) this.#onBad(segment, { is: 'damaged', offset: from, bytes });
    return from + bytes;
  }

  /**
   * Returns the first instant (UTC) of the month in which the row was admitted: its third field, read digit by digit. NaN if that
   * is no time.
   */
  #monthOf(bytes: Buffer, lineAt: number): number {
    let at = lineAt + 2;
    while (at < bytes.length && bytes[at] !== TAB) at += 1;
    let ms = 0;
    for (at += 1; at < bytes.length && bytes[at] !== TAB; at++) ms = ms * 10 + ((bytes[at] as number) - ZERO);
    // Negated, so that an invalid month is never reused for the rows after it.
    if (!(ms >= this.#month.startMs && ms < this.#month.endMs)) {
      const date = new Date(ms);
      const startMs = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
      this.#month = { startMs, endMs: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) };
    }
    return this.#month.startMs;
  }
}

function wholeFrameEnd(bytes: Buffer, at: number): number {
  const end = claimedEnd(bytes, at);
  return end > bytes.length ? -1 : end;
}
