import type { JsonObject } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, objectsIn, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { NeutralAnswer, Part, TextPart } from '../neutral.ts';
import { text } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { blockReason, finishWord, partsOf } from './answer-parts.ts';
import { argumentsOf, ownPart } from './decode-parts.ts';
import { field, fieldObject } from './fields.ts';
import { citationsOf } from './grounding.ts';
import { signatureOf } from './signatures.ts';
import { stopOf } from './stop-words.ts';

/**
 * Decodes a whole answer in Gemini's format (its first candidate) into the neutral form. A blocked prompt has no candidate, and is
 * a refusal. Throws UnreadableAnswer if there is neither.
 */
export function decodeContentAnswer(json: JsonObject): NeutralAnswer {
  const [candidate] = objectsIn(json.candidates);
  if (candidate === undefined && blockReason(json) === null)
    throw new UnreadableAnswer(inBandError(json) ?? 'the provider answered without a candidate');
  const id = stringOr(field(json, 'responseId'), '');
  const parts = candidate === undefined ? [] : answerParts(candidate, id);
  const word = finishWord(json);
  const tier = field(fieldObject(json, 'usageMetadata'), 'serviceTier');
  return {
    id,
    model: saidModel(field(json, 'modelVersion')),
    parts,
    stop:
      candidate === undefined
        ? 'refusal'
        : stopOf(
            word ?? 'STOP',
            parts.some((part) => part.is === 'tool_call'),
          ),
    stopWord: word,
    stopSequence: null,
    usage: usageOf('gemini', json),
    serviceTier: stringOr(tier, null),
    billedTier: tierOf('gemini', json),
  };
}

function answerParts(candidate: JsonObject, answerId: string): Part[] {
  const parts: Part[] = [];
  let calls = 0;
  for (const part of partsOf(candidate)) {
    const call = field(part, 'functionCall');
    if (isObject(call)) {
      parts.push(callOf(call, part, answerId, calls));
      calls += 1;
    } else addWords(part, parts);
  }
  const citations = citationsOf(candidate);
  const last = parts.findLastIndex(({ is }) => is === 'text');
  if (citations.length > 0 && last !== -1) parts[last] = { ...(parts[last] as TextPart), citations };
  return parts;
}

function callOf(call: JsonObject, part: JsonObject, answerId: string, index: number): Part {
  return {
    is: 'tool_call',
    id: callIdOf(call.id, answerId, index),
    name: stringOr(call.name, ''),
    arguments: argumentsOf(call.args),
    signature: signatureOf(field(part, 'thoughtSignature')),
    cache: null,
  };
}

/** Returns a call's own id, else one from its place in the answer: Gemini's calls mostly have none. */
export function callIdOf(id: unknown, answerId: string, index: number): string {
  return typeof id === 'string' && id !== '' ? id : `call_${answerId}_${index}`;
}

/** Adds what a part says to the last part if it continues that, else as a part of its own. */
function addWords(part: JsonObject, parts: Part[]): void {
  const words = stringOr(part.text, '');
  const signature = signatureOf(field(part, 'thoughtSignature'));
  const last = parts.at(-1);
  if (part.thought === true) {
    if (last?.is === 'thinking' && last.signature === null)
      parts[parts.length - 1] = { ...last, text: last.text + words, signature };
    else parts.push({ is: 'thinking', text: words, signature });
    return;
  }
  const own = ownPart(part);
  if (own !== null) parts.push(own);
  if (words !== '' && last?.is === 'text') parts[parts.length - 1] = { ...last, text: last.text + words };
  else if (words !== '') parts.push(text(words));
  if (signature !== null) parts.push({ is: 'thinking', text: '', signature });
}
