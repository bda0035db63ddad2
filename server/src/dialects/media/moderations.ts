import type { JsonObject } from '../dialect.ts';
import { objectOr, objectsIn } from '../json.ts';
import { BadField, type MediaFacts } from './fields.ts';

/** Returns the facts of a request to judge texts and pictures. It is billed by tokens, if at all. */
export function moderationFacts({ input }: JsonObject): MediaFacts {
  if (typeof input === 'string') return {};
  if (!Array.isArray(input) || input.length === 0) throw new BadField('input', 'input must be a text or a list');
  const urls = objectsIn(input).flatMap(({ image_url: image }) => {
    const { url } = objectOr(image);
    return typeof url === 'string' ? [url] : [];
  });
  const mediaBytes = urls.reduce((sum, url) => sum + (url.startsWith('data:') ? url.length : 0), 0);
  return { mediaParts: urls.length, mediaBytes };
}
