import type { JsonObject } from './dialect.ts';
import { Untranslatable } from './dialect.ts';
import { stringOr } from './json.ts';
import type { CacheMark, Part, Source } from './neutral.ts';

/** Returns the source of a URL. A `data:` URL is split for dialects that store media type and data separately. */
export function urlSource(url: string): Source {
  const match = /^data:([^;,]*)(?:;[^;,]*)*;base64,/i.exec(url);
  if (match === null) return { is: 'url', url };
  return { is: 'base64', mediaType: match[1] || 'application/octet-stream', data: url.slice(match[0].length) };
}

/** Decodes a file of either of OpenAI's dialects. Throws Untranslatable if it holds no data. */
export function documentOf(file: JsonObject, where: string, cache: CacheMark | null): Part {
  const title = stringOr(file.filename, null);
  if (typeof file.file_id === 'string')
    return { is: 'document', source: { is: 'file', id: file.file_id }, title, cache, at: where };
  if (typeof file.file_data !== 'string')
    throw new Untranslatable(`${where}.file`, `${where}.file must have file_data or file_id`);
  const source = urlSource(file.file_data);
  if (source.is !== 'base64')
    return {
      is: 'document',
      source: { is: 'base64', mediaType: 'application/pdf', data: file.file_data },
      title,
      cache,
      at: where,
    };
  if (!source.mediaType.startsWith('text/')) return { is: 'document', source, title, cache, at: where };
  return {
    is: 'document',
    source: { is: 'text', text: Buffer.from(source.data, 'base64').toString('utf8') },
    title,
    cache,
    at: where,
  };
}
