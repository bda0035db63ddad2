/**
 * The journal's bytes on the disk: appended to the newest segment with one synchronous write, synced in the background, deleted when told.
 * A write that fails (disk full, mostly) leaves nothing behind; a file of zeros is kept in reserve, so that what is in flight still fits.
 */
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as setTimeoutAsync } from 'node:timers/promises';
import type { BadBytes } from './frames.ts';
import { createSegment, JournalUnusable, reasonOf, type Segment, writeFully } from './segments.ts';

/** What an operator must hear of. `write_failed` is told once, until `write_recovered`. */
export type JournalEvent =
  | { readonly is: 'write_failed'; readonly code: string; readonly message: string }
  | { readonly is: 'write_recovered' }
  | { readonly is: 'sync_failed'; readonly message: string }
  | ({ readonly is: 'bad_bytes'; readonly path: string; readonly bad: BadBytes['is'] } & Omit<BadBytes, 'is'>);

/** `not_written`: not in the file. Records that end a request are kept in memory and written when there is room, others are dropped. */
export type WriteOutcome = 'written' | 'not_written';

export interface SegmentLogOptions {
  readonly directory: string;
  readonly installationId: string;
  /** A segment is closed when it has reached this size. */
  readonly segmentBytes: number;
  /** Kept free for records of requests in flight when the disk is full. */
  readonly reserveBytes: number;
  readonly syncEveryMs: number;
  readonly onEvent: (event: JournalEvent) => void;
}

const CLOSE_POLL_MS = 5;

export class SegmentLog {
  readonly segments = new Map<number, Segment>();
  active: Segment;
  /** Bytes of all segments. */
  bytes = 0;
  faulty = false;
  readonly #options: SegmentLogOptions;
  /** A failed write may have left bytes behind the active segment's size. */
  #tailToCut = false;
  readonly #unsynced = new Set<Segment>();
  #syncTimer: NodeJS.Timeout | null = null;
  #syncing = false;
  #isClosed = false;
  /** Segments to delete once everything written until now is synced. */
  #doomed: Segment[] = [];

  /** `earlier` are the segments of earlier runs. Throws JournalUnusable when the directory takes no new file. */
  constructor(earlier: readonly Segment[], options: SegmentLogOptions) {
    this.#options = options;
    for (const segment of earlier) this.#keep(segment);
    try {
      this.#fillReserve();
      this.active = createSegment(options.directory, (earlier.at(-1)?.number ?? 0) + 1, options.installationId);
      this.#keep(this.active);
    } catch (error) {
      throw new JournalUnusable(`the journal directory ${options.directory} cannot be written: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  #keep(segment: Segment): void {
    this.segments.set(segment.number, segment);
    this.bytes += segment.size;
  }

  /** Appends to the active segment: all of it or nothing. */
  write(bytes: Buffer, length: number): WriteOutcome {
    const segment = this.active;
    try {
      if (this.#tailToCut) this.#cutTail();
      this.#tailToCut = true;
      writeFully(segment.fd, bytes, length, segment.size);
      this.#tailToCut = false;
    } catch (error) {
      this.#writeFailed(error);
      return 'not_written';
    }
    segment.size += length;
    this.bytes += length;
    this.#unsynced.add(segment);
    this.#syncTimer ??= setTimeout(this.#sync, this.#options.syncEveryMs).unref();
    return 'written';
  }

  #cutTail(): void {
    ftruncateSync(this.active.fd, this.active.size);
    this.#tailToCut = false;
  }

  #writeFailed(error: unknown): void {
    try {
      this.#cutTail();
    } catch {} // Tried again before the next write, and nothing is written until it succeeds.
    if (this.faulty) return;
    this.faulty = true;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    this.#options.onEvent({ is: 'write_failed', code, message: reasonOf(error) });
  }

  /** Begins a new segment when the active one is full. When none can be made the active one grows on. */
  rotate(): void {
    if (this.active.size < this.#options.segmentBytes) return;
    try {
      this.active = createSegment(this.#options.directory, this.active.number + 1, this.#options.installationId);
      this.#keep(this.active);
    } catch {}
  }

  /** Gives the reserve up for what is in flight. */
  spendReserve(): void {
    try {
      unlinkSync(this.#reservePath());
    } catch {}
  }

  /** Whether there is room again: enough to fill the reserve. */
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

  readonly #sync = (): void => {
    this.#syncTimer = null;
    if (this.#syncing || this.#isClosed) return;
    const segments = [...this.#unsynced];
    const doomed = this.#doomed;
    this.#unsynced.clear();
    this.#doomed = [];
    this.#syncing = true;
    let left = segments.length;
    for (const segment of segments) {
      segment.readers += 1;
      fdatasync(segment.fd, (error) => {
        segment.readers -= 1;
        if (error !== null) this.#options.onEvent({ is: 'sync_failed', message: reasonOf(error) });
        left -= 1;
        if (left === 0) this.#synced(doomed);
      });
    }
    if (segments.length === 0) this.#synced(doomed);
  };

  #synced(doomed: readonly Segment[]): void {
    this.#syncing = false;
    for (const segment of doomed) this.#delete(segment);
    if (!this.#isClosed && (this.#unsynced.size > 0 || this.#doomed.length > 0)) {
      this.#syncTimer ??= setTimeout(this.#sync, this.#options.syncEveryMs).unref();
    }
  }

  /**
   * Deletes a segment whose rows are in the database and which nothing open needs. Not before what was written until now is synced: the
   * end of a request that began in it may stand in a later one.
   */
  release(segment: Segment): void {
    this.segments.delete(segment.number);
    this.bytes -= segment.size;
    this.#doomed.push(segment);
    if (this.#syncing) return;
    if (this.#unsynced.size === 0) this.#sync();
    else this.#syncTimer ??= setTimeout(this.#sync, this.#options.syncEveryMs).unref();
  }

  #delete(segment: Segment): void {
    if (segment.readers > 0) {
      this.#doomed.push(segment);
      return;
    }
    try {
      closeSync(segment.fd);
      // What could not be read may still be of use to a person.
      if (segment.damaged) renameSync(segment.path, `${segment.path}.damaged`);
      else unlinkSync(segment.path);
    } catch {} // A file that stays is read again at the next start, and changes nothing then.
  }

  /** Syncs and lets go of all files. `empty`: nothing in them is needed any more, so they are deleted. Nothing may be written afterwards. */
  async close(state: 'empty' | 'needed'): Promise<void> {
    this.#isClosed = true;
    while (this.#isBusy()) await setTimeoutAsync(CLOSE_POLL_MS);
    if (this.#syncTimer !== null) clearTimeout(this.#syncTimer);
    try {
      for (const segment of this.#unsynced) fdatasyncSync(segment.fd);
    } catch (error) {
      this.#options.onEvent({ is: 'sync_failed', message: reasonOf(error) });
    }
    for (const segment of this.#doomed.splice(0)) this.#delete(segment);
    for (const segment of this.segments.values()) {
      if (state === 'empty') this.#delete(segment);
      else closeSync(segment.fd);
    }
    this.segments.clear();
  }

  #isBusy(): boolean {
    if (this.#syncing) return true;
    for (const segment of [...this.#doomed, ...this.segments.values()]) if (segment.readers > 0) return true;
    return false;
  }
}
