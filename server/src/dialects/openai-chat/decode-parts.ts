import { cacheMarkOf } from '../cache-marks.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { CHAT_PART } from '../inner-fields.ts';
import { isObject, objectOr, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import { documentOf, urlSource } from '../media-parts.ts';
import type { CacheMark, Opaque, Part, Source } from '../neutral.ts';
import { text } from '../neutral.ts';
import { opaqueOf } from '../opaque.ts';

/**
 * Decodes a message's content, a string or parts. `cache` marks its end if the message itself carries the mark. Throws
 * Untranslatable.
 */
export function readContent(content: unknown, where: string, cache: CacheMark | null, losses: Losses): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [text(content, cache)];
  if (!Array.isArray(content)) throw new Untranslatable(`${where}.content`, `${where}.content must be a string or an array`);
  const parts = content.map((part, index) => partOf(part, `${where}.content[${index}]`, losses));
  const last = parts.at(-1);
  if (cache !== null && last !== undefined && 'cache' in last) parts[parts.length - 1] = { ...last, cache };
  return parts;
}

function partOf(part: unknown, where: string, losses: Losses): Part {
  if (typeof part === 'string') return text(part);
  if (!isObject(part)) throw new Untranslatable(where, `${where} must be an object`);
  losses.dropOthers(part, CHAT_PART, 'messages');
  const cache = cacheMarkOf(part);
  switch (part.type) {
    case 'text':
      return text(stringOr(part.text, ''), cache);
    case 'refusal':
      return { is: 'refusal', text: stringOr(part.refusal, '') };
    case 'image_url': {
      const { detail } = objectOr(part.image_url);
      if (typeof detail === 'string' && detail !== 'auto') losses.dropField('messages.image_url.detail');
      return { is: 'image', source: urlSource(imageUrlOf(part.image_url, where)), title: null, cache, at: where };
    }
    case 'input_audio':
      return { is: 'audio', source: audioOf(objectOr(part.input_audio)), title: null, cache, at: where };
    case 'file':
      return documentOf(objectOr(part.file), where, cache);
    // Mistral's models return their thinking as a part.
    case 'thinking':
      return { is: 'thinking', text: mistralThinking(part.thinking), signature: blockOpaque(part.signature) };
    default:
      throw new Untranslatable(`${where}.type`, `this model does not support ${JSON.stringify(part.type)} parts`);
  }
}

/** Sound is named by its format, such as `wav`. */
function audioOf({ data, format }: JsonObject): Source {
  return { is: 'base64', mediaType: `audio/${stringOr(format, 'wav')}`, data: stringOr(data, '') };
}

function imageUrlOf(image: unknown, where: string): string {
  const url = isObject(image) ? image.url : image;
  if (typeof url !== 'string') throw new Untranslatable(`${where}.image_url`, `${where}.image_url.url must be a string`);
  return url;
}

/** Reads a signature or redacted data of thinking. Without a mark, it is Anthropic's: no other vendor's is written unmarked. */
export function blockOpaque(value: unknown): Opaque | null {
  return typeof value === 'string' && value !== '' ? opaqueOf(value, 'anthropic') : null;
}

/** Returns the text of Mistral's thinking, which is nested in text parts. */
export function mistralThinking(thinking: unknown): string {
  if (typeof thinking === 'string') return thinking;
  return Array.isArray(thinking) ? thinking.map((part) => stringOr(objectOr(part).text, '')).join('') : '';
}
