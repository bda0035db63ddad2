import type { Picture } from '../../domain/money/pieces.ts';
import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr } from '../json.ts';
import { believed, countOf, isCount, type Reported } from '../plausible.ts';
import { BadField, booleanIn, type MediaFacts, textIn, wholeIn } from './fields.ts';

/** OpenAI makes at most so many pictures at once, and no known server makes more. */
const PICTURES_MAX = 10;
const PARTIAL_MAX = 3;
const WORD_CHARS_MAX = 32;

/** Returns the facts of a request for pictures. It is billed by the picture, or by the tokens that it takes. */
export function imageFacts(body: JsonObject): MediaFacts {
  textIn(body, 'prompt');
  return pictureFacts(body);
}

/** Returns the same of a request that may have no prompt. */
export function pictureFacts(body: JsonObject): MediaFacts {
  const most = wholeIn(body, 'n', { min: 1, max: PICTURES_MAX }) ?? 1;
  wholeIn(body, 'partial_images', { min: 0, max: PARTIAL_MAX });
  const picture = { quality: wordIn(body, 'quality'), size: wordIn(body, 'size') };
  return {
    stream: booleanIn(body, 'stream'),
    answers: most,
    beyond: [{ is: 'pieces', param: 'n', pieces: { unit: 'image', most, orTokens: 'image_output', picture } }],
  };
}

/** Returns a word by which pictures have prices; null if it is left to the provider. Throws BadField. */
function wordIn(body: JsonObject, param: 'quality' | 'size'): string | null {
  const value = body[param];
  if (value === undefined || value === null || value === 'auto') return null;
  if (typeof value !== 'string' || value === '' || value.length > WORD_CHARS_MAX)
    throw new BadField(param, `${param} must be a text of at most ${WORD_CHARS_MAX} characters`);
  return value.toLowerCase();
}

/** Reads the tokens of pictures. All output is the pictures' own, unless the answer says that some of it is text. */
export function imageTokens(usage: unknown): Reported {
  if (!isObject(usage)) return null;
  const { input_tokens: input, output_tokens: output } = usage;
  if ((input ?? output ?? null) === null) return null;
  const inputs = objectOr(usage.input_tokens_details);
  const outputs = objectOr(usage.output_tokens_details);
  if (![input, output, inputs.image_tokens, inputs.cached_tokens, outputs.text_tokens].every((count) => isCount(count)))
    return 'implausible';
  const pictures = Math.min(countOf(inputs.image_tokens), countOf(input));
  const text = Math.min(countOf(outputs.text_tokens), countOf(output));
  return believed({
    input: countOf(input) - pictures,
    ...(pictures > 0 ? { image_input: pictures } : {}),
    ...(text > 0 ? { output: text } : {}),
    image_output: countOf(output) - text,
  });
}

/** Returns what an answer says of its pictures; null for what it does not say. */
export function pictureIn({ quality, size }: { readonly quality?: unknown; readonly size?: unknown }): Picture {
  const said = (value: unknown) => (typeof value === 'string' && value !== 'auto' ? value.toLowerCase() : null);
  return { quality: said(quality), size: said(size) };
}
