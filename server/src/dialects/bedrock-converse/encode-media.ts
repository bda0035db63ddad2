import { Buffer } from 'node:buffer';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import type { MediaPart } from '../neutral.ts';

/** The formats by media type. Bedrock knows no others. */
const FORMATS: Readonly<Record<'image' | 'document' | 'video', ReadonlyMap<string, string>>> = {
  image: new Map([
    ['image/png', 'png'],
    ['image/jpeg', 'jpeg'],
    ['image/jpg', 'jpeg'],
    ['image/gif', 'gif'],
    ['image/webp', 'webp'],
  ]),
  document: new Map([
    ['application/pdf', 'pdf'],
    ['text/csv', 'csv'],
    ['application/msword', 'doc'],
    ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
    ['application/vnd.ms-excel', 'xls'],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
    ['text/html', 'html'],
    ['text/plain', 'txt'],
    ['text/markdown', 'md'],
  ]),
  video: new Map([
    ['video/mp4', 'mp4'],
    ['video/quicktime', 'mov'],
    ['video/mov', 'mov'],
    ['video/x-matroska', 'mkv'],
    ['video/webm', 'webm'],
    ['video/x-flv', 'flv'],
    ['video/mpeg', 'mpeg'],
    ['video/mpg', 'mpg'],
    ['video/x-ms-wmv', 'wmv'],
    ['video/wmv', 'wmv'],
    ['video/3gpp', 'three_gp'],
  ]),
};

/** Gives documents names that are unique in one request, as Bedrock requires. */
export class DocumentNames {
  readonly #given = new Set<string>();

  /** Returns a name of the letters that Bedrock takes: letters, digits, single spaces, hyphens, round and square brackets. */
  of(title: string | null): string {
    const plain = (title ?? '')
      .replace(/[^\p{L}\p{N}\s\-()[\]]/gu, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, NAME_CHARS_MAX);
    // Letters beyond ASCII are no letters there.
    const base = plain.replace(/[^\x20-\x7e]/g, '').trim() || 'document';
    let name = base;
    for (let at = 2; this.#given.has(name); at += 1) name = `${base} ${at}`;
    this.#given.add(name);
    return name;
  }
}

const NAME_CHARS_MAX = 180;

/** Encodes media as bytes. Throws Untranslatable for an address, a stored file, sound, and a format that Bedrock does not know. */
export function mediaBlock(part: MediaPart, names: DocumentNames): JsonObject {
  const { is, source, title, at } = part;
  if (is === 'audio') throw new Untranslatable(at, 'this model does not support audio');
  if (source.is === 'text') return { text: title === null ? source.text : `${title}\n\n${source.text}` };
  if (source.is === 'file')
    throw new Untranslatable(at, `${at} names a stored file, which this model cannot read: send its content`);
  // An address would be read with the rights of our account if it named a bucket, and is not read at all otherwise.
  if (source.is === 'url') throw new Untranslatable(at, `this model needs the ${is} as data: it does not support URLs`);
  const format = FORMATS[is].get(source.mediaType.toLowerCase());
  if (format === undefined)
    throw new Untranslatable(at, `this model does not support a ${is} of type ${source.mediaType.slice(0, 100)}`);
  const bytes = inOneAlphabet(source.data);
  return is === 'document'
    ? { document: { format, name: names.of(title), source: { bytes } } }
    : { [is]: { format, source: { bytes } } };
}

/** Returns data in the ordinary alphabet of base64. Some clients write that of URLs, which Bedrock refuses. */
function inOneAlphabet(data: string): string {
  return /[-_\s]/.test(data) ? Buffer.from(data, 'base64url').toString('base64') : data;
}
