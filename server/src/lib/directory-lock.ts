/**
 * Allows one process per data directory: two on one embedded database or one journal lose data silently.
 *
 * An abstract unix socket (Linux) is released whenever its process ends, even by kill -9, but is visible only inside one network
 * namespace. So the process also touches a file every 10 s, for containers that share a volume. A holder whose file is 30 s old
 * counts as gone, and one of this machine at once if its door (`door.ts`) shows that it has ended.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Door, isAbandoned, type OpenDoor, openDoor, parseDoor } from './door.ts';
import {
  describeProcess,
  isGone,
  isHere,
  knowGone,
  type ProcessIdentity,
  parseIdentity,
  thisProcess,
} from './process-identity.ts';

/** Thrown when another process uses the directory. Its message is the one line that an operator needs. */
export class DirectoryInUse extends Error {
  /** True if the holder runs on this machine, so that we see it end. */
  readonly mayEnd: boolean;
  /** The time until the holder counts as gone unless it touches its file again. Undefined if it certainly runs. */
  readonly expiresInMs?: number;

  constructor(directory: string, holder: string, { mayEnd, expiresInMs }: Ending) {
    const ends = expiresInMs === undefined ? '' : ` If it ended, the directory is free in ${Math.ceil(expiresInMs / 1_000)} s.`;
    super(
      `The data directory ${directory} is in use by ${holder}. Stop that process first, or set HEADGATE_DATA_DIR to another directory.${ends}`,
    );
    this.name = 'DirectoryInUse';
    this.mayEnd = mayEnd;
    if (expiresInMs !== undefined) this.expiresInMs = expiresInMs;
  }
}

interface Ending {
  readonly mayEnd: boolean;
  readonly expiresInMs?: number;
}

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Creates the directory if it is missing (mode 700) and takes it, or throws DirectoryInUse. Passes errors of the file system
 * through. Calls `onLost` once if another process takes the directory over because this one was suspended for long: it must end
 * at once.
 */
export async function lockDirectory(path: string, onLost: (error: DirectoryInUse) => void): Promise<DirectoryLock> {
  const directory = resolve(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, LOCK_FILE);
  const socket = await listen(directory, file);
  let door: OpenDoor | null = null;
  try {
    await refuseIfHeld(directory, file);
    door = await openDoor(directory);
    writeHolder(file, door);
  } catch (error) {
    await closed(socket);
    throw error;
  }
  const timer = setInterval(() => {
    if (touch(file, door)) return;
    clearInterval(timer);
    onLost(new DirectoryInUse(directory, holderOf(file), { mayEnd: false }));
  }, TOUCH_EVERY_MS).unref();
  return {
    release: async () => {
      clearInterval(timer);
      rmSync(file, { force: true });
      await door?.close();
      await closed(socket);
    },
  };
}

const LOCK_FILE = 'in-use.json';
const TOUCH_EVERY_MS = 10_000;
const STALE_AFTER_MS = 30_000;

/**
 * Listens on a socket named by device and inode, so that the same directory under another path is the same. Other systems than
 * Linux rely on the file.
 */
async function listen(directory: string, file: string): Promise<Server | null> {
  if (process.platform !== 'linux') return null;
  const { dev, ino } = statSync(directory);
  const server = createServer((connection) => connection.destroy()).unref();
  return new Promise((done, failed) => {
    server.once('error', (error) => {
      const isTaken = 'code' in error && error.code === 'EADDRINUSE';
      failed(isTaken ? new DirectoryInUse(directory, holderOf(file), { mayEnd: true }) : error);
    });
    server.listen(`\0headgate-${dev}-${ino}`, () => done(server));
  });
}

async function refuseIfHeld(directory: string, file: string): Promise<void> {
  const modifiedMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (modifiedMs === undefined) return;
  const text = readFileSync(file, 'utf8');
  const holder = parseIdentity(text);
  if (holder === null || isGone(holder) || isUs(holder)) return;
  if (await hasLeft(directory, holder, text)) {
    knowGone(holder); // Its leases in the database end with it.
    return;
  }
  const expiresInMs = modifiedMs + STALE_AFTER_MS - fileSystemNowMs(file);
  if (expiresInMs <= 0) return;
  throw new DirectoryInUse(
    directory,
    describeProcess(holder),
    isHere(holder) ? { mayEnd: true } : { mayEnd: false, expiresInMs },
  );
}

/** Reports whether a process of another container has certainly ended. Only the kernel that ran it can tell. */
async function hasLeft(directory: string, { bootId }: ProcessIdentity, text: string): Promise<boolean> {
  const door = parseDoor((JSON.parse(text) as { door?: unknown }).door);
  return door !== null && bootId !== '' && bootId === thisProcess().bootId && (await isAbandoned(directory, door));
}

/** Returns the time of the clock that stamps the files: for a shared volume it may be another machine's. */
function fileSystemNowMs(file: string): number {
  const probe = `${file}.${process.pid}`;
  writeFileSync(probe, '', { mode: 0o600 });
  const { mtimeMs } = statSync(probe);
  rmSync(probe);
  return mtimeMs;
}

/** Writes by renaming, so that nobody reads half of the file. */
function writeHolder(file: string, door: Door | null): void {
  const draft = `${file}.${process.pid}`;
  const { device, inode } = door ?? {};
  const holder = { ...thisProcess(), ...(door === null ? {} : { door: { device, inode } }) };
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  renameSync(draft, file);
}

/** Returns false if the file says that another process holds the directory by now. */
function touch(file: string, door: Door | null): boolean {
  try {
    const holder = parseIdentity(readFileSync(file, 'utf8'));
    if (holder !== null && !isUs(holder)) return false;
    writeHolder(file, door);
  } catch {
    // Deleted by hand, or the disk is full: the socket still holds, and the next turn retries.
  }
  return true;
}

function isUs(holder: ProcessIdentity): boolean {
  return isDeepStrictEqual(holder, thisProcess());
}

function holderOf(file: string): string {
  const holder = identityIn(file);
  return holder === null ? 'another process' : describeProcess(holder);
}

/**
 * Reports whether a process of this machine has the directory. Also true for a process that ended without releasing it and is
 * still visible.
 */
export function isHeldHere(directory: string): boolean {
  const holder = identityIn(join(resolve(directory), LOCK_FILE));
  return holder !== null && isHere(holder) && !isGone(holder);
}

function identityIn(file: string): ProcessIdentity | null {
  try {
    return parseIdentity(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function closed(server: Server | null): Promise<void> {
  return new Promise((done) => (server === null ? done() : server.close(() => done())));
}
