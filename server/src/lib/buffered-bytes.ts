/**
 * Limits the memory that request bodies use while they arrive and until they are read: all together, and for each of their
 * senders.
 */
import type { Bytes } from './pieces.ts';
import type { SpooledForm } from './spool/spooled-form.ts';

/** The room for one body. */
export interface BodyRoom {
  /** Takes room for `bytes` more bytes. Returns false, and takes nothing, if there is not enough. */
  take(bytes: number): boolean;
  /** Gives back all of it. A second call does nothing. */
  free(): void;
}

/** The decision about a body that did not arrive together with its head. */
export type HeadVerdict =
  /** The request is answered, or will be, without its body. */
  | { readonly is: 'answered' }
  | {
      readonly is: 'read';
      readonly room: BodyRoom;
      /** Answers the request: there is no room for its body, or it is larger than the maximum. */
      readonly refuse: (why: 'no_room' | 'too_large') => void;
    }
  | {
      /** The body is a large form, which is read as it arrives. */
      readonly is: 'form';
      /** Frees what the form takes. */
      readonly room: Pick<BodyRoom, 'free'>;
      /** Reads the body, and calls back with the form. Answers the request itself if it cannot be read. */
      readonly read: (body: ArrivingBody, done: (form: SpooledForm) => void) => void;
    };

/** The largest form, in bytes, that is read into memory as any body is. */
export const FORM_BYTES_IN_MEMORY_MAX = 262_144;

/** Reports whether a content type is that of a form with files. */
export function isFormType(contentType: string): boolean {
  return contentType.trimStart().toLowerCase().startsWith('multipart/');
}

/** A body that is passed on as it arrives. */
export interface ArrivingBody {
  /** Begins to read. Each chunk is passed to `data`, which returns false to ask for a pause. */
  begin(taker: { readonly data: (chunk: Buffer) => boolean; readonly end: () => void }): void;
  resume(): void;
  /** Ends the reading: nothing more is passed on. */
  stop(): void;
}

/** The limits for all bodies together, and for those of one holder, in bytes. */
export interface BufferBounds {
  readonly bytesMax: number;
  readonly shareMax: number;
}

/**
 * The size above which a body keeps its room until its request is answered, not only until it is read: its parsed form is as
 * large again.
 */
const LARGE_BYTES = 1_048_576;

/** Counts the bytes that bodies use. There is no queue: a call that asks for too much is refused at once. */
export class BufferedBytes {
  readonly #bounds: BufferBounds;
  readonly #byHolder = new Map<string, number>();
  #bytes = 0;

  constructor(bounds: BufferBounds) {
    this.#bounds = bounds;
  }

  /** The most bytes that may be taken. */
  get bytesMax(): number {
    return this.#bounds.bytesMax;
  }

  /** The number of bytes taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns room for a body that counts for each of these holders: a key, an address. */
  roomFor(holders: readonly string[]): BodyRoom {
    return new Room(this, holders);
  }

  /** Takes room for a body. Only for `Room`. */
  take(holders: readonly string[], bytes: number): boolean {
    const { bytesMax, shareMax } = this.#bounds;
    if (this.#bytes + bytes > bytesMax) return false;
    for (const holder of holders) if ((this.#byHolder.get(holder) ?? 0) + bytes > shareMax) return false;
    this.#bytes += bytes;
    for (const holder of holders) this.#byHolder.set(holder, (this.#byHolder.get(holder) ?? 0) + bytes);
    return true;
  }

  /** Gives back room of a body. Only for `Room`. */
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

/** Adds a piece to a body. Merges small ones: sent byte by byte, a body would take a hundred times what is counted. */
export function addPiece(pieces: Buffer[], piece: Buffer): void {
  const last = pieces.at(-1);
  if (last === undefined || last.length + piece.length > SMALL_PIECE_BYTES) {
    pieces.push(piece);
    return;
  }
  // Not from the memory that small buffers share: what else is in it would stay as well.
  const both = Buffer.allocUnsafeSlow(last.length + piece.length);
  last.copy(both);
  piece.copy(both, last.length);
  pieces[pieces.length - 1] = both;
}

/** Reports whether a body keeps its room until its request is answered. */
export function keepsRoom(body: Bytes): boolean {
  return body.length > LARGE_BYTES;
}

/** Reads every body, for a listener that does not limit its requests. */
export function readAll(refuse: () => void): HeadVerdict {
  return { is: 'read', room: NO_BOUND, refuse };
}

const NO_BOUND: BodyRoom = { take: () => true, free: () => {} };

/** The verdict for a request that is answered without its body. */
export const ANSWERED: HeadVerdict = { is: 'answered' };

/**
 * Returns the limits from a setting. Without one, all bodies may use the lesser of 256 MB and a quarter of the heap. A holder may
 * use a quarter of the total, and at least one body if that fits.
 */
export function bufferBounds(wantedMax: number | null, heapBytesMax: number, bodyBytesMax: number): BufferBounds {
  const bytesMax = wantedMax ?? Math.min(DEFAULT_BYTES_MAX, Math.floor(heapBytesMax / 4));
  return { bytesMax, shareMax: Math.min(bytesMax, Math.max(Math.floor(bytesMax / 4), bodyBytesMax)) };
}

const DEFAULT_BYTES_MAX = 256 * 1024 * 1024;
