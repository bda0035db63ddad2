import type { JsonObject } from '../dialect.ts';
import { objectOr, objectsIn, stringOr } from '../json.ts';
import type { Citation } from '../neutral.ts';

/** Decodes the `annotations` of a message. Only sources on the web have an equivalent here. */
export function readAnnotations(annotations: unknown, content: string): Citation[] {
  return objectsIn(annotations).flatMap((annotation) => {
    const { url, title, start_index: start, end_index: end } = objectOr(annotation.url_citation);
    if (typeof url !== 'string') return [];
    const cited = typeof start === 'number' && typeof end === 'number' ? content.slice(start, end) : '';
    return [{ url, title: stringOr(title, null), citedText: cited === '' ? null : cited }];
  });
}

/** Encodes a citation of the text between two offsets of the whole content. */
export function annotationOf(citation: Citation, startIndex: number, endIndex: number): JsonObject {
  const { url, title } = citation;
  return { type: 'url_citation', url_citation: { url, title: title ?? url, start_index: startIndex, end_index: endIndex } };
}
