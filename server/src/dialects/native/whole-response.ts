import type { AnswerFacts } from '../dialect.ts';
import { UnreadableAnswer } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { isObject, parseJson } from '../json.ts';
import { finishWord } from '../openai-responses/decode-answer.ts';
import { itemBytes } from '../openai-responses/item-bytes.ts';
import { reportOf } from '../plausible.ts';
import { tierOf, usageOf } from '../usage.ts';

/** Returns the facts of a whole response. Throws UnreadableAnswer if the body is empty or not a JSON object. */
export function wholeResponseFacts(bytes: Buffer): AnswerFacts {
  if (bytes.length === 0) throw new UnreadableAnswer('the provider answered with an empty body');
  const json = parseJson(bytes.toString('utf8'));
  if (!isObject(json)) throw new UnreadableAnswer('the provider did not answer with JSON');
  return {
    ...reportOf(usageOf('openai-responses', json)),
    serviceTier: tierOf('openai-responses', json),
    outputBytes: itemBytes(json.output),
    finishReason: finishWord(json),
    finishes: 1,
    complete: true,
    error: inBandError(json),
  };
}
