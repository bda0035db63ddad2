import type { EmbeddingWire } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import type { Losses } from '../losses.ts';

/** The uses of a vector that some models make differently. */
export const INPUT_TYPES = ['document', 'query', 'classification', 'clustering'] as const;
type InputType = (typeof INPUT_TYPES)[number];

/** Each vendor's word for a use. Voyage has two. */
export const INPUT_TYPE_WORDS: Readonly<Record<EmbeddingWire, Readonly<Partial<Record<InputType, string>>>>> = {
  'cohere-embed': {
    document: 'search_document',
    query: 'search_query',
    classification: 'classification',
    clustering: 'clustering',
  },
  'voyage-embed': { document: 'document', query: 'query' },
  'gemini-embed': {
    document: 'RETRIEVAL_DOCUMENT',
    query: 'RETRIEVAL_QUERY',
    classification: 'CLASSIFICATION',
    clustering: 'CLUSTERING',
  },
};

/** The uses by every vendor's word, because a model may have deployments of several. */
const TYPES: ReadonlyMap<string, InputType> = new Map(
  Object.values(INPUT_TYPE_WORDS).flatMap((words) =>
    Object.entries(words).map(([type, word]) => [word, type as InputType] as const),
  ),
);

/**
 * Returns the vendor's word for the use that a client names in `input_type`; undefined if it names none. A use that the vendor
 * does not tell apart is dropped. Throws Untranslatable for a word that no vendor has.
 */
export function inputTypeFor(wire: EmbeddingWire, value: unknown, losses: Losses): string | undefined {
  if (value === undefined || value === null) return undefined;
  const type = typeof value === 'string' ? TYPES.get(value) : undefined;
  if (type === undefined)
    throw new Untranslatable(
      'input_type',
      `input_type must be one of ${[...TYPES.keys()].join(', ')}: another is not known here`,
    );
  const word = INPUT_TYPE_WORDS[wire][type];
  if (word === undefined) losses.dropField('input_type');
  return word;
}
