/**
 * Forms with files (`multipart/form-data`), read strictly (form-reader.ts): what one reader takes for a part and another for
 * content would be checked as one thing and sent as another. So a form is also written anew, and nothing of the received framing
 * is sent on.
 */
import { randomUUID } from 'node:crypto';
import { Pieces, StreamedBytes } from '../../lib/pieces.ts';
import type { FormFields, FormFile } from '../../lib/spool/spooled-form.ts';
import type { JsonObject } from '../dialect.ts';
import { CRLF } from './form-parts.ts';
import { type FileHead, FormReader, type FormTaker } from './form-reader.ts';

/** The key of a form's files beside its fields, which are texts. Never serialized. */
const FILES = Symbol('the files of a form');

/** Returns the files of a form's body; none for other bodies. */
export function filesOf(body: JsonObject): readonly FormFile[] {
  return (body as { readonly [FILES]?: readonly FormFile[] })[FILES] ?? [];
}

/** Returns the body of a form: its texts as fields, and its files below `FILES`. */
export function formBody(fields: FormFields, files: readonly FormFile[]): JsonObject {
  return Object.assign({ ...fields }, { [FILES]: files });
}

/** Reads a form that is in memory as a body. Throws BadField. */
export function readForm(bytes: Buffer, contentType: string): JsonObject {
  const { fields, files } = readParts(bytes, contentType);
  return formBody(fields, files);
}

/** Reads a form that is in memory. Its files stay where they are. Throws BadField. */
export function readParts(
  bytes: Buffer,
  contentType: string,
): { readonly fields: FormFields; readonly files: FormFile<Buffer>[] } {
  const parts = new FormParts();
  const reader = new FormReader(contentType, parts);
  reader.push(bytes);
  reader.end();
  return parts;
}

/** The texts of a form by name. */
export class FormTexts {
  readonly fields: Record<string, string | string[]> = {};

  field(name: string, text: string): void {
    const before = Object.hasOwn(this.fields, name) ? (this.fields[name] as string[]) : [];
    this.fields[name] = name.endsWith('[]') ? [...before, text] : text;
  }
}

/** The parts of a form that is in memory. */
class FormParts extends FormTexts implements FormTaker {
  readonly files: FormFile<Buffer>[] = [];
  #head: FileHead | null = null;
  #content: Buffer[] = [];

  fileBegins(head: FileHead): void {
    this.#head = head;
  }

  fileBytes(bytes: Buffer): void {
    this.#content.push(bytes);
  }

  fileEnds(): void {
    const { name: field, filename, contentType } = this.#head as FileHead;
    const [first = Buffer.alloc(0), ...more] = this.#content;
    const bytes = more.length === 0 ? first : Buffer.concat(this.#content);
    this.files.push({ field, filename, contentType, bytes });
    this.#content = [];
  }
}

/** A form as it is sent. */
export interface WrittenForm<Content = Pieces | StreamedBytes> {
  readonly bytes: Content;
  readonly contentType: string;
}

/** Writes a form. Its files stay where they are, in memory or elsewhere. */
export function writeForm(body: JsonObject, files: readonly FormFile<Buffer>[]): WrittenForm<Pieces>;
export function writeForm(body: JsonObject, files: readonly FormFile[]): WrittenForm;
export function writeForm(body: JsonObject, files: readonly FormFile[]): WrittenForm {
  const boundary = `headgate-${randomUUID()}`;
  const contents: (Buffer | StreamedBytes)[] = [];
  let text = '';
  for (const [name, value] of Object.entries(body))
    for (const one of Array.isArray(value) ? value : [value])
      text += `--${boundary}${CRLF}content-disposition: form-data; name="${name}"${CRLF}${CRLF}${String(one)}${CRLF}`;
  for (const { field, filename, contentType, bytes } of files) {
    text += `--${boundary}${CRLF}content-disposition: form-data; name="${field}"; filename="${filename}"${CRLF}`;
    contents.push(Buffer.from(`${text}content-type: ${contentType}${CRLF}${CRLF}`), bytes);
    text = CRLF;
  }
  contents.push(Buffer.from(`${text}--${boundary}--${CRLF}`));
  const written = contents.filter(({ length }) => length > 0);
  return { bytes: inOrder(written), contentType: `multipart/form-data; boundary=${boundary}` };
}

function inOrder(contents: readonly (Buffer | StreamedBytes)[]): Pieces | StreamedBytes {
  const inMemory = contents.filter((one) => Buffer.isBuffer(one));
  if (inMemory.length === contents.length) return new Pieces(inMemory);
  const length = contents.reduce((sum, one) => sum + one.length, 0);
  return new StreamedBytes(length, async function* () {
    for (const one of contents) {
      if (one instanceof StreamedBytes) yield* one.read();
      else yield one;
    }
  });
}
