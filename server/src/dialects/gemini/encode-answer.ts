import type { JsonObject } from '../dialect.ts';
import { defined } from '../json.ts';
import type { AnswerOptions, NeutralAnswer, Opaque, Part } from '../neutral.ts';
import { reportOf } from '../plausible.ts';
import { argumentsOf } from './encode-parts.ts';
import { groundingMetadata } from './grounding.ts';
import { signatureText } from './signatures.ts';
import { finishReasonOf } from './stop-words.ts';
import { usageMetadata } from './usage.ts';

/** Encodes a neutral answer in Gemini's format. */
export function encodeContentAnswer(answer: NeutralAnswer, options: AnswerOptions): JsonObject {
  const { usage } = reportOf(answer.usage);
  const citations = answer.parts.flatMap((part) => (part.is === 'text' ? part.citations : []));
  return defined({
    candidates: [
      defined({
        content: { role: 'model', parts: answer.parts.flatMap(partOf) },
        finishReason: finishReasonOf(answer.stop),
        index: 0,
        groundingMetadata: groundingMetadata(citations),
      }),
    ],
    usageMetadata: usage === null ? undefined : usageMetadata(usage),
    modelVersion: answer.model ?? options.model,
    responseId: answer.id,
  });
}

function partOf(part: Part): JsonObject[] {
  switch (part.is) {
    case 'text':
    case 'refusal':
      return part.text === '' ? [] : [{ text: part.text }];
    case 'thinking':
      return [thoughtOf(part.text, part.signature)];
    case 'redacted_thinking':
      return [thoughtOf('', part.data)];
    case 'tool_call':
      return [callOf(part.id, part.name, part.arguments, part.signature)];
    case 'raw':
      return part.issuer === 'google' ? [part.json] : [];
    default:
      return [];
  }
}

export function thoughtOf(text: string, signature: Opaque | null): JsonObject {
  return defined({ text, thought: true, thoughtSignature: signature === null ? undefined : signatureText(signature) });
}

export function callOf(id: string, name: string, json: string, signature: Opaque | null): JsonObject {
  return defined({
    functionCall: { id, name, args: argumentsOf(json) },
    thoughtSignature: signature === null ? undefined : signatureText(signature),
  });
}
