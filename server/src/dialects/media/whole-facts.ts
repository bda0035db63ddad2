import type { AnswerFacts, MediaWire } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, parseJson } from '../json.ts';
import { reportOf } from '../plausible.ts';
import { usageOf } from '../usage.ts';

/** Returns the facts of a whole answer. Throws UnreadableAnswer if it is not a JSON object. */
export function wholeMediaFacts(wire: MediaWire, bytes: Buffer): AnswerFacts {
  const json = parseJson(bytes.toString('utf8'));
  if (wire === 'openai-speech') throw new UnreadableAnswer('the provider answered without sound');
  if (!isObject(json)) throw new UnreadableAnswer('the provider did not answer with a JSON object');
  return {
    ...reportOf(usageOf(wire, json)),
    ...{
      serviceTier: null,
      outputBytes: typeof json.text === 'string' ? Buffer.byteLength(json.text) : 0,
      finishReason: null,
      finishes: 1,
      complete: true,
    },
    error: inBandError(json),
  };
}
