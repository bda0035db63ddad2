/**
 * The journal's bytes on the disk: appended to the newest segment with one synchronous write, synced in the background, deleted
 * on request. A failed write (usually a full disk) leaves nothing behind. A file of zeros is kept in reserve, so that what is in
 * flight still fits.
 */
import { closeSync, ftruncateSync, openSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import { isBefore, type RowPosition } from '../domain/usage/settled-rows.ts';
import type { BadBytes } from './frames.ts';
import type { KeptSegments } from './kept-segments.ts';
import { createSegment, discard, JournalUnusable, reasonOf, type Segment, writeFully } from './segments.ts';
import { Syncing, type SyncingOptions } from './syncing.ts';

/**
 * An event for the operator's log. `write_failed` is sent once, until `write_recovered`, and `sync_failed` once, until
 * `sync_recovered`.
 */
export type JournalEvent =
  | { readonly is: 'write_failed'; readonly code: string; readonly message: string }
  | { readonly is: 'write_recovered' }
  | { readonly is: 'sync_failed'; readonly message: string }
  | { readonly is: 'sync_recovered' }
  | ({ readonly is: 'bad_bytes'; readonly path: string; readonly bad: BadBytes['is'] } & Omit<BadBytes, 'is'>);

/**
 * `not_written`: not in the file. Records that end a request are kept in memory and written when there is room, others are
 * dropped.
 */
export type WriteOutcome = 'written' | 'not_written';

export interface SegmentLogOptions {
  readonly directory: string;
  readonly installationId: string;
  /** The size at which a segment is closed. */
  readonly segmentBytes: number;
  /** The bytes kept free for records of requests in flight when the disk is full. */
  readonly reserveBytes: number;
  readonly syncEveryMs: number;
  readonly onEvent: (event: JournalEvent) => void;
}

const CLOSE_POLL_MS = 5;

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);

export class SegmentLog {
  /** The segments with rows to store, or with records of open requests. */
  readonly segments = new Map<number, Segment>();
  /** The stored segments, kept in case the database loses the last rows. */
  readonly kept: KeptSegments;
  active: Segment;
  /** The size of `segments`. */
  bytes = 0;
  faulty = false;
  /** True once the files are closed. A later write would go to whatever file has their numbers by then. */
  isClosed = false;
  /** Writes again what the disk lost of a segment. Set by the journal, which knows which records are still needed. */
  writeAgain: SyncingOptions['writeAgain'] = () => 'not_now';
  readonly #options: SegmentLogOptions;
  /** True if a failed write may have left bytes beyond the active segment's size. */
  #tailToCut = false;
  readonly #sync: Syncing;

  /** Takes the segments of `earlier` runs and begins a new one. Throws JournalUnusable if the directory takes no new file. */
  constructor(earlier: readonly Segment[], kept: KeptSegments, options: SegmentLogOptions) {
    this.#options = options;
    this.kept = kept;
    this.#sync = new Syncing({
      everyMs: options.syncEveryMs,
      onChange: options.onEvent,
      writeAgain: (segment, bytes) => this.writeAgain(segment, bytes),
      letGo: (segment) => this.#delete(segment),
    });
    for (const segment of earlier) this.#keep(segment);
    const number = Math.max(earlier.at(-1)?.number ?? 0, kept.lastNumber) + 1;
    try {
      this.active = this.#unlessFull(() => {
        this.#fillReserve();
        return createSegment(options.directory, number, options.installationId);
      });
      this.#keep(this.active);
    } catch (error) {
      kept.close();
      throw new JournalUnusable(
        `The journal directory ${options.directory} cannot be written (${reasonOf(error)}). Check its permissions and the free disk space.`,
        {
          cause: error,
        },
      );
    }
  }

  /** The number of syncs that failed since the start. */
  get syncFailures(): number {
    return this.#sync.failures;
  }

  #keep(segment: Segment): void {
    this.segments.set(segment.number, segment);
    this.bytes += segment.size;
  }

  /** Returns a segment with rows to store, for the first time or again. */
  readable(number: number): Segment | undefined {
    return this.segments.get(number) ?? this.kept.due(number);
  }

  /** Returns the segments with rows to store, for the first time or again, from this one on. */
  segmentsFrom(number: number): readonly Segment[] {
    return [...this.segments.values(), ...this.kept.dueSegments()].filter((segment) => segment.number >= number);
  }

  /**
   * Marks all existing rows to be stored again: those before `reached` and those that are kept. Returns how many of them had been
   * stored, the place of the first, and the place after the last.
   */
  startOver(reached: RowPosition): { readonly rows: number; readonly first: RowPosition; readonly until: RowPosition } {
    let rows = this.kept.makeDue();
    for (const segment of this.segments.values()) {
      rows += segment.storedRows;
      segment.storedRows = 0;
    }
    const numbers = this.segmentsFrom(0).map((segment) => segment.number);
    const behindKept = { segment: Math.max(0, ...this.kept.dueSegments().map((segment) => segment.number)) + 1, offset: 0 };
    return {
      rows,
      first: { segment: Math.min(...numbers), offset: 0 },
      until: isBefore(reached, behindKept) ? behindKept : reached,
    };
  }

  /** Runs `work`. If the disk is full, deletes kept files and retries once. */
  #unlessFull<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!DISK_FULL.has((error as NodeJS.ErrnoException).code ?? '') || this.kept.spare() === 0) throw error;
      return work();
    }
  }

  /** Appends to the active segment: all of it or nothing. */
  write(bytes: Buffer, length: number): WriteOutcome {
    const segment = this.active;
    try {
      this.#unlessFull(() => {
        if (this.#tailToCut) this.#cutTail();
        this.#tailToCut = true;
        writeFully(segment.fd, bytes, length, segment.size);
        this.#tailToCut = false;
      });
    } catch (error) {
      this.#writeFailed(error);
      return 'not_written';
    }
    segment.size += length;
    this.bytes += length;
    this.#sync.wrote(segment, bytes, length);
    return 'written';
  }

  #cutTail(): void {
    ftruncateSync(this.active.fd, this.active.size);
    this.#tailToCut = false;
  }

  #writeFailed(error: unknown): void {
    try {
      this.#cutTail();
    } catch {} // Retried before the next write; nothing is written until it succeeds.
    if (this.faulty) return;
    this.faulty = true;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    this.#options.onEvent({ is: 'write_failed', code, message: reasonOf(error) });
  }

  /** Begins a new segment if the active one is full. If none can be created, the active one continues to grow. */
  rotate(): void {
    if (this.active.size >= this.#options.segmentBytes) this.begin();
  }

  /** Begins a new segment. If none can be created now, the active one stays. */
  begin(): void {
    try {
      this.active = createSegment(this.#options.directory, this.active.number + 1, this.#options.installationId);
      this.#keep(this.active);
    } catch {}
  }

  /** Deletes the reserve to make room for what is in flight. */
  spendReserve(): void {
    try {
      unlinkSync(this.#reservePath());
    } catch {}
  }

  /** Reports whether there is room again: enough to fill the reserve. */
  recover(): 'recovered' | 'still_full' {
    try {
      this.#fillReserve();
    } catch {
      return 'still_full';
    }
    this.faulty = false;
    this.#options.onEvent({ is: 'write_recovered' });
    return 'recovered';
  }

  #fillReserve(): void {
    const path = this.#reservePath();
    const { reserveBytes } = this.#options;
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) >= reserveBytes) return;
    const fd = openSync(path, 'w', 0o600);
    try {
      writeFully(fd, Buffer.alloc(reserveBytes), reserveBytes, 0);
    } catch (error) {
      ftruncateSync(fd, 0);
      throw error;
    } finally {
      closeSync(fd);
    }
  }

  #reservePath(): string {
    return join(this.#options.directory, 'reserve');
  }

  /**
   * Deletes or keeps a segment whose rows are in the database and which no open request needs. Waits until everything written
   * before is synced: the end of a request that began in it may be in a later one.
   */
  release(segment: Segment): void {
    this.segments.delete(segment.number);
    this.bytes -= segment.size;
    if (!this.faulty) this.kept.add(segment);
    this.#sync.leave(segment);
  }

  #delete(segment: Segment): void {
    this.#sync.forget(segment);
    if (this.kept.has(segment)) {
      this.kept.synced(segment);
      return;
    }
    try {
      discard(segment);
    } catch {} // A file that stays is read again at the next start, and changes nothing then.
  }

  /** Syncs and closes all files. `empty`: all rows are stored and no request is open. Nothing is written afterwards. */
  async close(state: 'empty' | 'needed'): Promise<void> {
    this.#sync.stop();
    while (this.#isBusy()) await setTimeoutAsync(CLOSE_POLL_MS);
    this.isClosed = true;
    this.#sync.close();
    for (const segment of this.segments.values()) {
      if (state === 'empty') {
        this.kept.add(segment);
        this.#delete(segment);
      } else closeSync(segment.fd);
    }
    this.segments.clear();
    this.kept.close();
  }

  #isBusy(): boolean {
    if (this.#sync.isSyncing) return true;
    for (const segment of [...this.#sync.leaving, ...this.segments.values()]) if (segment.readers > 0) return true;
    return false;
  }
}
