import type { JsonObject } from '../dialect.ts';
import type { AnswerOptions, Citation, NeutralAnswer, Opaque, Part } from '../neutral.ts';
import { opaqueText } from '../opaque.ts';
import { reportOf } from '../plausible.ts';
import { inputOf, toolId } from './encode-blocks.ts';
import { stopReasonOf } from './stop-words.ts';
import { messageUsage } from './usage.ts';

/** Encodes a neutral answer as an Anthropic message. */
export function encodeMessagesAnswer(answer: NeutralAnswer, options: AnswerOptions): JsonObject {
  const usage = messageUsage(reportOf(answer.usage).usage ?? {});
  return {
    id: answer.id,
    type: 'message',
    role: 'assistant',
    model: answer.model ?? options.model,
    content: answer.parts.flatMap(blockOf),
    stop_reason: stopReasonOf(answer.stop),
    stop_sequence: answer.stopSequence,
    usage: { ...usage, service_tier: answer.serviceTier === 'priority' ? 'priority' : 'standard' },
  };
}

function blockOf(part: Part): JsonObject[] {
  switch (part.is) {
    case 'text':
      // Only if there are some: a strict client accepts no null here.
      return [
        { type: 'text', text: part.text, ...(part.citations.length > 0 ? { citations: part.citations.map(citationOf) } : {}) },
      ];
    case 'refusal':
      return [{ type: 'text', text: part.text }];
    case 'thinking':
      return [{ type: 'thinking', thinking: part.text, signature: signatureText(part.signature) }];
    case 'redacted_thinking':
      return [{ type: 'redacted_thinking', data: opaqueText(part.data, 'anthropic') }];
    case 'tool_call':
      return [{ type: 'tool_use', id: toolId(part.id), name: part.name, input: inputOf(part.arguments) }];
    default:
      return [];
  }
}

/** Returns the signature for a client. The field is required, so a provider without signatures gets an empty one. */
function signatureText(signature: Opaque | null): string {
  return signature === null ? '' : opaqueText(signature, 'anthropic');
}

/** Encodes a citation. `encrypted_index` identifies a search result to Anthropic; a source from another provider has none. */
export function citationOf({ url, title, citedText }: Citation): JsonObject {
  return { type: 'web_search_result_location', url, title, cited_text: citedText ?? '', encrypted_index: '' };
}
