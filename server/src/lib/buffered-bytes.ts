/** What request bodies may take of memory while they arrive and until they are read: together, and for each of those who send them. */

/** Room for one body. */
export interface BodyRoom {
  /** Takes room for so many bytes more. False: there is none, and nothing was taken. */
  take(bytes: number): boolean;
  /** Gives back all of it. A second time does nothing. */
  free(): void;
}

/** What is done with a body that has not come with its head. */
export type HeadVerdict =
  /** The request is answered, or will be, without its body. */
  | { readonly is: 'answered' }
  | {
      readonly is: 'read';
      readonly room: BodyRoom;
      /** Answers the request: there is no room for its body, or it is larger than any may be. */
      readonly refuse: (why: 'no_room' | 'too_large') => void;
    };

/** The bound of all bodies, and of those of one holder, in bytes. */
export interface BufferBounds {
  readonly bytesMax: number;
  readonly shareMax: number;
}

/** A body above this counts until its request is answered, and not only until it is read: what is made of it is as large again. */
const LARGE_BYTES = 1_048_576;

/** Counts what bodies take. Nobody waits for room: who asks for too much is told at once. */
export class BufferedBytes {
  readonly #bounds: BufferBounds;
  readonly #byHolder = new Map<string, number>();
  #bytes = 0;

  constructor(bounds: BufferBounds) {
    this.#bounds = bounds;
  }

  /** Bytes that may be taken. */
  get bytesMax(): number {
    return this.#bounds.bytesMax;
  }

  /** Bytes taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Room for a body that counts for each of these: a key, an address. */
  roomFor(holders: readonly string[]): BodyRoom {
    return new Room(this, holders);
  }

  /** For `Room` alone. */
  take(holders: readonly string[], bytes: number): boolean {
    const { bytesMax, shareMax } = this.#bounds;
    if (this.#bytes + bytes > bytesMax) return false;
    for (const holder of holders) if ((this.#byHolder.get(holder) ?? 0) + bytes > shareMax) return false;
    this.#bytes += bytes;
    for (const holder of holders) this.#byHolder.set(holder, (this.#byHolder.get(holder) ?? 0) + bytes);
    return true;
  }

  /** For `Room` alone. */
  give(holders: readonly string[], bytes: number): void {
    this.#bytes -= bytes;
    for (const holder of holders) {
      const left = (this.#byHolder.get(holder) ?? 0) - bytes;
      if (left > 0) this.#byHolder.set(holder, left);
      else this.#byHolder.delete(holder);
    }
  }
}

class Room implements BodyRoom {
  readonly #all: BufferedBytes;
  readonly #holders: readonly string[];
  #taken = 0;

  constructor(all: BufferedBytes, holders: readonly string[]) {
    this.#all = all;
    this.#holders = holders;
  }

  take(bytes: number): boolean {
    if (!this.#all.take(this.#holders, bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  free(): void {
    if (this.#taken > 0) this.#all.give(this.#holders, this.#taken);
    this.#taken = 0;
  }
}

const SMALL_PIECE_BYTES = 4_096;

/** Adds a piece to a body. Small ones become one: sent byte by byte, a body would take a hundred times what is counted. */
export function addPiece(pieces: Buffer[], piece: Buffer): void {
  const last = pieces.at(-1);
  if (last === undefined || last.length + piece.length > SMALL_PIECE_BYTES) {
    pieces.push(piece);
    return;
  }
  // Not of the memory that small buffers share: what else is in it would stay as well.
  const both = Buffer.allocUnsafeSlow(last.length + piece.length);
  last.copy(both);
  piece.copy(both, last.length);
  pieces[pieces.length - 1] = both;
}

/** Whether a body keeps its room until its request is answered. */
export function keepsRoom(body: Buffer): boolean {
  return body.length > LARGE_BYTES;
}

/** Reads whatever comes, for a listener that has nobody judge its requests. */
export function readAll(refuse: () => void): HeadVerdict {
  return { is: 'read', room: NO_BOUND, refuse };
}

const NO_BOUND: BodyRoom = { take: () => true, free: () => {} };

/** The answer is given without the body. */
export const ANSWERED: HeadVerdict = { is: 'answered' };

/**
 * The bounds that follow from a setting, and from the heap where there is none: the lesser of 256 MB and a quarter of it. A holder has a quarter
 * of it all, and never less than one body where that fits.
 */
export function bufferBounds(wantedMax: number | null, heapBytesMax: number, bodyBytesMax: number): BufferBounds {
  const bytesMax = wantedMax ?? Math.min(DEFAULT_BYTES_MAX, Math.floor(heapBytesMax / 4));
  return { bytesMax, shareMax: Math.min(bytesMax, Math.max(Math.floor(bytesMax / 4), bodyBytesMax)) };
}

const DEFAULT_BYTES_MAX = 256 * 1024 * 1024;
