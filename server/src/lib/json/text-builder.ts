const BILLION = 1_000_000_000;
const DIGIT_0 = 48;
const FIRST_BYTES = 4_096;
/** The most digits of a whole number, and the most that single bytes add without reserving room. */
const SLACK_BYTES = 64;

/**
 * Builds a text from many small pieces, as bytes. The result is one flat string; joining forty numbers would leave kilobytes of
 * pieces. Begin, add, take; one text at a time.
 */
export class TextBuilder {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  begin(): void {
    this.#length = 0;
  }

  /** Appends our own short text in latin1. Throws RangeError for any other character. */
  text(text: string): void {
    this.#room(text.length);
    const bytes = this.#bytes;
    const from = this.#length;
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code > 0xff) throw new RangeError('the text has a character outside Latin-1');
      bytes[from + at] = code;
    }
    this.#length = from + text.length;
  }

  /** Appends a number in decimal digits. */
  int(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) {
      this.text(String(value));
      return;
    }
    this.#room(0);
    this.#length = writeDigits(this.#bytes, this.#length, value);
  }

  take(): string {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  #room(chars: number): void {
    const bytesMin = this.#length + chars + SLACK_BYTES;
    if (bytesMin <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(bytesMin, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Writes a safe integer from 0 in decimal digits, and returns the offset after them. */
export function writeDigits(bytes: Buffer, at: number, value: number): number {
  if ((value | 0) === value && value < BILLION) return writeShort(bytes, at, value, digitsOf(value));
  const billions = Math.floor(value / BILLION);
  return writeShort(bytes, writeDigits(bytes, at, billions), value - billions * BILLION, 9);
}

/** Writes two digits at a time, which halves the divisions. */
function writeShort(bytes: Buffer, at: number, value: number, count: number): number {
  let rest = value;
  let place = at + count;
  while (place - at >= 2) {
    const hundredth = (rest / 100) | 0;
    const pair = rest - hundredth * 100;
    place -= 2;
    bytes[place] = TENS[pair] as number;
    bytes[place + 1] = ONES[pair] as number;
    rest = hundredth;
  }
  if (place > at) bytes[at] = DIGIT_0 + rest;
  return at + count;
}

const TENS = Uint8Array.from({ length: 100 }, (_, pair) => DIGIT_0 + Math.floor(pair / 10));
const ONES = Uint8Array.from({ length: 100 }, (_, pair) => DIGIT_0 + (pair % 10));

/** Returns the number of digits of a value below a billion. */
function digitsOf(value: number): number {
  if (value < 1_000) return value < 10 ? 1 : value < 100 ? 2 : 3;
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6;
  return value < 10_000_000 ? 7 : value < 100_000_000 ? 8 : 9;
}
