/** Bytes in several buffers, in their order. They go to a thread or a socket as they are: joining 30 MB takes a long turn. */
export class Pieces {
  readonly buffers: readonly Buffer[];
  /** The number of bytes. */
  readonly length: number;

  constructor(buffers: readonly Buffer[]) {
    this.buffers = buffers;
    this.length = lengthOf(buffers);
  }
}

export type Bytes = Buffer | Pieces;

/** Bytes that are not in memory. Each reading begins anew, and takes the memory of one piece. */
export class StreamedBytes {
  /** The number of bytes. */
  readonly length: number;
  /** Returns the bytes in pieces. A piece is the reader's own. Rejects if they can no longer be read. */
  readonly read: () => AsyncIterable<Buffer>;

  constructor(length: number, read: () => AsyncIterable<Buffer>) {
    this.length = length;
    this.read = read;
  }
}

/** Bytes that can be sent to an upstream. */
export type Sendable = Bytes | StreamedBytes;

/** The largest body, in bytes, that one turn of the event loop joins or reads. */
export const BYTES_IN_TURN_MAX = 8_388_608;
/** Memory from this size on is freed at once. Smaller buffers may share theirs. */
const FREED_BYTES_MIN = 4_096;

/** Returns the bytes as one buffer. Copies them if they are in pieces. Throws for bytes that are not in memory. */
export function whole(bytes: Sendable): Buffer {
  if (bytes instanceof StreamedBytes) throw new Error('bytes that are not in memory were to be joined');
  return bytes instanceof Pieces ? Buffer.concat(bytes.buffers, bytes.length) : bytes;
}

/**
 * Joins buffers, which are empty afterwards. Frees the memory of each as soon as it was copied: otherwise a body of 30 MB takes 60
 * until the next garbage collection. A single buffer is returned as it is.
 */
export function joined(buffers: readonly Buffer[]): Buffer {
  const [first] = buffers;
  if (first !== undefined && buffers.length === 1) return first;
  // Memory of its own: it may be moved to a thread.
  const all = Buffer.allocUnsafeSlow(lengthOf(buffers));
  let at = 0;
  for (const one of buffers) {
    at += one.copy(all, at);
    freed(one);
  }
  return all;
}

/** Joins the buffers of a body, or leaves one that is too large for a turn in its pieces. */
export function joinedInTurn(buffers: readonly Buffer[]): Bytes {
  return buffers.length > 1 && lengthOf(buffers) > BYTES_IN_TURN_MAX ? new Pieces(buffers) : joined(buffers);
}

/**
 * Frees the memory of bytes that nothing else refers to, without waiting for a garbage collection. The buffer is empty afterwards.
 * Bytes that are part of a larger buffer stay.
 */
export function freed({ buffer, byteLength }: Buffer): void {
  if (byteLength >= FREED_BYTES_MIN && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

function lengthOf(buffers: readonly Buffer[]): number {
  let length = 0;
  for (const one of buffers) length += one.length;
  return length;
}
