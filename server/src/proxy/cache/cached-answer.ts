/** Gives kept answers again, and keeps new ones. */
import { addDropped, answerHeaders } from '../answer-headers.ts';
import type { Gateway } from '../gateway.ts';
import { answerPlainly, tellDefect } from '../refuse.ts';
import { settle } from '../settle.ts';
import type { Admission } from '../walk.ts';
import type { FoundAnswer, KeptAnswer } from './answer-cache.ts';
import { cacheUseOf } from './cache-use.ts';
import type { Caching } from './caching.ts';

/**
 * Answers an admitted request from the cache, if it can. Notes what became of it either way. It counts as one request, without
 * tokens and money. Never throws: with a defect of the cache, a provider answers.
 */
export function answerFromCache(admission: Admission, caching: Caching, gateway: Gateway): boolean {
  const found = lookUp(admission, caching, gateway);
  gateway.traffic.cached(admission.cache?.outcome ?? 'bypass');
  if (found === null) return false;
  const { bytes, finishReason } = found.answer;
  const heard = { status: 'succeeded', httpStatus: 200, code: null, param: null } as const;
  settle(admission, { ...heard, candidate: null, finishReason, answer: bytes }, gateway);
  gateway.journal.whenWritten(() => say(found, admission, gateway), admission.walk.id);
  return true;
}

function lookUp(admission: Admission, caching: Caching, gateway: Gateway): FoundAnswer | null {
  try {
    const use = cacheUseOf(admission, caching, gateway);
    admission.cache = use;
    if (use.name === null || use.outcome !== 'miss') return null;
    const found = gateway.answerCache.find(admission.entitlement.organization, use.name, caching.secondsMax);
    if (found !== null) admission.cache = { name: null, outcome: 'hit' };
    return found;
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
    admission.cache = { name: null, outcome: 'bypass' };
    return null;
  }
}

function say({ answer, ageSeconds }: FoundAnswer, admission: Admission, gateway: Gateway): void {
  const { reply } = admission.walk;
  try {
    const headers = answerHeaders(admission, null, 'known', gateway);
    addDropped(headers, answer.dropped);
    headers.push('age', String(ageSeconds), 'content-type', answer.contentType, 'content-length', String(answer.bytes.length));
    reply.head(200, headers);
    reply.end(answer.bytes);
  } catch (error) {
    answerPlainly(admission.walk, error, gateway);
  }
}

/**
 * Keeps an answer that was complete, if its request is to be kept. An answer whose output we clamped, that reported no usage, or that
 * the provider refused to give is not kept: another request would get something else. Never throws.
 */
export function keepAnswer(admission: Admission, answer: KeptAnswer, gateway: Gateway): void {
  const name = admission.cache?.name ?? null;
  if (name === null || admission.outputCap !== null || admission.estimated.length > 0) return;
  if (answer.finishReason !== null && WITHHELD.test(answer.finishReason)) return;
  try {
    gateway.answerCache.keep(admission.entitlement.organization, name, answer);
  } catch (error) {
    tellDefect(error, admission.walk.id, gateway);
  }
}

/** The words by which vendors say that they withheld an answer. */
const WITHHELD = /filter|refus|safety|block|prohibit|recitation|guardrail/i;
