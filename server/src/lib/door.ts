/**
 * A socket in a directory on which its holder listens. It shows a process in another container of this machine whether the holder still
 * runs: the kernel refuses connections to a socket that nobody has open, in whatever namespace that was.
 */
import { type BigIntStats, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** The socket's file. A file system that is mounted twice shows two devices, and the kernel then connects nobody between them. */
export interface Door {
  readonly device: string;
  readonly inode: string;
}

export interface OpenDoor extends Door {
  /** Closes it and removes its file. */
  close(): Promise<void>;
}

const DOOR_FILE = 'in-use.sock';
const CONNECT_MS_MAX = 1_000;

/** Opens one in place of an earlier holder's. Null where the system or the file system has no such sockets. */
export async function openDoor(directory: string): Promise<OpenDoor | null> {
  const path = join(directory, DOOR_FILE);
  if (process.platform !== 'linux') return null;
  const server = createServer((connection) => connection.destroy()).unref();
  try {
    rmSync(path, { force: true });
    await new Promise<void>((done, failed) => {
      server.once('error', failed);
      server.listen(path, done);
    });
    return { ...doorIn(directory), close: () => closed(server) };
  } catch {
    await closed(server);
    return null;
  }
}

/**
 * Returns true if the process that opened this door on this boot of the machine has certainly ended. False in every doubt: another file is
 * there, or the same one on another mount, or it may not be opened.
 */
export async function isAbandoned(directory: string, { device, inode }: Door): Promise<boolean> {
  try {
    const found = doorIn(directory);
    if (found.device !== device || found.inode !== inode) return false;
  } catch {
    return false;
  }
  const socket = connect(join(directory, DOOR_FILE));
  socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy());
  return new Promise((resolve) => {
    socket.once('connect', () => socket.destroy());
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
    socket.once('close', () => resolve(false));
  });
}

/** Parses a door from what JSON says; returns null if it is none. */
export function parseDoor(value: unknown): Door | null {
  if (typeof value !== 'object' || value === null) return null;
  const { device, inode } = value as Record<string, unknown>;
  return typeof device === 'string' && typeof inode === 'string' ? { device, inode } : null;
}

function doorIn(directory: string): Door {
  const { dev, ino }: BigIntStats = statSync(join(directory, DOOR_FILE), { bigint: true });
  return { device: String(dev), inode: String(ino) };
}

function closed(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}
