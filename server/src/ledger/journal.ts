/**
 * The journal: the file that settlement reaches first, before PostgreSQL.
 *
 * Problem. A crash, an outage of PostgreSQL or a full disk must not lose what a request used, and no request may wait for a
 * database. A write for each request would cost more than everything else the gateway does.
 *
 * Approach.
 * - Two records a request. `begin` says what to charge if the process ends before the answer does, and is in the file before the
 *   upstream call. `end` carries the request's rows and is in the file before the client's last byte.
 * - All records of one turn of the event loop are one write. Callbacks run after it. `fdatasync` runs every 100 ms.
 * - The ledger writer sends the lines of `end` to PostgreSQL unchanged, about every 100 ms, in one statement
 *   (ledger-statement.ts). The statement inserts rows that are not there yet and adds only those to the sums, so that a batch may
 *   be sent again.
 * - A file is a segment of at most 16 MB. Stored segments are kept for 15 minutes for a PostgreSQL that failed over and lacks
 *   them (kept-segments.ts, catch-up.ts).
 * - A start reads every segment (replay.ts). A `begin` without an `end` becomes an end with status `estimated`.
 *
 * Invariants. A client that has its last byte is charged, whatever happens next. Each request is charged once, however often its
 * lines are read. A damaged record affects no other record.
 *
 * What breaks it. Doing anything between the write and its callbacks that can throw: each callback runs by itself. Reusing a
 * request id: the ledger is unique on it. Treating a failed write as done: its bytes are cut off, and records that end a request
 * wait in memory for the next write. Trusting a sync after a failed one: the records are written again to another segment
 * (syncing.ts).
 */
import { LINE_TAGS, type RowBatch, type RowBounds, type RowPosition, type RowSource } from '../domain/usage/settled-rows.ts';
import { IdMap } from '../lib/id-map.ts';
import { Callbacks } from './callbacks.ts';
import { CarryForward } from './carry-forward.ts';
import { claimedEnd, FRAME_HEADER_BYTES, FrameBuffer } from './frames.ts';
import { KnownShapes } from './known-shapes.ts';
import { LineWriter } from './lines.ts';
import type { JournalOptions, JournalStats, ReplayReport } from './options.ts';
import { readEnd } from './parse-lines.ts';
import type { RecentLines } from './recent.ts';
import type { BeginRecord, EndRecord } from './records.ts';
import { RowReader } from './row-reader.ts';
import type { SegmentLog, WriteOutcome } from './segment-log.ts';
import { lineIn, type Segment } from './segments.ts';
import { SettledTail } from './settled-tail.ts';

export type { JournalOptions, JournalStats, ReplayReport } from './options.ts';
export type { JournalEvent, WriteOutcome } from './segment-log.ts';
export { JournalUnusable } from './segments.ts';

export class Journal implements RowSource {
  readonly replayed: ReplayReport;
  readonly #log: SegmentLog;
  readonly #reader: RowReader;
  readonly #carry: CarryForward;
  readonly #recent: RecentLines;
  /** The requests that ended, for those who follow them. */
  readonly tail = new SettledTail();
  readonly #bytesMax: number;
  readonly #probeEveryMs: number;
  /** The records of this turn, and those that a full disk did not take before. */
  readonly #turn = new FrameBuffer();
  readonly #lines = new LineWriter(this.#turn);
  readonly #whenWritten: Callbacks<WriteOutcome>;
  readonly #afterWrite: Callbacks<void>;
  #scheduled = false;
  /**
   * True if something of this turn did not get into the file, or a begin of it was dropped. The turn may write more than once.
   */
  #failed = false;
  /** The segment that holds the record of each open request, by request id. */
  readonly #open = new IdMap<Segment>();
  /** The segments of records that ended in this turn; their counts go down once the end is in the file. */
  #closed: Segment[] = [];
  /** The segment of each record that a begin of this turn replaces. The record counts again if the begin is dropped. */
  readonly #replaced = new Map<string, Segment>();
  #rowsWaiting: number;
  #rowsTaken = 0;
  #probeTimer: NodeJS.Timeout | null = null;
  readonly #shapes = new KnownShapes();
  #isClosed = false;

  constructor(log: SegmentLog, recent: RecentLines, replayed: ReplayReport, options: JournalOptions) {
    this.#log = log;
    this.#recent = recent;
    this.replayed = replayed;
    this.#bytesMax = options.bytesMax;
    this.#probeEveryMs = options.probeEveryMs ?? 250;
    this.#whenWritten = new Callbacks(options.onDefect);
    this.#afterWrite = new Callbacks(options.onDefect);
    this.#rowsWaiting = replayed.rows;
    this.#reader = new RowReader(log, (segment, { is, ...bad }) => {
      segment.damaged = true;
      options.onEvent({ is: 'bad_bytes', bad: is, path: segment.path, ...bad });
    });
    this.#carry = new CarryForward(log, this.#open);
    log.writeAgain = (segment, lost) =>
      this.#carry.again(segment, lost, this.#reader.reached, this.#write, (requestId, offset) => {
        this.#rowsWaiting += 1;
        this.#recent.add(requestId, log.active.number, offset);
      });
  }

  /**
   * Returns false when the journal has reached its limit or the disk does not take it: then nothing that costs money may begin.
   */
  room(): boolean {
    return !this.#log.faulty && this.#log.bytes + this.#turn.length < this.#bytesMax;
  }

  /** Records that a request is about to be sent upstream. Wait for `whenWritten`; on `not_written` send nothing. */
  begin(record: BeginRecord): void {
    if (this.#log.faulty) {
      this.#failed = true;
      this.#schedule();
      return;
    }
    this.#lines.begin(record);
    this.#opened(record.requestId);
  }

  /**
   * Records a request's end, admitted or refused. Never lost: a record that the disk does not take stays in memory until it does.
   */
  end(record: EndRecord): void {
    const at = this.#lines.end(record);
    this.#rowsWaiting += 1;
    this.#ended(record.requestId, at);
    for (const id of record.repeatIds) this.#ended(id, at);
    this.tail.add(record);
    this.#schedule();
  }

  /**
   * Records the first of several refusals that will share a row: `end` it with their count and ids. A crash before that loses
   * none of them.
   */
  share(record: EndRecord): void {
    this.#lines.shared(record);
    this.#opened(record.requestId);
  }

  /** Records one more refusal that shares the row of `sharedId`. */
  repeat(requestId: string, sharedId: string): void {
    this.#lines.repeat(requestId, sharedId);
    this.#opened(requestId);
  }

  /** Records the rules behind a shape id. Cheap to repeat: known ones are not written again. */
  shape(organizationId: string, shapeId: string, rulesJson: string): void {
    if (this.#shapes.add(organizationId, shapeId, rulesJson) === 'known') return;
    this.#lines.shape(organizationId, shapeId, rulesJson);
    this.#rowsWaiting += 1;
    this.#schedule();
  }

  /**
   * Calls back after this turn's write, for this request. An `end` that was not written is kept, so its answer may still be sent.
   */
  whenWritten(callback: (outcome: WriteOutcome) => void, requestId: string): void {
    this.#whenWritten.add(callback, requestId);
    this.#schedule();
  }

  /**
   * Calls back once this turn's records were passed to the disk, even by a write in the middle of the turn. That is before any
   * `whenWritten`, and before `position` returns.
   */
  afterWrite(callback: () => void, requestId: string): void {
    this.#afterWrite.add(callback, requestId);
    this.#schedule();
  }

  /** Returns a request whose end is still in the journal; null if it never was, or is only in the database by now. */
  find(requestId: string): EndRecord | null {
    for (const { segment, offset } of this.#recent.candidates(requestId)) {
      const line = this.#lineAt(segment, offset);
      if (line?.[0] !== LINE_TAGS.end || !line.includes(requestId)) continue;
      const end = readEnd(line);
      if (end?.requestId === requestId || end?.repeatIds.includes(requestId)) return end;
    }
    return null;
  }

  /** Returns the rules behind a shape id as this process wrote them; null if it did not, or did so long ago. */
  findShape(organizationId: string, shapeId: string): string | null {
    return this.#shapes.find(organizationId, shapeId);
  }

  next(bounds: RowBounds): Promise<RowBatch | null> {
    const { active } = this.#log;
    const { size } = active;
    return this.#reader.next(bounds).then((batch) => {
      this.#rowsTaken = batch?.starts.length ?? 0;
      const isAllRead = bounds.until === null && this.#turn.length === 0 && active === this.#log.active && active.size === size;
      // Rows in bytes that turned out to be damaged are never taken, so nothing waits for them.
      if (batch === null && isAllRead) this.#rowsWaiting = 0;
      return batch;
    });
  }

  stored(end: RowPosition): void {
    this.#rowsWaiting = Math.max(0, this.#rowsWaiting - this.#rowsTaken);
    const taken = this.#log.segments.get(end.segment);
    if (taken !== undefined) taken.storedRows += this.#rowsTaken;
    this.#log.kept.stored(end, this.#rowsTaken);
    this.#rowsTaken = 0;
    this.#reader.moveTo(end);
    this.#recent.stored(end);
    for (const segment of this.#log.segments.values()) {
      if (segment.number > end.segment || segment === this.#log.active) break;
      if (segment.number === end.segment && end.offset < segment.size) break;
      if (segment.open === 0) this.#log.release(segment);
    }
    this.#carry.consider(end.segment, this.#write);
  }

  again(): RowPosition {
    const { rows, first, until } = this.#log.startOver(this.#reader.reached);
    this.#rowsWaiting += rows;
    this.#reader.moveTo(first);
    this.#recent.stored(first);
    return until;
  }

  position(): RowPosition {
    if (this.#turn.length > 0) this.#write();
    if (this.#turn.length > 0) throw new Error('the journal cannot be written');
    return { segment: this.#log.active.number, offset: this.#log.active.size };
  }

  backlog(): { readonly rows: number; readonly bytes: number } {
    const { segment: at, offset } = this.#reader.at;
    let bytes = this.#turn.length - offset;
    for (const segment of this.#log.segmentsFrom(at)) bytes += segment.size;
    return { rows: this.#rowsWaiting, bytes: Math.max(0, bytes) };
  }

  stats(): JournalStats {
    const { rows, bytes } = this.backlog();
    return {
      bytes: this.#log.bytes + this.#turn.length,
      bytesMax: this.#bytesMax,
      segments: this.#log.segments.size,
      open: this.#open.size,
      rowsWaiting: rows,
      bytesWaiting: bytes,
      health: this.#log.faulty ? 'faulty' : this.room() ? 'ok' : 'full',
      keptBytes: this.#log.kept.bytes,
      syncFailures: this.#log.syncFailures,
    };
  }

  /** Writes and syncs what waits. If everything is stored and no request is open, the files are kept as stored, or deleted. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#probeTimer !== null) clearTimeout(this.#probeTimer);
    this.#write();
    const isEmpty = this.#rowsWaiting === 0 && this.#open.size === 0 && this.#turn.length === 0;
    await this.#log.close(isEmpty ? 'empty' : 'needed');
  }

  #opened(requestId: string): void {
    const { active } = this.#log;
    const before = this.#open.get(requestId);
    if (before !== undefined) {
      this.#closed.push(before);
      this.#replaced.set(requestId, before);
    }
    this.#open.set(requestId, active);
    active.open += 1;
    this.#schedule();
  }

  #ended(requestId: string, at: number): void {
    const segment = this.#open.get(requestId);
    if (segment !== undefined) {
      this.#open.delete(requestId);
      this.#closed.push(segment);
    }
    this.#recent.add(requestId, this.#log.active.number, this.#log.active.size + at);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#endOfTurn);
  }

  readonly #endOfTurn = (): void => {
    this.#scheduled = false;
    const failed = this.#failed;
    this.#failed = false;
    const outcome = this.#write() === 'written' && !failed ? 'written' : 'not_written';
    this.#whenWritten.run(outcome);
  };

  /** Writes the records of this turn so far. If a turn writes more than once, its outcome is that of all its writes. */
  readonly #write = (): WriteOutcome => {
    const outcome = this.#writeTurn();
    if (outcome === 'not_written' && this.#scheduled) this.#failed = true;
    this.#afterWrite.run();
    return outcome;
  };

  #writeTurn(): WriteOutcome {
    if (this.#turn.length === 0) return 'written';
    if (this.#log.isClosed) return 'not_written';
    if (this.#log.write(this.#turn.bytes, this.#turn.length) === 'written') {
      this.#turnWritten();
      return 'written';
    }
    const dropped = this.#dropBegins();
    this.#log.spendReserve();
    this.#probeTimer ??= setTimeout(this.#probe, this.#probeEveryMs).unref();
    if (this.#turn.length > 0 && this.#log.write(this.#turn.bytes, this.#turn.length) === 'not_written') return 'not_written';
    this.#turnWritten();
    return dropped === 0 ? 'written' : 'not_written';
  }

  #turnWritten(): void {
    this.#turn.clear();
    for (const segment of this.#closed) segment.open -= 1;
    this.#closed.length = 0;
    if (this.#replaced.size > 0) this.#replaced.clear();
    this.#log.rotate();
  }

  /**
   * Keeps records that end requests in memory and drops those that begin one, so that nothing is spent without a record on the
   * disk. Returns how many it dropped.
   */
  #dropBegins(): number {
    let dropped = 0;
    const bytes = Buffer.from(this.#turn.bytes.subarray(0, this.#turn.length));
    this.#turn.clear();
    for (let at = 0, end = 0; at < bytes.length; at = end) {
      end = claimedEnd(bytes, at);
      const line = bytes.toString('utf8', at + FRAME_HEADER_BYTES, end);
      const id = line.slice(2, line.indexOf('\t', 2));
      if (line[0] === LINE_TAGS.begin) {
        this.#neverBegan(id);
        dropped += 1;
        continue;
      }
      const offset = this.#log.active.size + this.#turn.length;
      this.#turn.appendFrames(bytes.subarray(at, end));
      if (line[0] === LINE_TAGS.end) this.#recent.add(id, this.#log.active.number, offset);
    }
    return dropped;
  }

  /** Restores the earlier attempt's record, if there is one: a crash is charged by it again. */
  #neverBegan(requestId: string): void {
    if (this.#open.get(requestId) === undefined) return;
    this.#log.active.open -= 1;
    const before = this.#replaced.get(requestId);
    if (before === undefined) this.#open.delete(requestId);
    else {
      this.#open.set(requestId, before);
      this.#closed.splice(this.#closed.indexOf(before), 1);
    }
  }

  readonly #probe = (): void => {
    this.#probeTimer = null;
    const wrote = this.#turn.length === 0 || this.#log.write(this.#turn.bytes, this.#turn.length) === 'written';
    if (wrote) this.#turnWritten();
    if (wrote && this.#log.recover() === 'recovered') return;
    this.#probeTimer = setTimeout(this.#probe, this.#probeEveryMs).unref();
  };

  #lineAt(number: number, offset: number): string | null {
    const segment = this.#log.segments.get(number) ?? this.#log.kept.find(number);
    if (segment === undefined) return null;
    if (offset < segment.size) return lineIn(segment, offset);
    const at = offset - segment.size;
    if (segment !== this.#log.active || at >= this.#turn.length) return null;
    return this.#turn.bytes.toString('utf8', at + FRAME_HEADER_BYTES, claimedEnd(this.#turn.bytes, at));
  }
}
