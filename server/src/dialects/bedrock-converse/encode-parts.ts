import { hash } from 'node:crypto';
import { inputOf, toolId } from '../anthropic-messages/encode-blocks.ts';
import type { JsonObject } from '../dialect.ts';
import { defined, isObject, parseJson } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { CacheMark, Part, ToolResultPart } from '../neutral.ts';
import { textOf } from '../neutral.ts';
import { type DocumentNames, mediaBlock } from './encode-media.ts';
import { cachesForHour, cachesPrompts, type Family } from './families.ts';

/** The state of one request in the making. */
export interface Writer {
  readonly model: string;
  readonly family: Family;
  readonly losses: Losses;
  readonly names: DocumentNames;
}

/** Encodes a part as content blocks. Returns none for a part that Converse refuses: blank text, and thinking of other vendors. */
export function blocksOf(part: Part, writer: Writer): JsonObject[] {
  switch (part.is) {
    case 'text':
      return isBlank(part.text) ? [] : [{ text: part.text }, ...cachePoint(part.cache, writer)];
    case 'refusal':
      return isBlank(part.text) ? [] : [{ text: part.text }];
    case 'thinking':
      return thinkingBlock(part, writer);
    case 'redacted_thinking':
      if (writer.family === 'claude' && part.data.issuer === 'anthropic')
        return [{ reasoningContent: { redactedContent: part.data.data } }];
      writer.losses.drop('signature');
      return [];
    case 'raw':
      return [];
    case 'image':
    case 'document':
    case 'audio':
    case 'video': {
      const block = mediaBlock(part, writer.names);
      // A mark after a document or a film is refused.
      if (part.cache !== null && (block.document !== undefined || block.video !== undefined)) writer.losses.drop('cache_mark');
      else return [block, ...cachePoint(part.cache, writer)];
      return [block];
    }
    case 'tool_call':
      return [
        { toolUse: { toolUseId: callId(part.id), name: part.name, input: inputOf(part.arguments) } },
        ...cachePoint(part.cache, writer),
      ];
    case 'tool_result':
      return [resultBlock(part, writer), ...cachePoint(part.cache, writer)];
  }
}

/** Reports whether Converse refuses a text. */
export function isBlank(text: string): boolean {
  return text.trim() === '';
}

function thinkingBlock({ text, signature }: Extract<Part, { is: 'thinking' }>, { family, losses }: Writer): JsonObject[] {
  if (family === 'claude' && signature?.issuer === 'anthropic')
    return [{ reasoningContent: { reasoningText: { text, signature: signature.data } } }];
  losses.drop(signature === null ? 'thinking' : 'signature');
  return [];
}

/** Returns the mark at the end of a cached prefix, for models that have a cache. */
export function cachePoint(cache: CacheMark | null, { model, family, losses }: Writer): JsonObject[] {
  if (cache === null) return [];
  if (!cachesPrompts(model, family)) {
    losses.drop('cache_mark');
    return [];
  }
  const isForHour = cache.ttl === '1h' && cachesForHour(model);
  if (cache.ttl === '1h' && !isForHour) losses.drop('cache_mark');
  return [{ cachePoint: defined({ type: 'default', ttl: isForHour ? '1h' : undefined }) }];
}

const ID_CHARS_MAX = 64;

/** Returns the id of a call in the letters and the length that Converse takes. The same id always gives the same result. */
function callId(id: string): string {
  const plain = toolId(id);
  return plain.length <= ID_CHARS_MAX ? plain : hash('sha256', id, 'hex').slice(0, ID_CHARS_MAX);
}

/** An empty result is refused. */
const NO_OUTPUT = '(no output)';

function resultBlock(result: ToolResultPart, writer: Writer): JsonObject {
  const { callId: id, parts, failed } = result;
  const inner = parts.flatMap((part) => blocksOf(part, writer)).filter((block) => block.cachePoint === undefined);
  const takesStatus = writer.family !== 'writer';
  if (failed && !takesStatus) writer.losses.drop('failed_result');
  const status = failed && takesStatus ? 'error' : undefined;
  const content = inner.length === 0 ? [{ text: NO_OUTPUT }] : writer.family === 'mistral' ? asJson(result, inner) : inner;
  return { toolResult: defined({ toolUseId: callId(id), content, status }) };
}

/** Returns a result that is one JSON object as such, as Mistral's models expect it. */
function asJson({ parts }: ToolResultPart, blocks: readonly JsonObject[]): readonly JsonObject[] {
  const json = parseJson(textOf(parts));
  const others = blocks.filter(({ text }) => text === undefined);
  return isObject(json) ? [{ json }, ...others] : blocks;
}
