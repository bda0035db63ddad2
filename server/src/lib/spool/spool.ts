/**
 * The disk on which large forms wait until their requests are answered: a folder of temporary files, bounded in bytes, each unlinked
 * as soon as it is open. So neither a crash nor a kill leaves one behind where the system allows that; elsewhere the next start
 * deletes what is left.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type BodyRoom, BufferedBytes } from '../buffered-bytes.ts';
import { fewAtOnce } from '../few-at-once.ts';
import { SpoolFile } from './spool-file.ts';

/** The space that is left to the journal, in bytes. */
const FREE_BYTES_MIN = 256 * 1024 * 1024;
/** The operations on the disk at a time. Node has four threads for files, and the journal needs one of them. */
const AT_ONCE = 2;
/** The least share of one holder, in bytes: the largest form. */
const SHARE_BYTES_MIN = 256 * 1024 * 1024;
/** The longest wait for room, in milliseconds. */
const ROOM_MS_MAX = 15_000;

export interface SpoolOptions {
  readonly directory: string;
  /** The most bytes that all forms together may take. One holder may take a quarter. */
  readonly bytesMax: number;
  /** Returns the free bytes of the disk; null if it does not tell. */
  readonly freeBytes?: () => Promise<number | null>;
  readonly roomMsMax?: number;
}

/** The reason that there is no room: other forms take it, or the disk is nearly full. */
export type NoRoom = 'spool_full' | 'disk_full';

/** A request for room that waits. */
interface Waiting {
  readonly room: BodyRoom;
  readonly bytes: number;
  readonly decide: (given: boolean) => void;
}

export class Spool {
  readonly #directory: string;
  readonly #taken: BufferedBytes;
  readonly #freeBytes: () => Promise<number | null>;
  readonly #roomMsMax: number;
  readonly #waiting = new Set<Waiting>();
  /** The bytes that are taken and not written yet. The disk does not count them. */
  #unwritten = 0;
  readonly #onDisk = fewAtOnce({
    atOnce: AT_ONCE,
    waitingMax: Number.POSITIVE_INFINITY,
    tooMany: () => new Error('no bound was set'),
  });

  constructor({ directory, bytesMax, freeBytes, roomMsMax = ROOM_MS_MAX }: SpoolOptions) {
    this.#directory = directory;
    this.#taken = new BufferedBytes({ bytesMax, shareMax: Math.max(Math.floor(bytesMax / 4), SHARE_BYTES_MIN) });
    this.#freeBytes = freeBytes ?? (() => freeBytesOf(directory));
    this.#roomMsMax = roomMsMax;
  }

  /** The bytes taken now, and the most that may be. */
  get bytes(): number {
    return this.#taken.bytes;
  }

  get bytesMax(): number {
    return this.#taken.bytesMax;
  }

  /** Makes the folder, and deletes what a process before left in it. Call it once, with the data directory locked. */
  async open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#directory)) await rm(join(this.#directory, name), { force: true, recursive: true });
  }

  /** Returns room of a form that counts for each of these holders. Free it with `free`. */
  roomFor(holders: readonly string[]): SpoolRoom {
    return new SpoolRoom(this.#taken.roomFor(holders), this);
  }

  /** Creates a file. Rejects with the disk's error. */
  async create(): Promise<SpoolFile> {
    const path = join(this.#directory, randomUUID());
    const handle = await this.#onDisk(async () => {
      const opened = await open(path, 'wx+', 0o600);
      // Some systems do not delete an open file: then the next start does.
      await unlink(path).catch(() => {});
      return opened;
    });
    return new SpoolFile(handle, this.#onDisk);
  }

  /** Takes room, after a bounded wait if there is none. Only for `SpoolRoom`. */
  async take(room: BodyRoom, bytes: number): Promise<NoRoom | null> {
    const free = await this.#freeBytes();
    if (free !== null && free - this.#unwritten - bytes < FREE_BYTES_MIN) return 'disk_full';
    if (!room.take(bytes) && !(await this.#wait(room, bytes))) return 'spool_full';
    this.#unwritten += bytes;
    return null;
  }

  /** Counts bytes that were taken as written, or as never to be. Only for `SpoolRoom`. */
  written(bytes: number): void {
    this.#unwritten -= bytes;
  }

  /** Gives room to those who wait for it, in their order. Only for `SpoolRoom`. */
  freed(): void {
    for (const waiting of this.#waiting) if (waiting.room.take(waiting.bytes)) waiting.decide(true);
  }

  #wait(room: BodyRoom, bytes: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        room,
        bytes,
        decide: (given) => {
          clearTimeout(timer);
          this.#waiting.delete(waiting);
          resolve(given);
        },
      };
      const timer = setTimeout(() => waiting.decide(false), this.#roomMsMax);
      this.#waiting.add(waiting);
    });
  }
}

/** The room of one form on the disk. */
export class SpoolRoom {
  readonly #room: BodyRoom;
  readonly #spool: Spool;
  #unwritten = 0;
  #isFree = false;

  constructor(room: BodyRoom, spool: Spool) {
    this.#room = room;
    this.#spool = spool;
  }

  /** Takes room for so many more bytes. Returns why there is none, after a bounded wait; null if they were taken. */
  async take(bytes: number): Promise<NoRoom | null> {
    const why = await this.#spool.take(this.#room, bytes);
    if (why === null) this.#unwritten += bytes;
    // Its form ended while it waited.
    if (this.#isFree) this.#giveBack();
    return why;
  }

  /** Counts bytes as written. */
  wrote(bytes: number): void {
    const counted = Math.min(bytes, this.#unwritten);
    this.#unwritten -= counted;
    this.#spool.written(counted);
  }

  /** Gives back all of it. A second call does nothing. */
  free(): void {
    this.#isFree = true;
    this.#giveBack();
  }

  #giveBack(): void {
    this.wrote(this.#unwritten);
    this.#room.free();
    this.#spool.freed();
  }
}

/** Some network disks do not tell. */
async function freeBytesOf(directory: string): Promise<number | null> {
  const found = await statfs(directory).catch(() => null);
  return found === null ? null : found.bsize * found.bavail;
}
