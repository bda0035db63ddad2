/**
 * Has the disk keep what was written: at most so often, in the background. Files go only behind a sync, because the end of a request that
 * began in one may stand in a later one.
 *
 * When a sync fails: the system may have dropped the bytes and will not say so again, so a later success proves nothing. The segment takes
 * no more, and what it was given since its last good sync is written again to another one, which is synced in its turn. Requests are served
 * meanwhile: a crash of the process alone loses nothing.
 */
import { fdatasync, fdatasyncSync } from 'node:fs';
import { reasonOf, type Segment } from './segments.ts';
import { UnsyncedBytes } from './unsynced-bytes.ts';

export interface SyncingOptions {
  readonly everyMs: number;
  /** Called for the first failure, and once what was lost is on the disk. */
  readonly onChange: (
    event: { readonly is: 'sync_failed'; readonly message: string } | { readonly is: 'sync_recovered' },
  ) => void;
  /** Writes the lost bytes of a segment to another one. `not_now`: it is called again. */
  readonly writeAgain: (segment: Segment, bytes: UnsyncedBytes) => 'written' | 'not_now';
  /** Everything that was written before this segment was let go is on the disk. */
  readonly letGo: (segment: Segment) => void;
}

const RETRY_MS_MAX = 5_000;
const CLOSING_TRIES = 3;

export class Syncing {
  /** Syncs that failed since the start. */
  failures = 0;
  isSyncing = false;
  readonly #options: SyncingOptions;
  readonly #unsynced = new Map<Segment, UnsyncedBytes>();
  /** Used again for the next segment: one is written at a time, mostly. */
  #spare: UnsyncedBytes | null = null;
  /** Segments that go once everything written until now is synced. */
  #leaving: Segment[] = [];
  #timer: NodeJS.Timeout | null = null;
  #failuresInARow = 0;
  #isClosed = false;

  constructor(options: SyncingOptions) {
    this.#options = options;
  }

  /** Segments that wait to go. */
  get leaving(): readonly Segment[] {
    return this.#leaving;
  }

  /** These bytes were appended to the segment, whose size they are in already. */
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

  /** Lets a segment go behind the next sync that finds nothing lost. */
  leave(segment: Segment): void {
    this.#leaving.push(segment);
    if (this.isSyncing) return;
    if (this.#unsynced.size === 0) this.#sync();
    else this.#schedule();
  }

  /** The segment's file was closed. */
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
      // At once, so that a crash finds it in a file again.
      this.#writeLostAgain();
    } else {
      if (this.#failuresInARow > 0) this.#options.onChange({ is: 'sync_recovered' });
      this.#failuresInARow = 0;
      // One that is being read stays for as long.
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

  /** Syncs what is left, with the event loop standing still, and lets go of what waits for it. Nothing may be written afterwards. */
  close(): void {
    this.#unschedule();
    for (let tries = 0; tries < CLOSING_TRIES && this.#unsynced.size > 0; tries += 1) {
      this.#writeLostAgain();
      for (const [segment, unsynced] of [...this.#unsynced]) {
        if (!unsynced.isLost) this.#syncNow(segment, unsynced);
      }
    }
    // What could not be synced keeps the files before it.
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

  /** From now on nothing is synced in the background. */
  stop(): void {
    this.#isClosed = true;
  }
}
