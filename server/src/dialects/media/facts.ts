/** The facts that admission needs about requests that are no conversation. Their prices count pieces rather than tokens. */
import type { JsonObject, MediaWire, Wire } from '../dialect.ts';
import type { MediaFacts } from './fields.ts';
import { imageEditFacts, imageVariationFacts } from './image-edits.ts';
import { imageFacts } from './images.ts';
import { moderationFacts } from './moderations.ts';
import { rerankFacts } from './rerank.ts';
import { speechFacts } from './speech.ts';
import { transcriptionFacts } from './transcriptions.ts';

const READERS: Readonly<Record<MediaWire, (body: JsonObject) => MediaFacts>> = {
  'cohere-rerank': rerankFacts,
  'openai-moderations': moderationFacts,
  'openai-images': imageFacts,
  'openai-speech': speechFacts,
  'openai-transcriptions': transcriptionFacts,
  'openai-translations': transcriptionFacts,
  'openai-image-edits': imageEditFacts,
  'openai-image-variations': imageVariationFacts,
};

export function isMedia(wire: Wire): wire is MediaWire {
  return Object.hasOwn(READERS, wire);
}

/** Throws BadField. */
export function mediaFacts(wire: MediaWire, body: JsonObject): MediaFacts {
  return READERS[wire](body);
}
