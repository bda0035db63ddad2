/**
 * Makes the disk keep what was written, in the background, with a minimum interval. Files are deleted only after a sync, because
 * the end of a request that began in one may be in a later one.
 *
 * If a sync fails, the system may have dropped the bytes and does not say so again, so a later success proves nothing. The
 * segment takes no more records. The records that it got since its last good sync are written again to another segment, which is
 * then synced. Requests are served meanwhile: a crash of only the process loses nothing.
 */
import { fdatasync, fdatasyncSync } from 'node:fs';
import { reasonOf, type Segment } from './segments.ts';
import { UnsyncedBytes } from './unsynced-bytes.ts';

export interface SyncingOptions {
  readonly everyMs: number;
  /** Called for the first failure, and once when the lost bytes are on the disk. */
  readonly onChange: (
    event: { readonly is: 'sync_failed'; readonly message: string } | { readonly is: 'sync_recovered' },
  ) => void;
  /** Writes the lost bytes of a segment to another one. Called again after `not_now`. */
  readonly writeAgain: (segment: Segment, bytes: UnsyncedBytes) => 'written' | 'not_now';
  /** Called when everything that was written before this segment was released is on the disk. */
  readonly letGo: (segment: Segment) => void;
}

const RETRY_MS_MAX = 5_000;
const CLOSING_TRIES = 3;

export class Syncing {
  /** The number of syncs that failed since the start. */
  failures = 0;
  isSyncing = false;
  readonly #options: SyncingOptions;
  readonly #unsynced = new Map<Segment, UnsyncedBytes>();
  /** Reused for the next segment: mostly only one is written at a time. */
  #spare: UnsyncedBytes | null = null;
  /** The segments to release once everything written until now is synced. */
  #leaving: Segment[] = [];
  #timer: NodeJS.Timeout | null = null;
  #failuresInARow = 0;
  #isClosed = false;

  constructor(options: SyncingOptions) {
    this.#options = options;
  }

  /** The segments that wait for their release. */
  get leaving(): readonly Segment[] {
    return this.#leaving;
  }

  /** Records that these bytes were appended to the segment; its size includes them already. */
  wrote(segment: Segment, bytes: Buffer, length: number): void {
    let unsynced = this.#unsynced.get(segment);
    if (unsynced === undefined) {
      unsynced = this.#spare ?? new UnsyncedBytes();
      this.#spare = null;
      unsynced.startAt(segment.size - length);
      this.#unsynced.set(segment, unsynced);
    }
    unsynced.add(bytes, length);
    this.#schedule();
  }

  /** Releases a segment after the next sync that loses nothing. */
  leave(segment: Segment): void {
    this.#leaving.push(segment);
    if (this.isSyncing) return;
    if (this.#unsynced.size === 0) this.#sync();
    else this.#schedule();
  }

  /** Forgets a segment whose file was closed. */
  forget(segment: Segment): void {
    this.#unsynced.delete(segment);
  }

  #schedule(): void {
    const { everyMs } = this.#options;
    const ms = this.#failuresInARow === 0 ? everyMs : Math.min(RETRY_MS_MAX, everyMs * 2 ** Math.min(this.#failuresInARow, 16));
    this.#timer ??= setTimeout(this.#sync, ms).unref();
  }

  #unschedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  readonly #sync = (): void => {
    this.#unschedule();
    if (this.isSyncing || this.#isClosed) return;
    this.isSyncing = true;
    this.#writeLostAgain();
    const leaving = this.#leaving;
    this.#leaving = [];
    const due = [...this.#unsynced].filter(([, unsynced]) => !unsynced.isLost);
    let left = due.length;
    if (left === 0) this.#synced(leaving);
    for (const [segment, unsynced] of due) {
      const { to } = unsynced;
      segment.readers += 1;
      fdatasync(segment.fd, (error) => {
        segment.readers -= 1;
        if (error === null) this.#isOnDisk(segment, unsynced, to);
        else this.#failed(unsynced, error);
        left -= 1;
        if (left === 0) this.#synced(leaving);
      });
    }
  };

  #isOnDisk(segment: Segment, unsynced: UnsyncedBytes, to: number): void {
    unsynced.synced(to);
    if (unsynced.from < unsynced.to) return;
    this.#unsynced.delete(segment);
    this.#spare ??= unsynced;
  }

  #failed(unsynced: UnsyncedBytes, error: unknown): void {
    unsynced.isLost = true;
    this.failures += 1;
    if (this.#failuresInARow === 0) this.#options.onChange({ is: 'sync_failed', message: reasonOf(error) });
    this.#failuresInARow += 1;
  }

  #synced(leaving: readonly Segment[]): void {
    this.isSyncing = false;
    if (this.#hasLost()) {
      this.#leaving = [...leaving, ...this.#leaving];
      this.#unschedule();
      // At once, so that the bytes are in a file again if the process crashes.
      this.#writeLostAgain();
    } else {
      if (this.#failuresInARow > 0) this.#options.onChange({ is: 'sync_recovered' });
      this.#failuresInARow = 0;
      // A segment that is being read stays until the next sync.
      this.#leaving.push(...leaving.filter(({ readers }) => readers > 0));
      for (const segment of leaving) if (segment.readers === 0) this.#options.letGo(segment);
    }
    if (!this.#isClosed && (this.#unsynced.size > 0 || this.#leaving.length > 0)) this.#schedule();
  }

  #hasLost(): boolean {
    for (const { isLost } of this.#unsynced.values()) if (isLost) return true;
    return false;
  }

  #writeLostAgain(): void {
    for (const [segment, unsynced] of this.#unsynced) {
      if (unsynced.isLost && this.#options.writeAgain(segment, unsynced) === 'written') this.#unsynced.delete(segment);
    }
  }

  /** Syncs synchronously what is left, and releases the segments that wait for it. Nothing may be written afterwards. */
  close(): void {
    this.#unschedule();
    for (let tries = 0; tries < CLOSING_TRIES && this.#unsynced.size > 0; tries += 1) {
      this.#writeLostAgain();
      for (const [segment, unsynced] of [...this.#unsynced]) {
        if (!unsynced.isLost) this.#syncNow(segment, unsynced);
      }
    }
    // If something could not be synced, the files before it stay.
    if (this.#unsynced.size === 0) for (const segment of this.#leaving.splice(0)) this.#options.letGo(segment);
  }

  #syncNow(segment: Segment, unsynced: UnsyncedBytes): void {
    try {
      fdatasyncSync(segment.fd);
      this.#isOnDisk(segment, unsynced, unsynced.to);
    } catch (error) {
      this.#failed(unsynced, error);
    }
  }

  /** Ends the syncs in the background. */
  stop(): void {
    this.#isClosed = true;
  }
}
