import type { Attempt } from '../../api/attempts.ts';
import { durationText } from '../../numbers/numbers.ts';

/** The words of the attempts of a request: results, causes, and what followed. */

export const RESULT_WORDS: Readonly<Record<Attempt['result'], string>> = {
  answered: 'Answered',
  error: 'Provider error',
  failed: 'No usable answer',
  broken: 'Answer broke off',
  cancelled: 'Cancelled',
};

const CAUSES: Readonly<Record<string, string>> = {
  rate_limited: 'The provider’s rate limit was reached.',
  quota: 'The account at the provider has no quota left.',
  credential: 'The provider refused the credential.',
  unavailable: 'The provider could not serve the request.',
  caller: 'The provider says that the request is not valid.',
  context_length: 'The request is longer than the model accepts.',
  timeout: 'The provider did not answer within the deployment’s timeout.',
  not_connected: 'The gateway could not connect to the provider.',
  reset: 'The connection ended before the answer was complete.',
  protocol: 'The provider’s answer is not valid HTTP.',
  refused_address: 'The gateway may not call the provider’s address.',
  unreadable: 'The provider’s answer could not be read.',
  incomplete: 'The answer ended before its last event.',
  error_in_stream: 'The provider reported an error after the answer had begun.',
  client_gone: 'The client hung up.',
  gateway_stopped: 'The gateway stopped.',
  gateway_error: 'The gateway has a bug. Its log has the details.',
};

/** Returns the cause of an attempt's failure in a sentence. Null for a code without words, and for an answer. */
export function causeOf({ code }: Pick<Attempt, 'code'>): string | null {
  return code === null ? null : (CAUSES[code] ?? null);
}

/** The codes of failures that the provider described in its own words. Other words are the gateway's. */
const SAID_BY_PROVIDER = ['rate_limited', 'quota', 'credential', 'unavailable', 'caller', 'context_length', 'error_in_stream'];

/** Returns who said the words of an attempt or of a deployment's last error. */
export function speakerOf({ code }: Pick<Attempt, 'code'>): string {
  return SAID_BY_PROVIDER.includes(code ?? '') ? 'The provider said' : 'The gateway noted';
}

const ENDS: Readonly<Record<string, string>> = {
  final: 'No other deployment was tried, because each would give the same answer to this request.',
  no_candidate_left: 'No other deployment was left to try.',
  only_candidate: 'No fallback was tried, because no other deployment may serve this request.',
  attempts_max: 'No further attempt was made, because the request had made as many as the gateway’s settings allow.',
  hold_refused:
    'No further attempt was made, because what the request had used so far left too little of a limit or budget for another.',
  client_gone: 'No further attempt was made, because the client hung up.',
  answer_begun: 'No further attempt was made, because the client had already received the beginning of the answer.',
  gateway_stopped: 'No further attempt was made, because the gateway was stopping.',
  gateway_error: 'No further attempt was made, because the gateway failed. Its log has the details.',
  answered_here: 'The gateway answered by itself, because the next provider does not have this endpoint.',
};

/**
 * Returns what followed an attempt, and why. `following` is the name of the next attempt's deployment; null if it is not known.
 */
export function nextWords(attempt: Attempt, following: string | null): string {
  const { next, next_reason, wait_ms, result } = attempt;
  const wait = wait_ms === null || wait_ms === 0 ? '' : ` after ${durationText(wait_ms)}`;
  if (next === 'retried') return `The same deployment was tried again${wait}.`;
  if (next === 'fell_back') return `The request fell back to ${following ?? 'the next deployment'}${wait}.`;
  if (result === 'answered') return 'The client got this answer.';
  return next_reason === null
    ? 'No further attempt was made.'
    : (ENDS[next_reason] ?? `No further attempt was made (${next_reason}).`);
}

const NOT_TRIED: Readonly<Record<string, string>> = {
  not_reached: 'the request ended before its turn',
  cooling_down: 'it was paused, because calls to it had failed recently',
  unpriced: 'it has no price, and a blocking budget applies',
  untranslatable: 'the request cannot be expressed in its dialect',
  unsupported: 'its provider does not have this endpoint',
};

/** Returns why a deployment was not tried, as the end of a sentence. */
export function notTriedWords(reason: string): string {
  return NOT_TRIED[reason] ?? reason;
}

/** Returns the attempts in one sentence: `3 attempts in 4.2 s, the last one answered.` */
export function summaryOf(attempts: readonly Attempt[]): string {
  const last = attempts.at(-1);
  if (last === undefined) return 'No provider was called.';
  const count = attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`;
  const took = durationText(Math.max(...attempts.map(({ started_ms, took_ms }) => started_ms + took_ms)));
  if (last.result === 'answered')
    return attempts.length === 1 ? `${count} in ${took}. It answered.` : `${count} in ${took}. The last one answered.`;
  if (last.result === 'broken') return `${count} in ${took}. The answer broke off.`;
  if (last.result === 'cancelled') return `${count} in ${took}. It ended before an answer.`;
  return attempts.length === 1 ? `${count} in ${took}. It failed.` : `${count} in ${took}. All of them failed.`;
}
