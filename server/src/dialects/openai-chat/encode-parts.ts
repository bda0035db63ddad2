import type { ThinkingPlace } from '../../domain/presets/preset.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { defined } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { MediaPart, Opaque, Part } from '../neutral.ts';
import { opaqueText } from '../opaque.ts';

/** The features of the model that a request is encoded for. */
export interface Writer {
  readonly losses: Losses;
  /** True if the model knows explicit cache breakpoints; others answer them with 400. */
  readonly marksCache: boolean;
  /** The place of earlier thinking. */
  readonly thinking: ThinkingPlace;
}

/** Encodes the content parts of a message. Thinking, tool calls and tool results belong elsewhere and are left out. */
export function contentOf(parts: readonly Part[], writer: Writer): JsonObject[] {
  return parts.flatMap((part) => {
    const content = partOf(part);
    if (content === null) return [];
    const cache = 'cache' in part ? part.cache : null;
    if (cache !== null && !writer.marksCache) writer.losses.drop('cache_mark');
    return [cache !== null && writer.marksCache ? { ...content, prompt_cache_breakpoint: { mode: 'explicit' } } : content];
  });
}

function partOf(part: Part): JsonObject | null {
  if (part.is === 'text' || part.is === 'refusal') return { type: 'text', text: part.text };
  if (part.is === 'image') return { type: 'image_url', image_url: { url: urlOf(part) } };
  if (part.is === 'audio') return { type: 'input_audio', input_audio: soundOf(part) };
  if (part.is === 'video') throw new Untranslatable(part.at, 'this model does not support video');
  if (part.is === 'document') return fileOf(part);
  return null;
}

function urlOf({ source, is, at }: MediaPart): string {
  if (source.is === 'url') return source.url;
  if (source.is === 'base64') return `data:${source.mediaType};base64,${source.data}`;
  throw new Untranslatable(at, `this model needs the ${is} as data or as a URL: it does not support stored files`);
}

function fileOf(part: MediaPart): JsonObject {
  const { source, title, at } = part;
  if (source.is === 'text') return { type: 'text', text: title === null ? source.text : `${title}\n\n${source.text}` };
  if (source.is === 'file') return { type: 'file', file: { file_id: source.id } };
  if (source.is === 'url') throw new Untranslatable(at, 'this model needs the document as data: it does not support URLs');
  return { type: 'file', file: { filename: title ?? 'document.pdf', file_data: urlOf(part) } };
}

function soundOf({ source, at }: MediaPart): JsonObject {
  if (source.is !== 'base64') throw new Untranslatable(at, 'this model needs sound as data');
  return { data: source.data, format: source.mediaType.replace(/^audio\/(?:x-)?/, '') };
}

/**
 * Encodes thinking in fields that compatible servers know: the text as `reasoning_content`, and signed blocks as
 * `thinking_blocks`, so that the next request can return their signatures.
 */
export function thinkingFields(parts: readonly Part[], place: ThinkingPlace = 'reasoning_content'): JsonObject {
  const blocks = parts.flatMap(thinkingBlock);
  if (blocks.length === 0 || place === 'content' || place === 'none') return {};
  const words = wordsOf(parts);
  const signed = blocks.some((block) => block.signature !== undefined || block.data !== undefined);
  return defined({ [place]: words === '' ? undefined : words, thinking_blocks: signed ? blocks : undefined });
}

/** Encodes thinking as a part of the content, as Mistral writes it and takes it back. */
export function thinkingParts(parts: readonly Part[]): JsonObject[] {
  const words = wordsOf(parts);
  return words === '' ? [] : [{ type: 'thinking', thinking: [{ type: 'text', text: words }] }];
}

function wordsOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.is === 'thinking' ? part.text : '')).join('');
}

function opaqueOrNone(opaque: Opaque | null): string | undefined {
  return opaque === null ? undefined : opaqueText(opaque, 'anthropic');
}

function thinkingBlock(part: Part): JsonObject[] {
  if (part.is === 'redacted_thinking') return [{ type: 'redacted_thinking', data: opaqueText(part.data, 'anthropic') }];
  if (part.is !== 'thinking') return [];
  return [defined({ type: 'thinking', thinking: part.text, signature: opaqueOrNone(part.signature) })];
}
