import type { OnReadOpts } from 'node:net';

/** False on Windows: it passes memory to the kernel before data arrives, so each connection would need its own. */
const SHARES_MEMORY = process.platform !== 'win32';
const READ_BYTES_MAX = 64 * 1024;
let arriving: Buffer | null = null;

/**
 * Returns socket options that read the next bytes of every connection into one shared piece of memory. The bytes are copied out
 * at once, so `onBytes` gets memory of its own. A piece per read, the default of sockets, costs two to three microseconds more.
 * Returns null where memory cannot be shared.
 */
export function sharedReads(onBytes: (bytes: Buffer) => void): OnReadOpts | null {
  if (!SHARES_MEMORY) return null;
  arriving ??= Buffer.allocUnsafeSlow(READ_BYTES_MAX);
  return {
    buffer: arriving,
    callback: (count, buffer) => {
      const bytes = Buffer.allocUnsafe(count);
      (buffer as Buffer).copy(bytes, 0, 0, count);
      onBytes(bytes);
      return true;
    },
  };
}
