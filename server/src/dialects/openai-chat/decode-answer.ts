import { argumentsOfText } from '../custom-tools.ts';
import type { JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { objectOr, objectsIn, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { NeutralAnswer, Part } from '../neutral.ts';
import { text } from '../neutral.ts';
import { tierOf, USAGE_AT, type UsageAt, usageOf } from '../usage.ts';
import { readAnnotations } from './citations.ts';
import { blockOpaque, mistralThinking } from './decode-parts.ts';
import { stopOfFinishReason } from './stop-words.ts';

/** Decodes a whole OpenAI chat answer (its first choice) into the neutral form. Throws UnreadableAnswer if it has no choice. */
export function decodeChatAnswer(json: JsonObject, usageAt: UsageAt = USAGE_AT): NeutralAnswer {
  const [choice] = objectsIn(json.choices);
  if (choice === undefined) throw new UnreadableAnswer(inBandError(json) ?? 'the provider answered without a choice');
  const message = objectOr(choice.message);
  const id = stringOr(json.id, '');
  const calls = toolCalls(message, id);
  const word = stringOr(choice.finish_reason, null);
  const stop = stopOfFinishReason(word ?? 'stop');
  return {
    id,
    model: saidModel(json.model),
    parts: [...thinking(message), ...words(message), ...calls],
    // Some compatible servers say `stop` after a tool call.
    stop: stop === 'end' && calls.length > 0 ? 'tool_call' : stop,
    stopWord: word,
    stopSequence: null,
    usage: usageOf('openai-chat', json, usageAt),
    serviceTier: stringOr(json.service_tier, null),
    billedTier: tierOf('openai-chat', json),
  };
}

function thinking(message: JsonObject): Part[] {
  const details = objectsIn(message.reasoning_details);
  const said = stringOr(message.reasoning_content, stringOr(message.reasoning, mistralParts(message.content)));
  const signature = details.map(({ signature }) => blockOpaque(signature)).find((value) => value !== null) ?? null;
  const redacted = details.flatMap((detail): Part[] => {
    const data = blockOpaque(detail.data);
    return data === null ? [] : [{ is: 'redacted_thinking', data }];
  });
  return said === '' ? redacted : [{ is: 'thinking', text: said, signature }, ...redacted];
}

function mistralParts(content: unknown): string {
  return objectsIn(content)
    .map((part) => (part.type === 'thinking' ? mistralThinking(part.thinking) : ''))
    .join('');
}

function words(message: JsonObject): Part[] {
  const said = contentText(message.content) + stringOr(message.refusal, '');
  return said === '' ? [] : [{ ...text(said), citations: readAnnotations(message.annotations, said) }];
}

/** Returns the visible text of `content`, a string or (Mistral) parts. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content;
  return objectsIn(content)
    .map((part) => (part.type === 'text' ? stringOr(part.text, '') : ''))
    .join('');
}

function toolCalls(message: JsonObject, answerId: string): Part[] {
  const legacy = objectOr(message.function_call);
  const calls = objectsIn(message.tool_calls);
  if (calls.length === 0 && typeof legacy.name === 'string') calls.push({ function: legacy });
  return calls.map((call, index) => {
    const { name, arguments: args } = callParts(call);
    return { is: 'tool_call', id: callId(call.id, answerId, index), name, arguments: args, signature: null, cache: null };
  });
}

function callParts(call: JsonObject): { readonly name: string; readonly arguments: string } {
  const fn = objectOr(call.function);
  const custom = objectOr(call.custom);
  if (typeof custom.name === 'string') return { name: custom.name, arguments: argumentsOfText(custom.input) };
  const args =
    typeof fn.arguments === 'object' && fn.arguments !== null ? JSON.stringify(fn.arguments) : stringOr(fn.arguments, '');
  return { name: stringOr(fn.name, ''), arguments: args };
}

/** Returns a call's own id. If a server gives none (Gemini's compatible endpoint), it is made from the answer's id. */
export function callId(id: unknown, answerId: string, index: number): string {
  return typeof id === 'string' && id !== '' ? id : `call_${answerId}_${index}`;
}
