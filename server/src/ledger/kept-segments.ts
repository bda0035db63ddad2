/**
 * Segments whose rows are in the database, and which are kept for a while nevertheless: a database that fails over to a replica
 * may have lost the last rows that it acknowledged. A kept file has its own kind of name, which says that its rows are stored: a
 * start does not read it.
 */
import { closeSync, readdirSync, renameSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { RowPosition } from '../domain/usage/settled-rows.ts';
import { checkHeader, discard, JournalUnusable, openSegment, readAt, type Segment } from './segments.ts';

/** The limits of what is kept. */
export interface Keeping {
  /** The most bytes; beyond it the oldest files are deleted. 0 keeps nothing. */
  readonly bytesMax: number;
  /** The milliseconds for which a file is kept after the last of its rows was stored. */
  readonly ms: number;
  /**
   * The milliseconds for which a start still reads a file like any other. Listeners hear of stored rows slightly later, and if
   * the process is killed in between, the next start tells them.
   */
  readonly readableMs: number;
  readonly nowMs: () => number;
}

interface Kept {
  readonly segment: Segment;
  /** The time at which its rows were stored, by the wall clock. Also the file's time, so that it survives the process. */
  sinceMs: number;
  /**
   * True once everything written before it was stored is synced: the end of a request that began in it may be in a later file.
   */
  isSynced: boolean;
  /** True once the file has its kept name: a start does not read it. */
  isSealed: boolean;
  /** True if its rows must be stored again. */
  isDue: boolean;
  /** The number of its rows that have been stored again. */
  rowsAgain: number;
}

/** The most files. A small journal has small segments; without this limit there could be tens of thousands. */
const FILES_MAX = 256;
const TIDY_EVERY_MS = 2_000;
const HEADER_BYTES_MAX = 512;
/** A kept file's name: its number in the journal, and how many rows it holds. */
const KEPT_NAME = /^journal-(\d{12})-(\d+)\.stored$/;

export class KeptSegments {
  /** The size of all files kept. */
  bytes = 0;
  /** The highest number of any file here, including another installation's: no new segment may have it. */
  readonly lastNumber: number = 0;
  readonly #directory: string;
  readonly #keeping: Keeping;
  /** Kept segments, in the order in which their rows were stored. */
  readonly #kept = new Map<number, Kept>();
  readonly #timer: NodeJS.Timeout;

  /** Takes over the files that earlier runs kept. Ignores files of another installation. */
  constructor(directory: string, installationId: string, keeping: Keeping) {
    this.#directory = directory;
    this.#keeping = keeping;
    const found: Kept[] = [];
    for (const name of readdirSync(directory)) {
      const [, number, rows] = KEPT_NAME.exec(name) ?? [];
      if (number === undefined) continue;
      this.lastNumber = Math.max(this.lastNumber, Number(number));
      const kept = earlier(join(directory, name), Number(number), Number(rows), installationId);
      if (kept !== null) found.push(kept);
    }
    for (const kept of found.sort((a, b) => a.sinceMs - b.sinceMs)) this.#put(kept);
    this.trim();
    this.#timer = setInterval(() => this.#tidy(), TIDY_EVERY_MS).unref();
  }

  /**
   * Keeps a segment whose rows have just been stored. Returns `not_kept` if nothing is kept, or if the segment holds no rows or
   * is damaged. A damaged one is set aside instead.
   */
  add(segment: Segment): 'kept' | 'not_kept' {
    if (this.#keeping.bytesMax === 0 || segment.storedRows === 0 || segment.damaged) return 'not_kept';
    this.#put({ segment, sinceMs: this.#keeping.nowMs(), isSynced: false, isSealed: false, isDue: false, rowsAgain: 0 });
    return 'kept';
  }

  has(segment: Segment): boolean {
    return this.#kept.has(segment.number);
  }

  /** Allows a segment to get its kept name, or to be deleted: what was written before is synced. */
  synced(segment: Segment): void {
    const kept = this.#kept.get(segment.number);
    if (kept !== undefined) kept.isSynced = true;
    this.#tidy();
  }

  /** Returns a segment with rows to store again; undefined if this one has none. */
  due(number: number): Segment | undefined {
    const kept = this.#kept.get(number);
    return kept?.isDue === true ? kept.segment : undefined;
  }

  find(number: number): Segment | undefined {
    return this.#kept.get(number)?.segment;
  }

  /** Marks all segments to be stored again. Returns how many rows that adds to those already due. */
  makeDue(): number {
    let rows = 0;
    for (const kept of this.#kept.values()) {
      rows += kept.isDue ? kept.rowsAgain : kept.segment.storedRows;
      kept.isDue = true;
      kept.rowsAgain = 0;
    }
    return rows;
  }

  /** Returns the segments that are due. */
  dueSegments(): readonly Segment[] {
    return [...this.#kept.values()].flatMap(({ isDue, segment }) => (isDue ? segment : []));
  }

  /** Records that everything before this place is stored, the last `rows` rows just now. */
  stored(before: RowPosition, rows: number): void {
    const last = this.#kept.get(before.segment);
    if (last !== undefined) last.rowsAgain += rows;
    for (const kept of this.#kept.values()) {
      const { number, size } = kept.segment;
      if (!kept.isDue || number > before.segment || (number === before.segment && before.offset < size)) continue;
      kept.isDue = false;
      kept.sinceMs = this.#keeping.nowMs();
      if (kept.isSealed) setTime(kept);
      // Keeps the order in which rows were stored.
      this.#kept.delete(number);
      this.#kept.set(number, kept);
    }
  }

  /** Deletes files that are too old or too many, the oldest first. A file whose rows must be stored again stays. */
  trim(): void {
    const { bytesMax, ms, nowMs } = this.#keeping;
    for (const kept of this.#kept.values()) {
      const isOver = this.bytes > bytesMax || this.#kept.size > FILES_MAX || nowMs() - kept.sinceMs >= ms;
      if (!isOver || !isFree(kept)) return;
      this.#drop(kept);
    }
  }

  /**
   * Deletes all files that are not needed, because the disk is full and requests in flight must be recorded. Returns the bytes
   * freed.
   */
  spare(): number {
    const before = this.bytes;
    for (const kept of this.#kept.values()) if (isFree(kept)) this.#drop(kept);
    return before - this.bytes;
  }

  /** Closes all files. They stay for the next start, which reads those not yet synced. */
  close(): void {
    clearInterval(this.#timer);
    for (const kept of this.#kept.values()) {
      if (kept.isSynced) this.#seal(kept);
      closeSync(kept.segment.fd);
    }
    this.#kept.clear();
  }

  #tidy(): void {
    const sealedBeforeMs = this.#keeping.nowMs() - this.#keeping.readableMs;
    for (const kept of this.#kept.values()) if (kept.isSynced && kept.sinceMs <= sealedBeforeMs) this.#seal(kept);
    this.trim();
  }

  #seal(kept: Kept): void {
    if (kept.isSealed) return;
    kept.isSealed = true;
    const { segment } = kept;
    const path = join(this.#directory, `journal-${String(segment.number).padStart(12, '0')}-${segment.storedRows}.stored`);
    try {
      renameSync(segment.path, path);
      segment.path = path;
    } catch {} // If the next start reads it again, the database does not change.
    setTime(kept);
  }

  #put(kept: Kept): void {
    this.#kept.set(kept.segment.number, kept);
    this.bytes += kept.segment.size;
  }

  #drop({ segment }: Kept): void {
    this.#kept.delete(segment.number);
    this.bytes -= segment.size;
    try {
      discard(segment);
    } catch {} // If the file stays, the next start finds it again.
  }
}

function isFree({ segment, isSynced, isDue }: Kept): boolean {
  return isSynced && !isDue && segment.readers === 0;
}

/** Returns a file that an earlier run kept; null if it is not ours. */
function earlier(path: string, number: number, rows: number, installationId: string): Kept | null {
  try {
    const { size, mtimeMs } = statSync(path);
    const segment = openSegment(path, number, size);
    segment.storedRows = rows;
    if (isOurs(segment, installationId))
      return { segment, sinceMs: mtimeMs, isSynced: true, isSealed: true, isDue: false, rowsAgain: 0 };
    closeSync(segment.fd);
  } catch {} // A file that cannot be opened is ignored.
  return null;
}

function isOurs({ fd, path }: Segment, installationId: string): boolean {
  try {
    return checkHeader(readAt(fd, 0, HEADER_BYTES_MAX), path, installationId) === 'ours';
  } catch (error) {
    if (error instanceof JournalUnusable) return false;
    throw error;
  }
}

function setTime({ segment, sinceMs }: Kept): void {
  try {
    utimesSync(segment.path, sinceMs / 1_000, sinceMs / 1_000);
  } catch {} // If this fails, its age counts from its last write, which is earlier.
}
