import type { JsonObject } from '../dialect.ts';
import { objectOr, objectsIn, stringOr } from '../json.ts';
import type { Citation } from '../neutral.ts';

/** Decodes citations. Their sources are documents and results of tools; only those with an address have an equivalent here. */
export function citationsOf(citations: unknown): Citation[] {
  return objectsIn(citations).flatMap((citation) => {
    const citedText = stringOr(citation.text, null);
    return objectsIn(citation.sources).flatMap((source) => sourceOf(source, citedText));
  });
}

function sourceOf(source: JsonObject, citedText: string | null): Citation[] {
  const { url, title } = objectOr(source.type === 'tool' ? source.tool_output : source.document);
  if (typeof url !== 'string' || !/^https?:\/\//.test(url)) return [];
  return [{ url, title: stringOr(title, null), citedText }];
}
