import { cacheMarkOf } from '../cache-marks.ts';
import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { MESSAGES_BLOCK } from '../inner-fields.ts';
import { isObject, objectOr, objectsIn, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { CacheMark, Citation, Opaque, Part, Source } from '../neutral.ts';
import { text } from '../neutral.ts';
import { opaqueOf } from '../opaque.ts';

/**
 * Decodes the content blocks (or the string) of a request or an answer into parts. Blocks of the provider's own tools are left
 * out: the text after them holds the outcome. `losses` takes what a request loses; null for an answer. Throws Untranslatable.
 */
export function readBlocks(content: unknown, where: string, losses: Losses | null): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [text(content)];
  if (!Array.isArray(content)) throw new Untranslatable(where, `${where} must be a string or an array`);
  return content.flatMap((block, index) => partsOf(block, `${where}[${index}]`, losses));
}

function partsOf(block: unknown, where: string, losses: Losses | null): Part[] {
  if (!isObject(block)) throw new Untranslatable(where, `${where} must be an object`);
  losses?.dropOthers(block, MESSAGES_BLOCK, 'messages');
  const cache = cacheMarkOf(block);
  switch (block.type) {
    case 'text':
      return [{ ...text(stringOr(block.text, ''), cache), citations: objectsIn(block.citations).flatMap(readCitation) }];
    case 'image':
      return [{ is: 'image', source: sourceOf(objectOr(block.source), where), title: null, cache, at: where }];
    case 'document':
      return documentParts(block, where, cache, losses);
    case 'search_result':
      return [text(searchResultText(block), cache)];
    case 'thinking':
      return [{ is: 'thinking', text: stringOr(block.thinking, ''), signature: signatureOf(block.signature) }];
    case 'redacted_thinking':
      return redacted(block.data);
    case 'tool_use':
      return [
        {
          is: 'tool_call',
          id: stringOr(block.id, ''),
          name: stringOr(block.name, ''),
          arguments: JSON.stringify(block.input ?? {}),
          signature: null,
          cache,
        },
      ];
    case 'tool_result':
      return [toolResultOf(block, where, cache, losses)];
    // A summary of the conversation before, in words.
    case 'compaction':
      return typeof block.content === 'string' ? [text(block.content, cache)] : [];
    default:
      if (isProvidersOwn(block.type)) {
        losses?.dropField(`messages.${block.type}`);
        return [];
      }
      throw new Untranslatable(`${where}.type`, `this model does not support ${JSON.stringify(block.type)} blocks`);
  }
}

/** Reports whether a block is a step or a result of a tool that the provider runs, or a mark for its own use. */
function isProvidersOwn(type: unknown): type is string {
  return typeof type === 'string' && /^(server_tool_use|mcp_tool_use|tool_reference|fallback|.+_tool_result)$/.test(type);
}

/** Returns the signature of thinking. An empty one is none. */
export function signatureOf(signature: unknown): Opaque | null {
  return typeof signature === 'string' && signature !== '' ? opaqueOf(signature, 'anthropic') : null;
}

function redacted(data: unknown): Part[] {
  const opaque = opaqueOf(stringOr(data, ''), 'anthropic');
  return opaque === null ? [] : [{ is: 'redacted_thinking', data: opaque }];
}

function toolResultOf(block: JsonObject, where: string, cache: CacheMark | null, losses: Losses | null): Part {
  return {
    is: 'tool_result',
    callId: stringOr(block.tool_use_id, ''),
    parts: readBlocks(block.content, `${where}.content`, losses),
    failed: block.is_error === true,
    cache,
  };
}

function documentParts(block: JsonObject, where: string, cache: CacheMark | null, losses: Losses | null): Part[] {
  const source = objectOr(block.source);
  if (objectOr(block.citations).enabled === true) losses?.drop('citations');
  if (typeof block.context === 'string') losses?.dropField('messages.context');
  if (source.type === 'content') return readBlocks(source.content, `${where}.source.content`, losses);
  return [{ is: 'document', source: sourceOf(source, where), title: stringOr(block.title, null), cache, at: where }];
}

function sourceOf(source: JsonObject, where: string): Source {
  const data = stringOr(source.data, null);
  if (source.type === 'base64' && data !== null) {
    return { is: 'base64', mediaType: stringOr(source.media_type, 'application/octet-stream'), data };
  }
  if (source.type === 'text' && data !== null) return { is: 'text', text: data };
  if (source.type === 'url' && typeof source.url === 'string') return { is: 'url', url: source.url };
  if (source.type === 'file' && typeof source.file_id === 'string') return { is: 'file', id: source.file_id };
  throw new Untranslatable(`${where}.source`, `${where}.source has a type that this model does not support`);
}

function searchResultText(block: JsonObject): string {
  const body = objectsIn(block.content).map((part) => stringOr(part.text, ''));
  return [stringOr(block.title, ''), stringOr(block.source, ''), ...body].filter((line) => line !== '').join('\n');
}

/** Decodes a citation that names a source on the web. Positions inside a caller's own documents have no equivalent elsewhere. */
export function readCitation(citation: JsonObject): Citation[] {
  if (typeof citation.url !== 'string') return [];
  return [{ url: citation.url, title: stringOr(citation.title, null), citedText: stringOr(citation.cited_text, null) }];
}
