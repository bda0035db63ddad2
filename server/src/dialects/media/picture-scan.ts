/** Reads what an answer with pictures says of itself while its bytes pass. Pictures of many megabytes are never kept or parsed. */
import type { Usage } from '../../domain/usage/usage.ts';
import type { JsonObject } from '../dialect.ts';
import { isObject, parseJson } from '../json.ts';
import type { Reported } from '../plausible.ts';
import { imageTokens } from './images.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY, COLON] = [0x7b, 0x7d, 0x5b, 0x5d, 0x3a];
/** The longest text at the top level, and the longest usage, that is read. */
const TEXT_BYTES_MAX = 64;
const USAGE_BYTES_MAX = 4_096;

/** Follows the brackets and texts of one JSON object. Texts within pictures are skipped by a search for their quote. */
export class PictureScan {
  /** The number of objects in the list `data`. */
  pictures = 0;
  /** The texts at the top level that are short. */
  readonly texts = new Map<string, string>();
  #depth = 0;
  #inText = false;
  #backslashes = 0;
  #text: number[] | null = null;
  #last = '';
  #key = '';
  #usage: number[] | null = null;
  #isInUsage = false;
  #isOdd = false;
  #isClosed = false;

  /** True if the object was closed, and nothing but space came before and after it. */
  get isWhole(): boolean {
    return this.#isClosed && this.#depth === 0 && !this.#isOdd;
  }

  push(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#inText && this.#text === null && !this.#isInUsage && this.#backslashes === 0) at = this.#skip(bytes, at);
      if (at < bytes.length) this.#take(bytes[at] as number);
    }
  }

  /** Returns the reported usage: its tokens if it says some, and the pictures. */
  reported(): Reported {
    const tokens = this.#usage === null ? null : imageTokens(parsed(this.#usage));
    if (tokens === 'implausible') return tokens;
    const usage: Usage = { ...tokens, image: this.pictures };
    return usage;
  }

  /** Returns the place before the next quote or backslash. */
  #skip(bytes: Buffer, from: number): number {
    const quote = bytes.indexOf(QUOTE, from);
    const end = quote === -1 ? bytes.length : quote;
    const backslash = bytes.subarray(from, end).indexOf(BACKSLASH);
    return backslash === -1 ? end : from + backslash;
  }

  #take(byte: number): void {
    if (this.#isInUsage && (this.#usage as number[]).length <= USAGE_BYTES_MAX) (this.#usage as number[]).push(byte);
    if (this.#inText) this.#takeText(byte);
    else if (byte === QUOTE) {
      this.#inText = true;
      this.#text = this.#depth === 1 ? [] : null;
    } else if (byte === COLON && this.#depth === 1) this.#key = this.#last;
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#open(byte);
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#close();
    else if (this.#depth === 0 && byte > 0x20) this.#isOdd = true;
    else if (this.#depth === 1 && byte === 0x2c) this.#key = '';
  }

  #takeText(byte: number): void {
    if (this.#backslashes === 1) this.#backslashes = 0;
    else if (byte === BACKSLASH) this.#backslashes = 1;
    else if (byte === QUOTE) {
      this.#inText = false;
      this.#endText();
      return;
    }
    if (this.#text === null) return;
    this.#text.push(byte);
    if (this.#text.length > TEXT_BYTES_MAX) this.#text = null;
  }

  #endText(): void {
    if (this.#depth !== 1) return;
    const text = this.#text === null ? '' : Buffer.from(this.#text).toString('latin1');
    this.#text = null;
    if (this.#key !== '') this.texts.set(this.#key, text);
    this.#last = text;
  }

  #open(byte: number): void {
    if (this.#depth === 0 && (this.#isClosed || byte !== OPEN_OBJECT)) this.#isOdd = true;
    if (this.#depth === 1 && this.#key === 'usage' && byte === OPEN_OBJECT) {
      this.#usage = [byte];
      this.#isInUsage = true;
    }
    if (this.#depth === 2 && this.#key === 'data' && byte === OPEN_OBJECT) this.pictures += 1;
    this.#depth += 1;
  }

  #close(): void {
    this.#depth -= 1;
    if (this.#depth === 1) this.#isInUsage = false;
    if (this.#depth === 0) this.#isClosed = true;
  }
}

function parsed(bytes: readonly number[]): JsonObject | null {
  const text = Buffer.from(bytes).toString('latin1');
  const value = parseJson(text);
  return isObject(value) ? value : null;
}
