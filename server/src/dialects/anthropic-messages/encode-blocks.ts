import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { defined, isObject, parseJson } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { CacheMark, MediaPart, Part } from '../neutral.ts';

/**
 * Encodes a part as content blocks. Returns none for a part that this dialect refuses: empty text, and thinking without a
 * signature.
 */
export function blockOf(part: Part, losses: Losses): JsonObject[] {
  switch (part.is) {
    case 'text':
      return part.text === '' ? [] : [{ type: 'text', text: part.text, ...cacheControl(part.cache) }];
    case 'image':
      return [{ type: 'image', source: sourceOf(part), ...cacheControl(part.cache) }];
    case 'document':
      return [defined({ type: 'document', source: sourceOf(part), title: part.title ?? undefined, ...cacheControl(part.cache) })];
    case 'refusal':
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'thinking':
      if (part.signature?.issuer === 'anthropic')
        return [{ type: 'thinking', thinking: part.text, signature: part.signature.data }];
      losses.drop(part.signature === null ? 'thinking' : 'signature');
      return [];
    case 'redacted_thinking':
      if (part.data.issuer === 'anthropic') return [{ type: 'redacted_thinking', data: part.data.data }];
      losses.drop('signature');
      return [];
    case 'audio':
    case 'video':
      throw new Untranslatable(part.at, `this model does not support ${part.is}`);
    case 'raw':
      return [];
    case 'tool_call':
      return [
        { type: 'tool_use', id: toolId(part.id), name: part.name, input: inputOf(part.arguments), ...cacheControl(part.cache) },
      ];
    case 'tool_result':
      return [
        defined({
          type: 'tool_result',
          tool_use_id: toolId(part.callId),
          content: part.parts.flatMap((inner) => blockOf(inner, losses)),
          is_error: part.failed || undefined,
          ...cacheControl(part.cache),
        }),
      ];
  }
}

export function cacheControl(cache: CacheMark | null): JsonObject {
  if (cache === null) return {};
  return { cache_control: cache.ttl === null ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: cache.ttl } };
}

/**
 * Replaces characters that this dialect refuses in an id: it takes letters, digits, `_` and `-`. The same id always gives the
 * same result.
 */
export function toolId(id: string): string {
  return id.replace(/[^a-zA-Z0-9_-]/g, '_');
}

/**
 * Parses arguments into the object that this dialect requires. Broken JSON of a model is kept as text in one field, `arguments`.
 */
export function inputOf(json: string): JsonObject {
  if (json.trim() === '') return {};
  const input = parseJson(json);
  return isObject(input) ? input : { arguments: json };
}

function sourceOf({ source, at }: MediaPart): JsonObject {
  switch (source.is) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      // Only http and https URLs can be sent. A data URL that is not base64 has no equivalent here.
      if (!/^https?:/i.test(source.url))
        throw new Untranslatable(at, 'this model supports only http and https URLs and base64 data');
      return { type: 'url', url: source.url };
    case 'file':
      return { type: 'file', file_id: source.id };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
  }
}
