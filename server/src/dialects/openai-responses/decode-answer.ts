import { argumentsOfText } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { objectOr, objectsIn, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { Citation, NeutralAnswer, Opaque, Part, StopReason } from '../neutral.ts';
import { text } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { reasoningText } from './decode-items.ts';

/**
 * Decodes a whole response into the neutral form. Steps of the provider's own tools are left out. Throws UnreadableAnswer if it
 * has no output.
 */
export function decodeResponsesAnswer(json: JsonObject): NeutralAnswer {
  if (!Array.isArray(json.output)) throw new UnreadableAnswer(inBandError(json) ?? 'the provider answered without output');
  const items = objectsIn(json.output);
  const { reason, word } = stopOf(json, items.some(isCall));
  return {
    id: stringOr(json.id, ''),
    model: saidModel(json.model),
    parts: items.flatMap(partsOf),
    stop: reason,
    stopWord: word,
    stopSequence: null,
    usage: usageOf('openai-responses', json),
    serviceTier: stringOr(json.service_tier, null),
    billedTier: tierOf('openai-responses', json),
  };
}

/** Returns the reason for which a response ended, and the provider's word for it. `calls`: it calls tools of the client. */
export function stopOf(response: JsonObject, calls: boolean): { readonly reason: StopReason; readonly word: string } {
  const word = finishWord(response) ?? 'completed';
  if (word === 'max_output_tokens') return { reason: 'length', word };
  if (word === 'content_filter') return { reason: 'refusal', word };
  return { reason: calls ? 'tool_call' : 'end', word };
}

/** Returns the word for the end of a response: its status, or the reason why it is incomplete. Null: it has not ended. */
export function finishWord({ status, incomplete_details: details }: JsonObject): string | null {
  if (status === 'incomplete') return stringOr(objectOr(details).reason, 'incomplete');
  return status === 'in_progress' || status === 'queued' ? null : stringOr(status, null);
}

/** Reports whether an item calls a tool of the client that other dialects know. */
export function isCall({ type }: JsonObject): boolean {
  return type === 'function_call' || type === 'custom_tool_call';
}

function partsOf(item: JsonObject): Part[] {
  switch (item.type) {
    case 'message':
      return objectsIn(item.content).flatMap(wordsOf);
    case 'reasoning': {
      const said = reasoningText(item);
      const sealed = sealedIn(item);
      if (said !== '') return [{ is: 'thinking', text: said, signature: sealed }];
      return sealed === null ? [] : [{ is: 'redacted_thinking', data: sealed }];
    }
    case 'function_call':
      return [callOf(item, stringOr(item.arguments, ''))];
    case 'custom_tool_call':
      return [callOf(item, argumentsOfText(item.input))];
    default:
      return [];
  }
}

/** Returns the encrypted reasoning of an item. */
export function sealedIn(item: JsonObject): Opaque | null {
  const sealed = stringOr(item.encrypted_content, '');
  return sealed === '' ? null : { issuer: 'openai', data: sealed };
}

function wordsOf(part: JsonObject): Part[] {
  if (part.type === 'refusal') return [{ is: 'refusal', text: stringOr(part.refusal, '') }];
  const said = stringOr(part.text, '');
  return said === ''
    ? []
    : [{ ...text(said), citations: objectsIn(part.annotations).flatMap((found) => readCitation(found, said)) }];
}

/** Decodes an annotation that names a source on the web. */
export function readCitation({ url, title, start_index: start, end_index: end }: JsonObject, content: string): Citation[] {
  if (typeof url !== 'string') return [];
  const cited = typeof start === 'number' && typeof end === 'number' ? content.slice(start, end) : '';
  return [{ url, title: stringOr(title, null), citedText: cited === '' ? null : cited }];
}

function callOf(item: JsonObject, args: string): Part {
  return { is: 'tool_call', ...namedCall(item), arguments: args, signature: null, cache: null };
}

/** Returns the id and the name of a call. No other dialect can have asked for namespaces. */
export function namedCall(item: JsonObject): { readonly id: string; readonly name: string } {
  return { id: stringOr(item.call_id, stringOr(item.id, '')), name: stringOr(item.name, '') };
}
