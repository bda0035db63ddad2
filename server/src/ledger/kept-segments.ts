/**
 * Segments whose rows are in the database, kept for a while all the same: a database that fails over to a replica may have lost the last
 * rows that it acknowledged. A kept file has a name of its own, which says that its rows are stored: a start does not read it.
 */
import { closeSync, readdirSync, renameSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { RowPosition } from '../domain/usage/settled-rows.ts';
import { checkHeader, discard, JournalUnusable, openSegment, readAt, type Segment } from './segments.ts';

/** How long and how much is kept. */
export interface Keeping {
  /** Beyond it the oldest go; 0 keeps nothing. */
  readonly bytesMax: number;
  /** Since the last of its rows was stored. */
  readonly ms: number;
  /**
   * How long a start still reads it like any other. Whoever hears of stored rows may be told a moment later, and a process that is killed in
   * between tells it at its next start.
   */
  readonly readableMs: number;
  readonly nowMs: () => number;
}

interface Kept {
  readonly segment: Segment;
  /** When its rows were stored, by the wall clock: it outlives the process as the file's time. */
  sinceMs: number;
  /** Everything that was written until it was stored is synced: an end of a request that began in it may stand in a later file. */
  isSynced: boolean;
  /** The file has its kept name: a start does not read it. */
  isSealed: boolean;
  /** Its rows have to be stored again. */
  isDue: boolean;
  /** So many of them have been by now. */
  rowsAgain: number;
}

/** Small segments come with a small journal; without this bound there could be tens of thousands. */
const FILES_MAX = 256;
const TIDY_EVERY_MS = 2_000;
const HEADER_BYTES_MAX = 512;
/** The number in the journal, and how many rows it holds. */
const KEPT_NAME = /^journal-(\d{12})-(\d+)\.stored$/;

export class KeptSegments {
  /** Of all files kept. */
  bytes = 0;
  /** The highest number of any file here, another installation's included: no new segment may have it. */
  readonly lastNumber: number = 0;
  readonly #directory: string;
  readonly #keeping: Keeping;
  /** In the order in which their rows were stored. */
  readonly #kept = new Map<number, Kept>();
  readonly #timer: NodeJS.Timeout;

  /** Takes over what earlier runs kept. Files of another installation are left alone. */
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

  /** Keeps a segment whose rows were stored just now. `not_kept`: it holds none, or nothing is kept. Damaged ones are set aside instead. */
  add(segment: Segment): 'kept' | 'not_kept' {
    if (this.#keeping.bytesMax === 0 || segment.storedRows === 0 || segment.damaged) return 'not_kept';
    this.#put({ segment, sinceMs: this.#keeping.nowMs(), isSynced: false, isSealed: false, isDue: false, rowsAgain: 0 });
    return 'kept';
  }

  has(segment: Segment): boolean {
    return this.#kept.has(segment.number);
  }

  /** From now on it may get its kept name, or go. */
  synced(segment: Segment): void {
    const kept = this.#kept.get(segment.number);
    if (kept !== undefined) kept.isSynced = true;
    this.#tidy();
  }

  /** A segment with rows to store again; undefined when it is none. */
  due(number: number): Segment | undefined {
    const kept = this.#kept.get(number);
    return kept?.isDue === true ? kept.segment : undefined;
  }

  find(number: number): Segment | undefined {
    return this.#kept.get(number)?.segment;
  }

  /** From now on all of them have rows to store again. Returns how many rows that are beyond those that had already. */
  makeDue(): number {
    let rows = 0;
    for (const kept of this.#kept.values()) {
      rows += kept.isDue ? kept.rowsAgain : kept.segment.storedRows;
      kept.isDue = true;
      kept.rowsAgain = 0;
    }
    return rows;
  }

  /** Of those that are due. */
  dueSegments(): readonly Segment[] {
    return [...this.#kept.values()].flatMap(({ isDue, segment }) => (isDue ? segment : []));
  }

  /** Everything before this place is stored, again where it was before; the last so many rows just now. */
  stored(before: RowPosition, rows: number): void {
    const last = this.#kept.get(before.segment);
    if (last !== undefined) last.rowsAgain += rows;
    for (const kept of this.#kept.values()) {
      const { number, size } = kept.segment;
      if (!kept.isDue || number > before.segment || (number === before.segment && before.offset < size)) continue;
      kept.isDue = false;
      kept.sinceMs = this.#keeping.nowMs();
      if (kept.isSealed) setTime(kept);
      // The order is that of storing.
      this.#kept.delete(number);
      this.#kept.set(number, kept);
    }
  }

  /** Lets go of what is too old or too much, the oldest first. What has to be stored again is needed and stays. */
  trim(): void {
    const { bytesMax, ms, nowMs } = this.#keeping;
    for (const kept of this.#kept.values()) {
      const isOver = this.bytes > bytesMax || this.#kept.size > FILES_MAX || nowMs() - kept.sinceMs >= ms;
      if (!isOver || !isFree(kept)) return;
      this.#drop(kept);
    }
  }

  /** Deletes what can be spared, for the disk is full and what is in flight is owed for certain. Returns how many bytes that were. */
  spare(): number {
    const before = this.bytes;
    for (const kept of this.#kept.values()) if (isFree(kept)) this.#drop(kept);
    return before - this.bytes;
  }

  /** Lets go of all files; they stay for the next start, which reads those that wait for a sync. */
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
    } catch {} // Read again at the next start, it changes nothing in the database.
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
    } catch {} // A file that stays is found again at the next start.
  }
}

function isFree({ segment, isSynced, isDue }: Kept): boolean {
  return isSynced && !isDue && segment.readers === 0;
}

/** A file that an earlier run kept; null when it is not ours. */
function earlier(path: string, number: number, rows: number, installationId: string): Kept | null {
  try {
    const { size, mtimeMs } = statSync(path);
    const segment = openSegment(path, number, size);
    segment.storedRows = rows;
    if (isOurs(segment, installationId))
      return { segment, sinceMs: mtimeMs, isSynced: true, isSealed: true, isDue: false, rowsAgain: 0 };
    closeSync(segment.fd);
  } catch {} // What cannot be opened is no help, and no obstacle.
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
  } catch {} // Then it counts from its last write, which is earlier.
}
