/**
 * Forms with files (`multipart/form-data`), read strictly: what one reader takes for a part and another for content would be checked
 * as one thing and sent as another. So a form is also written anew, and nothing of the received framing is sent on.
 */
import { randomUUID } from 'node:crypto';
import { Pieces } from '../../lib/pieces.ts';
import type { JsonObject } from '../dialect.ts';
import { knownFieldInAnotherCase } from '../known-fields.ts';
import { BadField } from './fields.ts';

/** A file of a form. Its name is no path, whatever the client sent. */
export interface FormFile {
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** The key of a form's files beside its fields, which are texts. Never serialized. */
const FILES = Symbol('the files of a form');

const PARTS_MAX = 64;
const BOUNDARY_CHARS_MAX = 70;
const HEADER_BYTES_MAX = 8_192;
const FIELD_BYTES_MAX = 65_536;
const FILENAME_CHARS_MAX = 128;
const CRLF = '\r\n';

/** Returns the files of a form's body; none for other bodies. */
export function filesOf(body: JsonObject): readonly FormFile[] {
  return (body as { readonly [FILES]?: readonly FormFile[] })[FILES] ?? [];
}

/** Returns the boundary that a content type names. Throws BadField. */
function boundaryIn(contentType: string): string {
  const [type = '', ...parameters] = contentType.split(';');
  if (type.trim().toLowerCase() !== 'multipart/form-data')
    throw new BadField(
      'body',
      'The body must be a form with a file. Send the header `content-type: multipart/form-data; boundary=…`.',
    );
  const named = parameters.flatMap((parameter) => {
    const [, name = '', , value = ''] = /^\s*([\w-]+)=("?)([^"]*)\2\s*$/.exec(parameter) ?? [];
    return name.toLowerCase() === 'boundary' ? [value] : [];
  });
  const [boundary] = named;
  if (named.length !== 1 || boundary === undefined || !BOUNDARY.test(boundary))
    throw new BadField('body', `The content type must name one boundary of 1 to ${BOUNDARY_CHARS_MAX} plain characters.`);
  return boundary;
}

const BOUNDARY = /^[\w'()+,./:=?-]{1,70}$/;

/** Reads a form: its texts as fields, and its files below `FILES`. Throws BadField. */
export function readForm(bytes: Buffer, contentType: string): JsonObject {
  const delimiter = Buffer.from(`${CRLF}--${boundaryIn(contentType)}`, 'latin1');
  const first = delimiter.subarray(CRLF.length);
  if (bytes.compare(first, 0, first.length, 0, first.length) !== 0) throw malformed('it must begin with its boundary');
  const body: JsonObject = {};
  const files: FormFile[] = [];
  let at = first.length;
  for (let parts = 0; !isLast(bytes, at); parts += 1) {
    if (parts >= PARTS_MAX) throw new BadField('body', `A form has at most ${PARTS_MAX} parts.`);
    const headEnd = bytes.subarray(at, at + HEADER_BYTES_MAX).indexOf(`${CRLF}${CRLF}`);
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a || headEnd === -1)
      throw malformed(`the head of a part must end within ${HEADER_BYTES_MAX} bytes`);
    const head = headOf(bytes.toString('latin1', at + CRLF.length, at + headEnd));
    const from = at + headEnd + 2 * CRLF.length;
    // A part that is empty has its delimiter where its content would begin.
    const end = bytes.indexOf(delimiter, from - CRLF.length);
    if (end === -1) throw malformed('a part does not end');
    add(body, files, head, bytes.subarray(from, Math.max(from, end)));
    at = end + delimiter.length;
  }
  return Object.assign(body, { [FILES]: files });
}

/** Reports whether the form ends here. Throws BadField if something follows its end. */
function isLast(bytes: Buffer, at: number): boolean {
  if (bytes[at] !== 0x2d || bytes[at + 1] !== 0x2d) return false;
  if (bytes.length - at > 2 && bytes.toString('latin1', at + 2, at + 5) !== CRLF) throw malformed('something follows its end');
  return true;
}

interface PartHead {
  readonly name: string;
  /** Null: a field. */
  readonly filename: string | null;
  readonly contentType: string;
}

function headOf(text: string): PartHead {
  const headers = new Map<string, string>();
  for (const line of text.split(CRLF)) {
    const [, name = '', value = ''] = /^([\w-]+):[ \t]*([^\r\n]*)$/.exec(line) ?? [];
    if (name === '' || headers.has(name.toLowerCase())) throw malformed('the head of a part has a line that is no header');
    headers.set(name.toLowerCase(), value);
  }
  const encoding = headers.get('content-transfer-encoding')?.toLowerCase();
  if (encoding !== undefined && !['binary', '8bit', '7bit'].includes(encoding))
    throw malformed('encoded parts are not supported');
  const { name, filename } = dispositionOf(headers.get('content-disposition') ?? '');
  const type = headers.get('content-type') ?? '';
  return { name, filename, contentType: FILE_TYPE.test(type) ? type : 'application/octet-stream' };
}

const FILE_TYPE = /^[\w.+-]{1,60}\/[\w.+-]{1,60}(?:; ?[\w-]{1,20}=[\w.,"-]{1,60})*$/;

function dispositionOf(value: string): Pick<PartHead, 'name' | 'filename'> {
  const [, rest] = /^form-data((?:; ?[\w-]+\*?=(?:"(?:[^"\\]|\\.)*"|[^\s";]+))*)$/i.exec(value) ?? [];
  if (rest === undefined) throw malformed('a part must say its name as form-data');
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, plain = ''] of rest.matchAll(/; ?([\w-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/g)) {
    if (parameters.has(key.toLowerCase())) throw malformed('a part names itself twice');
    parameters.set(key.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'));
  }
  const name = parameters.get('name') ?? '';
  if (!/^[A-Za-z][\w.-]{0,63}(?:\[\])?$/.test(name)) throw malformed('the name of a part must be 1 to 64 plain characters');
  const isFile = parameters.has('filename') || parameters.has('filename*');
  return { name, filename: isFile ? plainFilename(parameters.get('filename') ?? '') : null };
}

/** Returns a name without folders, quotes and control characters. Servers read a file's kind from its ending. */
function plainFilename(sent: string): string {
  const last = Buffer.from(sent, 'latin1').toString('utf8').split(/[/\\]/).at(-1) ?? '';
  const plain = last.replace(/[^\w. -]/g, '_').slice(-FILENAME_CHARS_MAX);
  return /^\.*$/.test(plain) ? 'file' : plain;
}

function add(body: JsonObject, files: FormFile[], { name, filename, contentType }: PartHead, content: Buffer): void {
  const known = knownFieldInAnotherCase(name);
  if (known !== null) throw new BadField(name, `${name} is written ${known}`);
  if (filename !== null) {
    files.push({ field: name, filename, contentType, bytes: content });
    return;
  }
  if (content.length > FIELD_BYTES_MAX) throw new BadField(name, `${name} must be at most ${FIELD_BYTES_MAX} bytes`);
  const text = content.toString('utf8');
  if (text.includes('\ufffd')) throw new BadField(name, `${name} must be text in UTF-8`);
  const before = Object.hasOwn(body, name) ? body[name] : undefined;
  if (before !== undefined && !name.endsWith('[]')) throw new BadField(name, `${name} is given twice`);
  body[name] = name.endsWith('[]') ? [...((before as string[] | undefined) ?? []), text] : text;
}

function malformed(why: string): BadField {
  return new BadField('body', `The form cannot be read: ${why}.`);
}

/** A form as it is sent. */
export interface WrittenForm {
  readonly bytes: Pieces;
  readonly contentType: string;
}

/** Writes a form. Its files stay where they are. */
export function writeForm(body: JsonObject, files: readonly FormFile[]): WrittenForm {
  const boundary = `headgate-${randomUUID()}`;
  const pieces: Buffer[] = [];
  let text = '';
  for (const [name, value] of Object.entries(body))
    for (const one of Array.isArray(value) ? value : [value])
      text += `--${boundary}${CRLF}content-disposition: form-data; name="${name}"${CRLF}${CRLF}${String(one)}${CRLF}`;
  for (const { field, filename, contentType, bytes } of files) {
    text += `--${boundary}${CRLF}content-disposition: form-data; name="${field}"; filename="${filename}"${CRLF}`;
    pieces.push(Buffer.from(`${text}content-type: ${contentType}${CRLF}${CRLF}`), bytes);
    text = CRLF;
  }
  pieces.push(Buffer.from(`${text}--${boundary}--${CRLF}`));
  return {
    bytes: new Pieces(pieces.filter(({ length }) => length > 0)),
    contentType: `multipart/form-data; boundary=${boundary}`,
  };
}
