import type { JsonObject } from '../dialect.ts';
import { BadField, type MediaFacts } from './fields.ts';
import { imageFacts, pictureFacts } from './images.ts';
import { filesOf } from './multipart.ts';
import { formBoolean } from './transcriptions.ts';

const PICTURE_FIELDS: ReadonlySet<string> = new Set(['image', 'image[]', 'mask']);

/** Returns the facts of a request to change pictures, which is a form. It costs what pictures cost, and those that are read. */
export function imageEditFacts(body: JsonObject): MediaFacts {
  const files = filesOf(body);
  const wrong = files.find(({ field }) => !PICTURE_FIELDS.has(field));
  if (wrong !== undefined) throw new BadField(wrong.field, `${wrong.field} takes no file: only image, image[] and mask do`);
  if (!files.some(({ field }) => field !== 'mask'))
    throw new BadField('image', 'image must be a file, sent as a part with a file name');
  const facts = imageFacts({
    ...body,
    stream: formBoolean(body, 'stream'),
    n: numberOf(body.n),
    partial_images: numberOf(body.partial_images),
  });
  return { ...facts, mediaParts: files.length, mediaBytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0) };
}

/** Returns the facts of a request for variations of one picture, which is a form without a prompt. */
export function imageVariationFacts(body: JsonObject): MediaFacts {
  const files = filesOf(body);
  const [picture] = files;
  if (picture === undefined || files.length > 1 || picture.field !== 'image')
    throw new BadField('image', 'image must be one file, sent as a part with a file name');
  const facts = pictureFacts({ ...body, n: numberOf(body.n) });
  return { ...facts, mediaParts: 1, mediaBytes: picture.bytes.length };
}

/** Returns the number that a text says, or the text itself, which is refused later. */
function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
}
