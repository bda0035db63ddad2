import type { JsonObject } from '../dialect.ts';
import { BadField, type MediaFacts, textIn, wholeIn } from './fields.ts';

/** More documents than any known model takes. */
const DOCUMENTS_MAX = 10_000;
/** A search unit is one query over so many documents. A longer document counts once for each part of so many tokens. */
const UNIT_DOCUMENTS = 100;
const PART_TOKENS = 500;
/** The fewest tokens of a part that are assumed to be left beside the query, which is read with each. */
const PART_TOKENS_MIN = 50;

/**
 * Returns the facts of a request to put documents in order. Its search units are bounded by Cohere's rule, with one token for each
 * byte. Vendors that bill tokens count the query again with each document.
 */
export function rerankFacts(body: JsonObject): MediaFacts {
  const query = Buffer.byteLength(textIn(body, 'query'));
  const documents = documentsIn(body);
  wholeIn(body, 'top_n', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const room = Math.max(PART_TOKENS_MIN, PART_TOKENS - query);
  let parts = 0;
  for (const document of documents) parts += Math.max(1, Math.ceil(bytesOf(document) / room));
  return {
    inputs: documents.length,
    moreBytes: query * (documents.length - 1),
    beyond: [
      {
        is: 'pieces',
        param: 'documents',
        pieces: { unit: 'search_unit', most: Math.ceil(parts / UNIT_DOCUMENTS), orTokens: 'input' },
      },
    ],
  };
}

function documentsIn({ documents }: JsonObject): readonly unknown[] {
  if (!Array.isArray(documents) || documents.length === 0 || documents.length > DOCUMENTS_MAX)
    throw new BadField('documents', `documents must be a list of 1 to ${DOCUMENTS_MAX} texts or objects`);
  const wrong = documents.findIndex((one) => typeof one !== 'string' && (typeof one !== 'object' || one === null));
  if (wrong !== -1) throw new BadField(`documents[${wrong}]`, `documents[${wrong}] must be a text or an object`);
  return documents;
}

function bytesOf(document: unknown): number {
  return Buffer.byteLength(typeof document === 'string' ? document : JSON.stringify(document));
}
