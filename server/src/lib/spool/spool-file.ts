import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { StreamedBytes } from '../pieces.ts';

/** The bytes of a piece before it is sealed. Only the last piece of a part is shorter. */
const PIECE_BYTES = 65_536;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
/** The pieces that may wait for the disk before the sender has to wait. */
const WAITING_MAX = 2;

/** Runs work on the disk, a few at a time. */
export type OnDisk = <T>(work: () => Promise<T>) => Promise<T>;

/** Reading from a file that was closed. */
class SpoolClosed extends Error {}

/**
 * One temporary file with the parts of one form, one after the other. Each piece is sealed with AES-256-GCM under a key that only
 * this object holds, so that nobody can read the file, and a changed or misplaced piece is found. The number of a piece is its
 * nonce: pieces are written once.
 */
export class SpoolFile {
  readonly #handle: FileHandle;
  readonly #onDisk: OnDisk;
  readonly #key = randomBytes(32);
  #filling = Buffer.alloc(0);
  #filled = 0;
  #pieces = 0;
  #partFrom = 0;
  #partBytes = 0;
  #waiting = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #isClosed = false;
  /** Called when the disk has caught up, or has failed. */
  onDrained: () => void = () => {};

  constructor(handle: FileHandle, onDisk: OnDisk) {
    this.#handle = handle;
    this.#onDisk = onDisk;
  }

  /** True if the sender must wait for `onDrained`. */
  get isBehind(): boolean {
    return this.#waiting > WAITING_MAX;
  }

  /** The error that the disk answered with; null if there was none. Nothing is written after it. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Adds bytes to the present part. They are copied. */
  add(bytes: Buffer): void {
    this.#partBytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      if (this.#filled === 0) this.#filling = Buffer.allocUnsafeSlow(PIECE_BYTES);
      const copied = bytes.copy(this.#filling, this.#filled, at);
      this.#filled += copied;
      at += copied;
      if (this.#filled === PIECE_BYTES) this.#enqueue();
    }
  }

  /** Ends the present part, and returns its bytes. They can be read once `written` has resolved. */
  endPart(): StreamedBytes {
    if (this.#filled > 0) this.#enqueue();
    const [from, length] = [this.#partFrom, this.#partBytes];
    this.#partFrom = this.#pieces;
    this.#partBytes = 0;
    return new StreamedBytes(length, () => this.#read(from, length));
  }

  /** Waits until everything was written. Rejects with the disk's error. */
  async written(): Promise<void> {
    await this.#writing;
    if (this.#failure !== null) throw this.#failure;
  }

  /** Closes the file, which frees its disk. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#key.fill(0);
    this.#filling = Buffer.alloc(0);
    // The handle waits for what it is doing.
    void this.#handle.close().catch(() => {});
  }

  #enqueue(): void {
    const plain = this.#filling.subarray(0, this.#filled);
    const number = this.#pieces;
    this.#filling = Buffer.alloc(0);
    this.#filled = 0;
    this.#pieces += 1;
    this.#waiting += 1;
    this.#writing = this.#writing.then(() => this.#write(number, plain));
  }

  async #write(number: number, plain: Buffer): Promise<void> {
    try {
      if (this.#failure === null && !this.#isClosed) await this.#onDisk(() => this.#writeSealed(number, plain));
    } catch (error) {
      this.#failure = error as Error;
    }
    this.#waiting -= 1;
    if (this.#failure !== null || this.#waiting === WAITING_MAX) this.onDrained();
  }

  async #writeSealed(number: number, plain: Buffer): Promise<void> {
    if (this.#isClosed) return;
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(number));
    const sealed = cipher.update(plain);
    cipher.final();
    const position = number * (PIECE_BYTES + TAG_BYTES);
    const { bytesWritten } = await this.#handle.writev([sealed, cipher.getAuthTag()], position);
    // A disk that fills up takes the beginning of a write and reports no error.
    if (bytesWritten !== sealed.length + TAG_BYTES) throw new ShortWrite('ENOSPC: no space left on device, write');
  }

  async *#read(from: number, length: number): AsyncGenerator<Buffer> {
    let number = from;
    for (let left = length; left > 0; left -= PIECE_BYTES) {
      const bytes = Math.min(left, PIECE_BYTES);
      const piece = number;
      number += 1;
      yield await this.#onDisk(() => this.#readSealed(piece, bytes));
    }
  }

  async #readSealed(number: number, bytes: number): Promise<Buffer> {
    if (this.#isClosed) throw new SpoolClosed('the file was closed');
    const sealed = Buffer.allocUnsafeSlow(bytes + TAG_BYTES);
    const { bytesRead } = await this.#handle.read(sealed, 0, sealed.length, number * (PIECE_BYTES + TAG_BYTES));
    if (this.#isClosed) throw new SpoolClosed('the file was closed');
    if (bytesRead !== sealed.length) throw new Error('the file is shorter than what was written');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(number));
    decipher.setAuthTag(sealed.subarray(bytes));
    const plain = decipher.update(sealed.subarray(0, bytes));
    decipher.final();
    return plain;
  }
}

/** A write that the disk took only in part. */
class ShortWrite extends Error {
  readonly code = 'ENOSPC';
}

function nonceOf(number: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(number, NONCE_BYTES - 4);
  return nonce;
}
