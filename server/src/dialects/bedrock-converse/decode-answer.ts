import type { JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectOr, objectsIn, stringOr } from '../json.ts';
import type { NeutralAnswer, Part } from '../neutral.ts';
import { text } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { citationsOf, thinkingOf } from './decode-parts.ts';
import { JSON_TOOL, withoutJsonTool } from './json-tool.ts';
import { stopOfConverse } from './stop-words.ts';

/** Decodes a whole answer of Converse into the neutral form. Throws UnreadableAnswer if it has no message. */
export function decodeConverseAnswer(json: JsonObject): NeutralAnswer {
  const { message } = objectOr(json.output);
  if (!isObject(message)) throw new UnreadableAnswer(inBandError(json) ?? 'the provider answered without a message');
  const blocks = objectsIn(message.content);
  const answers = blocks.filter(({ toolUse }) => objectOr(toolUse).name === JSON_TOOL);
  // Words before the JSON would make the whole no JSON.
  const kept = answers.length === 0 ? blocks : blocks.filter((block) => typeof block.text !== 'string');
  const parts = kept.flatMap(partsOf);
  const word = stringOr(json.stopReason, null);
  const called = { json: answers.length > 0, others: parts.some((part) => part.is === 'tool_call') };
  const stop = withoutJsonTool(stopOfConverse(word ?? 'end_turn'), called);
  return {
    id: stringOr(json.requestId, ''),
    model: null,
    parts,
    stop,
    stopWord: stop === 'end' && word === 'tool_use' ? 'end_turn' : word,
    stopSequence: stopSequenceIn(json),
    usage: usageOf('bedrock-converse', json),
    serviceTier: null,
    billedTier: tierOf('bedrock-converse', json),
  };
}

/** Returns the text at which the model stopped. Only Claude reports it, in a field of its own that was asked for. */
export function stopSequenceIn({ additionalModelResponseFields }: JsonObject): string | null {
  const own = objectOr(additionalModelResponseFields);
  return stringOr(own.stop_sequence ?? objectOr(own.delta).stop_sequence, null);
}

/** Decodes a block, and leaves out unknown kinds and the steps of tools that run at Amazon: the text after them holds the outcome. */
function partsOf(block: JsonObject): Part[] {
  if (typeof block.text === 'string') return block.text === '' ? [] : [text(block.text)];
  if (isObject(block.toolUse)) return callOf(block.toolUse);
  if (isObject(block.reasoningContent)) return thinkingOf(block.reasoningContent);
  return isObject(block.citationsContent) ? citedText(block.citationsContent) : [];
}

function callOf({ toolUseId, name, input, type }: JsonObject): Part[] {
  if (type === 'server_tool_use') return [];
  const json = typeof input === 'string' ? input : JSON.stringify(input ?? {});
  if (name === JSON_TOOL) return [text(json)];
  return [
    {
      is: 'tool_call',
      id: stringOr(toolUseId, ''),
      name: stringOr(name, ''),
      arguments: json,
      signature: null,
      cache: null,
    },
  ];
}

function citedText({ content, citations }: JsonObject): Part[] {
  const words = objectsIn(content)
    .map((part) => stringOr(part.text, ''))
    .join('');
  return [{ ...text(words), citations: objectsIn(citations).flatMap(citationsOf) }];
}
