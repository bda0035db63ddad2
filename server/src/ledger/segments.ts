/** The journal's files. Each begins with a line that names its installation. Nothing is appended to a file of an earlier run. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  read,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { claimedEnd, FRAME_HEADER_BYTES, FrameBuffer, frameEnd } from './frames.ts';

const readAsync = promisify(read);

const FORMAT_VERSION = 1;
const FILE_NAME = /^journal-(\d{12})\.log$/;
const HEADER_TAG = 'H';
/** The bytes read first for one line; most lines are shorter. */
const LOOKUP_BYTES = 4_096;

/** One file of the journal. */
export interface Segment {
  readonly number: number;
  path: string;
  readonly fd: number;
  /** The bytes of whole frames. The rest of a failed write may follow them. */
  size: number;
  /** The number of records in it that wait for their end; the file stays while there are any. */
  open: number;
  /** The number of its rows that this process has seen stored; for a file that an earlier run kept, all its rows. */
  storedRows: number;
  /** The number of readers under way; the file descriptor stays open for them. */
  readers: number;
  /** True if bytes in it were unreadable: it is set aside, never deleted. */
  damaged: boolean;
}

/** Thrown when the journal cannot be used as it is; the message says which file or directory, and why. */
export class JournalUnusable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalUnusable';
  }
}

/** Returns the numbers of the segments in the directory, rising. Creates the directory (mode 700) if it does not exist. */
export function listSegments(directory: string): readonly number[] {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(directory).map((name) => Number(FILE_NAME.exec(name)?.[1] ?? Number.NaN));
    return numbers.filter((number) => !Number.isNaN(number)).sort((a, b) => a - b);
  } catch (error) {
    throw new JournalUnusable(`The journal directory ${directory} cannot be used (${reasonOf(error)}). Check its permissions.`, {
      cause: error,
    });
  }
}

/** Creates an empty segment and writes its header. Throws the file system's error. */
export function createSegment(directory: string, number: number, installationId: string): Segment {
  const path = pathOf(directory, number);
  const fd = openSync(path, 'wx+', 0o600);
  const header = new FrameBuffer();
  header.open();
  header.text(`${HEADER_TAG}\t${FORMAT_VERSION}\t${installationId}\t${number}\n`);
  header.close();
  try {
    writeFully(fd, header.bytes, header.length, 0);
    syncDirectory(directory);
  } catch (error) {
    closeSync(fd);
    unlinkSync(path);
    throw error;
  }
  return { number, path, fd, size: header.length, open: 0, storedRows: 0, readers: 0, damaged: false };
}

/** Opens a segment of an earlier run for reading. `size` is the file's. */
export function openSegment(path: string, number: number, size: number): Segment {
  return { number, path, fd: openSync(path, 'r'), size, open: 0, storedRows: 0, readers: 0, damaged: false };
}

/**
 * Closes and deletes a segment. Sets a damaged one aside instead, since it may still help a person. Throws the file system's
 * error.
 */
export function discard({ fd, path, damaged }: Segment): void {
  closeSync(fd);
  if (damaged) renameSync(path, `${path}.damaged`);
  else unlinkSync(path);
}

/** Returns the path of segment `number`. */
export function pathOf(directory: string, number: number): string {
  return join(directory, `journal-${String(number).padStart(12, '0')}.log`);
}

/**
 * Reports whether these bytes of a segment begin with this installation's header. Throws JournalUnusable for another's, or a
 * newer version's.
 */
export function checkHeader(bytes: Buffer, path: string, installationId: string): 'ours' | 'unreadable' {
  const end = frameEnd(bytes, 0);
  if (end === -1) return 'unreadable';
  const [tag, version, owner] = bytes.toString('utf8', FRAME_HEADER_BYTES, end - 1).split('\t');
  if (tag !== HEADER_TAG) return 'unreadable';
  if (Number(version) > FORMAT_VERSION) {
    throw new JournalUnusable(
      `${path} was written by a newer version of Headgate (journal format ${version}; this version reads ${FORMAT_VERSION}). Start that version.`,
    );
  }
  if (owner !== installationId) {
    throw new JournalUnusable(
      `${path} belongs to another installation (${owner}; this one is ${installationId}). Set HEADGATE_DATA_DIR to the directory of this installation, or move the file out of the directory.`,
    );
  }
  return 'ours';
}

/** Writes all bytes at that place, in as many calls as needed. Throws the file system's error; what it wrote until then stays. */
export function writeFully(fd: number, bytes: Buffer, length: number, at: number): void {
  let written = 0;
  while (written < length) {
    const count = writeSync(fd, bytes, written, length - written, at + written);
    // A write that takes nothing and reports nothing would loop for ever.
    if (count === 0) throw Object.assign(new Error('the file system wrote no bytes'), { code: 'ENOSPC' });
    written += count;
  }
}

/** Returns up to `length` bytes from that place; fewer at the file's end. */
export function readAt(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, at + done);
    if (count === 0) break;
    done += count;
  }
  return bytes.subarray(0, done);
}

/** Returns the line whose frame begins at that place; null if none does. */
export function lineIn({ fd }: Segment, offset: number): string | null {
  let bytes = readAt(fd, offset, LOOKUP_BYTES);
  const end = claimedEnd(bytes, 0);
  if (end > bytes.length) bytes = readAt(fd, offset, end);
  return end === -1 ? null : bytes.toString('utf8', FRAME_HEADER_BYTES, end);
}

/**
 * Fills `into` from that place of the segment, off the event loop; fewer bytes at the file's end. The file stays open meanwhile.
 */
export async function readInto(into: Buffer, segment: Segment, at: number): Promise<Buffer> {
  segment.readers += 1;
  try {
    let done = 0;
    while (done < into.length) {
      const { bytesRead } = await readAsync(segment.fd, into, done, into.length - done, at + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return into.subarray(0, done);
  } finally {
    segment.readers -= 1;
  }
}

/** Returns the message of a file system's error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Syncs the directory, so that a new file's name survives a power loss. Ignores errors: not every file system supports it. */
function syncDirectory(directory: string): void {
  let fd: number | null = null;
  try {
    fd = openSync(directory, 'r');
    fsyncSync(fd);
  } catch {
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
