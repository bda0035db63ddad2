import type { JsonObject } from '../dialect.ts';
import { arrayOr, objectsIn, stringOr } from '../json.ts';
import type { Citation } from '../neutral.ts';
import { field, fieldObject } from './fields.ts';

/** Returns the sources on the web that a candidate names: by the text each supports, else as they stand. */
export function citationsOf(candidate: JsonObject): Citation[] {
  const metadata = fieldObject(candidate, 'groundingMetadata');
  const sources = objectsIn(field(metadata, 'groundingChunks')).map((chunk) => sourceOf(fieldObject(chunk, 'web')));
  const supports = objectsIn(field(metadata, 'groundingSupports'));
  if (supports.length === 0) return sources.filter((source) => source !== null);
  return supports.flatMap((support) => {
    const citedText = stringOr(fieldObject(support, 'segment').text, null);
    return arrayOr(field(support, 'groundingChunkIndices')).flatMap((at) => {
      const source = typeof at === 'number' ? sources[at] : null;
      return source === null || source === undefined ? [] : [{ ...source, citedText }];
    });
  });
}

function sourceOf(web: JsonObject): Citation | null {
  return typeof web.uri === 'string' ? { url: web.uri, title: stringOr(web.title, null), citedText: null } : null;
}

/** Returns citations as Gemini writes them; undefined if there are none. */
export function groundingMetadata(citations: readonly Citation[]): JsonObject | undefined {
  if (citations.length === 0) return undefined;
  return {
    groundingChunks: citations.map(({ url, title }) => ({ web: { uri: url, title: title ?? url } })),
    groundingSupports: citations.flatMap(({ citedText }, at) =>
      citedText === null ? [] : [{ segment: { text: citedText }, groundingChunkIndices: [at] }],
    ),
  };
}
