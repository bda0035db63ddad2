/** The heads of a form's parts, and the boundary between them, read strictly. */
import { BadField } from './fields.ts';

const BOUNDARY_CHARS_MAX = 70;
const FILENAME_CHARS_MAX = 128;
export const CRLF = '\r\n';

/** Returns the boundary that a content type names. Throws BadField. */
export function boundaryIn(contentType: string): string {
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

export interface PartHead {
  readonly name: string;
  /** Null: a field. */
  readonly filename: string | null;
  readonly contentType: string;
}

/** Reads the head of a part. Throws BadField. */
export function headOf(text: string): PartHead {
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

/** OpenAI's clients write an object of a form as one field for each of its own. The Files API has the only one. */
const PART_NAME = /^(?:[A-Za-z][\w.-]{0,63}(?:\[\])?|expires_after\[(?:anchor|seconds)\])$/;

function dispositionOf(value: string): Pick<PartHead, 'name' | 'filename'> {
  const [, rest] = /^form-data((?:; ?[\w-]+\*?=(?:"(?:[^"\\]|\\.)*"|[^\s";]+))*)$/i.exec(value) ?? [];
  if (rest === undefined) throw malformed('a part must say its name as form-data');
  const parameters = new Map<string, string>();
  for (const [, key = '', quoted, plain = ''] of rest.matchAll(/; ?([\w-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/g)) {
    if (parameters.has(key.toLowerCase())) throw malformed('a part names itself twice');
    parameters.set(key.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'));
  }
  const name = parameters.get('name') ?? '';
  if (!PART_NAME.test(name)) throw malformed('the name of a part must be 1 to 64 plain characters');
  const isFile = parameters.has('filename') || parameters.has('filename*');
  return { name, filename: isFile ? plainFilename(parameters.get('filename') ?? '') : null };
}

/** Returns a name without folders, quotes and control characters. Servers read a file's kind from its ending. */
function plainFilename(sent: string): string {
  const last = Buffer.from(sent, 'latin1').toString('utf8').split(/[/\\]/).at(-1) ?? '';
  const plain = last.replace(/[^\w. -]/g, '_').slice(-FILENAME_CHARS_MAX);
  return /^\.*$/.test(plain) ? 'file' : plain;
}

export function malformed(why: string): BadField {
  return new BadField('body', `The form cannot be read: ${why}.`);
}
