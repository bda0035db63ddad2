import type { JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { isObject, objectOr, objectsIn, stringOr } from '../json.ts';
import type { NeutralAnswer, Part, TextPart } from '../neutral.ts';
import { text } from '../neutral.ts';
import { usageOf } from '../usage.ts';
import { citationsOf } from './citations.ts';
import { stopOf } from './stop-words.ts';

/** Decodes a whole answer of Cohere's Chat API into the neutral form. Throws UnreadableAnswer if it holds no message. */
export function decodeCohereAnswer(json: JsonObject): NeutralAnswer {
  const { message } = json;
  if (!isObject(message)) throw new UnreadableAnswer(stringOr(message, 'the provider answered without a message'));
  const id = stringOr(json.id, '');
  const calls = callsOf(message, id);
  const word = stringOr(json.finish_reason, null);
  return {
    id,
    model: null,
    parts: [...planOf(message), ...wordsOf(message), ...calls],
    stop: stopOf(word ?? 'COMPLETE', calls.length > 0),
    stopWord: word,
    stopSequence: null,
    usage: usageOf('cohere-chat', json),
    serviceTier: null,
    billedTier: null,
  };
}

/** The plan is what the model thought before its calls. */
function planOf(message: JsonObject): Part[] {
  const plan = stringOr(message.tool_plan, '');
  return plan === '' ? [] : [{ is: 'thinking', text: plan, signature: null }];
}

function wordsOf({ content, citations }: JsonObject): Part[] {
  const parts = typeof content === 'string' ? [text(content)] : objectsIn(content).flatMap(partOf);
  const cited = citationsOf(citations);
  const last = parts.findLastIndex(({ is }) => is === 'text');
  if (cited.length > 0 && last !== -1) parts[last] = { ...(parts[last] as TextPart), citations: cited };
  return parts;
}

function partOf(part: JsonObject): Part[] {
  const thought = stringOr(part.thinking, '');
  if (thought !== '') return [{ is: 'thinking', text: thought, signature: null }];
  const words = stringOr(part.text, '');
  return words === '' ? [] : [text(words)];
}

function callsOf(message: JsonObject, answerId: string): Part[] {
  return objectsIn(message.tool_calls).map((call, index) => {
    const { name, arguments: args } = objectOr(call.function);
    return {
      is: 'tool_call',
      id: callIdOf(call.id, answerId, index),
      name: stringOr(name, ''),
      arguments: argumentsOf(args),
      signature: null,
      cache: null,
    };
  });
}

/** Returns a call's own id, else one from its place in the answer. */
export function callIdOf(id: unknown, answerId: string, index: number): string {
  return typeof id === 'string' && id !== '' ? id : `call_${answerId}_${index}`;
}

/** Returns arguments as their JSON text. Of a tool without parameters, Cohere's models sometimes write `null`. */
export function argumentsOf(args: unknown): string {
  const json = isObject(args) ? JSON.stringify(args) : stringOr(args, '');
  return json === 'null' ? '{}' : json;
}
