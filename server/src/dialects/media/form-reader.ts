import { addPiece } from '../../lib/buffered-bytes.ts';
import { knownFieldInAnotherCase } from '../known-fields.ts';
import { BadField } from './fields.ts';
import { boundaryIn, CRLF, headOf, malformed, type PartHead } from './form-parts.ts';

const PARTS_MAX = 64;
const HEADER_BYTES_MAX = 8_192;
const FIELD_BYTES_MAX = 65_536;
const HEAD_END = Buffer.from(`${CRLF}${CRLF}`);
const NOTHING = Buffer.alloc(0);

/** The head of a part that is a file. */
export type FileHead = PartHead & { readonly filename: string };

/** The receiver of a form's parts, in their order. */
export interface FormTaker {
  field(name: string, text: string): void;
  fileBegins(head: FileHead): void;
  /** Takes a piece of the present file. It is part of what was pushed, and nothing was copied if that was the whole form. */
  fileBytes(bytes: Buffer): void;
  fileEnds(): void;
}

/** The place in a form: after a delimiter, in the content of a part, or after the end. */
type Place = 'begin' | 'delimiter' | 'content' | 'end';

/**
 * Reads a form as it arrives, in chunks of any sizes. The result depends on the bytes and not on their chunks. Keeps at most one
 * field, or the head of a part, or a delimiter's beginning. After an error it must not be used.
 */
export class FormReader {
  readonly #delimiter: Buffer;
  readonly #taker: FormTaker;
  #place: Place = 'begin';
  #unread: Buffer = NOTHING;
  #parts = 0;
  #head: PartHead | null = null;
  readonly #names = new Set<string>();
  #field: Buffer[] = [];
  #fieldBytes = 0;
  /** The bytes before a part's content: the end of its head, with which its delimiter begins if the part is empty. */
  #before = 0;

  /** Throws BadField if the content type is not a form's. */
  constructor(contentType: string, taker: FormTaker) {
    this.#delimiter = Buffer.from(`${CRLF}--${boundaryIn(contentType)}`, 'latin1');
    this.#taker = taker;
  }

  /** Reads the next bytes. Throws BadField. */
  push(bytes: Buffer): void {
    this.#read(this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]), false);
  }

  /** Ends the form. Throws BadField if it is not complete. */
  end(): void {
    this.#read(this.#unread, true);
    if (this.#place === 'content') throw malformed('a part does not end');
  }

  #read(bytes: Buffer, isLast: boolean): void {
    let at = 0;
    for (;;) {
      const next = this.#step(bytes, at, isLast);
      if (next === null) break;
      at = next;
    }
  }

  /** Reads from `at` on. Returns where to go on, or null if more bytes are needed; those from there on were kept. */
  #step(bytes: Buffer, at: number, isLast: boolean): number | null {
    switch (this.#place) {
      case 'begin':
        return this.#begin(bytes, isLast);
      case 'delimiter':
        return this.#afterDelimiter(bytes, at, isLast);
      case 'content':
        return this.#content(bytes, at);
      case 'end':
        return this.#afterEnd(bytes, at, isLast);
    }
  }

  #begin(bytes: Buffer, isLast: boolean): number | null {
    const first = this.#delimiter.subarray(CRLF.length);
    const comparable = Math.min(first.length, bytes.length);
    if (bytes.compare(first, 0, comparable, 0, comparable) !== 0 || (isLast && comparable < first.length))
      throw malformed('it must begin with its boundary');
    if (comparable < first.length) return this.#keep(bytes);
    this.#place = 'delimiter';
    return first.length;
  }

  #afterDelimiter(bytes: Buffer, at: number, isLast: boolean): number | null {
    if (bytes.length - at < 2 && !isLast) return this.#keep(bytes.subarray(at));
    if (bytes[at] === DASH && bytes[at + 1] === DASH) {
      this.#place = 'end';
      return at + 2;
    }
    if (this.#parts >= PARTS_MAX) throw new BadField('body', `A form has at most ${PARTS_MAX} parts.`);
    const headEnd = bytes.subarray(at, at + HEADER_BYTES_MAX).indexOf(HEAD_END);
    const mayEnd = !isLast && bytes.length - at < HEADER_BYTES_MAX;
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a || (headEnd === -1 && !mayEnd))
      throw malformed(`the head of a part must end within ${HEADER_BYTES_MAX} bytes`);
    if (headEnd === -1) return this.#keep(bytes.subarray(at));
    this.#parts += 1;
    this.#beginPart(headOf(bytes.toString('latin1', at + CRLF.length, at + headEnd)));
    this.#before = CRLF.length;
    this.#place = 'content';
    return at + headEnd + CRLF.length;
  }

  #content(bytes: Buffer, at: number): number | null {
    const end = bytes.indexOf(this.#delimiter, at);
    if (end !== -1) {
      this.#give(bytes, at, end);
      this.#endPart();
      this.#place = 'delimiter';
      return end + this.#delimiter.length;
    }
    // The delimiter may begin in the last bytes.
    const known = bytes.length - (this.#delimiter.length - 1);
    if (known - at <= this.#before) return this.#keep(bytes.subarray(at));
    this.#give(bytes, at, known);
    return this.#keep(bytes.subarray(known));
  }

  #afterEnd(bytes: Buffer, at: number, isLast: boolean): null {
    const rest = bytes.length - at;
    const isPlain = rest === 0 || (rest === 2 && bytes[at] === 0x0d && bytes[at + 1] === 0x0a);
    if (!isPlain && (isLast || rest !== 1 || bytes[at] !== 0x0d)) throw malformed('something follows its end');
    return this.#keep(bytes.subarray(at));
  }

  /** Keeps what cannot be read yet. A copy, because the rest of a chunk must not stay in memory. */
  #keep(bytes: Buffer): null {
    this.#unread = bytes.length === 0 ? NOTHING : Buffer.from(bytes);
    return null;
  }

  #beginPart(head: PartHead): void {
    const { name, filename } = head;
    const known = knownFieldInAnotherCase(name);
    if (known !== null) throw new BadField(name, `${name} is written ${known}`);
    this.#head = head;
    if (filename !== null) this.#taker.fileBegins({ ...head, filename });
  }

  /** Passes on the content from `at` to `end`, without the bytes before it. */
  #give(bytes: Buffer, at: number, end: number): void {
    const from = at + this.#before;
    this.#before = 0;
    if (from >= end) return;
    const piece = bytes.subarray(from, end);
    const { name, filename } = this.#head as PartHead;
    if (filename !== null) {
      this.#taker.fileBytes(piece);
      return;
    }
    this.#fieldBytes += piece.length;
    if (this.#fieldBytes > FIELD_BYTES_MAX) throw new BadField(name, `${name} must be at most ${FIELD_BYTES_MAX} bytes`);
    addPiece(this.#field, Buffer.from(piece));
  }

  #endPart(): void {
    const { name, filename } = this.#head as PartHead;
    this.#head = null;
    if (filename !== null) {
      this.#taker.fileEnds();
      return;
    }
    const text = Buffer.concat(this.#field).toString('utf8');
    this.#field = [];
    this.#fieldBytes = 0;
    if (text.includes('\ufffd')) throw new BadField(name, `${name} must be text in UTF-8`);
    if (this.#names.has(name) && !name.endsWith('[]')) throw new BadField(name, `${name} is given twice`);
    this.#names.add(name);
    this.#taker.field(name, text);
  }
}

const DASH = 0x2d;
