import { CR, HEX_VALUE, LF } from '../../lib/http-text/characters.ts';

/** The result of reading a chunked body. `odd`: only a full client may be able to read what follows; see `rest`. */
export type ChunkedReading = 'more' | 'whole' | 'odd' | 'stopped';

/** The most digits of a plain chunk size. */
const DIGITS_MAX = 8;

/** The part of the body that is expected next. */
const SIZE = 0;
const SIZE_LF = 1;
const DATA = 2;
const DATA_CR = 3;
const DATA_LF = 4;
const LAST_CR = 5;
const LAST_LF = 6;

/** Reads a chunked body (RFC 9112, 7.1) without extensions and trailers. One object reads many bodies, one after the other. */
export class ChunkedBody {
  /** The index in the last bytes given at which reading ended. Valid after `whole` and `odd`. */
  endedAt = 0;
  #expects = SIZE;
  #size = 0;
  #digits = 0;

  begin(): void {
    this.#expects = SIZE;
    this.#size = 0;
    this.#digits = 0;
  }

  /** Passes each piece of data to `take` as it arrives. If `take` returns false, reading stops permanently. */
  read(bytes: Buffer, from: number, take: (piece: Buffer) => boolean): ChunkedReading {
    let at = from;
    const end = bytes.length;
    while (at < end) {
      if (this.#expects === DATA) {
        const until = Math.min(end, at + this.#size);
        this.#size -= until - at;
        if (this.#size === 0) this.#expects = DATA_CR;
        const piece = bytes.subarray(at, until);
        at = until;
        if (!take(piece)) return 'stopped';
        continue;
      }
      const reading = this.#readFrame(bytes[at] as number);
      if (reading === 'odd') {
        this.endedAt = at;
        return 'odd';
      }
      at += 1;
      if (reading === 'whole') {
        this.endedAt = at;
        return 'whole';
      }
    }
    return 'more';
  }

  /** Returns the part of the unfinished line that was read before `endedAt`, so that the full client can read it again. */
  rest(): string {
    const digits = this.#size.toString(16).padStart(this.#digits, '0');
    switch (this.#expects) {
      case SIZE:
        return this.#digits === 0 ? '' : digits;
      case SIZE_LF:
        return `${digits}\r`;
      case LAST_CR:
        return '0\r\n';
      case LAST_LF:
        return '0\r\n\r';
      // After data that does not end as it must, nothing can be read again: see isAtFrame.
      default:
        return '';
    }
  }

  /** True if `rest` and the bytes from `endedAt` on begin at the beginning of a chunk. */
  get isAtFrame(): boolean {
    return this.#expects !== DATA_CR && this.#expects !== DATA_LF;
  }

  #readFrame(byte: number): ChunkedReading {
    switch (this.#expects) {
      case SIZE: {
        const digit = HEX_VALUE[byte] as number;
        if (digit >= 0 && this.#digits < DIGITS_MAX) {
          this.#size = this.#size * 16 + digit;
          this.#digits += 1;
          return 'more';
        }
        if (byte !== CR || this.#digits === 0) return 'odd';
        this.#expects = SIZE_LF;
        return 'more';
      }
      case SIZE_LF:
        if (byte !== LF) return 'odd';
        this.#expects = this.#size === 0 ? LAST_CR : DATA;
        return 'more';
      case DATA_CR:
        if (byte !== CR) return 'odd';
        this.#expects = DATA_LF;
        return 'more';
      case DATA_LF:
        if (byte !== LF) return 'odd';
        this.begin();
        return 'more';
      case LAST_CR:
        if (byte !== CR) return 'odd';
        this.#expects = LAST_LF;
        return 'more';
      default:
        return byte === LF ? 'whole' : 'odd';
    }
  }
}
