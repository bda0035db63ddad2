import type { Attempt } from '../../api/attempts.ts';
import { durationText } from '../../numbers/numbers.ts';
import { words } from './words.ts';

/** The words of the attempts of a request: results, causes, and what followed. */

export const RESULT_WORDS: Readonly<Record<Attempt['result'], string>> = words.resultWords;

const CAUSES: Readonly<Record<string, string>> = words.causes;

/** Returns the cause of an attempt's failure in a sentence. Null for a code without words, and for an answer. */
export function causeOf({ code }: Pick<Attempt, 'code'>): string | null {
  return code === null ? null : (CAUSES[code] ?? null);
}

/** The codes of failures that the provider described in its own words. Other words are the gateway's. */
const SAID_BY_PROVIDER = [
  'rate_limited',
  'quota',
  'credential',
  'unavailable',
  'caller',
  'context_length',
  'refused',
  'error_in_stream',
];

/** Returns the status and the message with which the provider refused an attempt, as a sentence. Null if it sent neither. */
export function saidByProvider({ code, status, message }: Pick<Attempt, 'code' | 'status' | 'message'>): string | null {
  if (status === null || message === null || message === '' || !SAID_BY_PROVIDER.includes(code ?? '')) return null;
  return words.providerAnswered(status, message);
}

/** Returns true if an attempt failed with the code, the status and the message of an earlier one. */
export function failedLike(attempt: Attempt, earlier: Attempt): boolean {
  if (attempt.message === null || attempt.message === '') return false;
  return attempt.code === earlier.code && attempt.status === earlier.status && attempt.message === earlier.message;
}

/** Returns who said the words of an attempt or of a deployment's last error. */
export function speakerOf({ code }: Pick<Attempt, 'code'>): string {
  return SAID_BY_PROVIDER.includes(code ?? '') ? words.theProviderSaid : words.theGatewayNoted;
}

/** The words for a fallback to targets beside the usual ones, by its reason. */
const FALLS: Readonly<Record<string, typeof words.fellBackTo>> = words.falls;

const ENDS: Readonly<Record<string, string>> = words.ends;

/**
 * Returns what followed an attempt, and why. `following` is the name of the next attempt's deployment; null if it is not known.
 */
export function nextWords(attempt: Attempt, following: string | null): string {
  const { next, next_reason, wait_ms, result } = attempt;
  const wait = wait_ms === null || wait_ms === 0 ? '' : words.afterWait(durationText(wait_ms));
  if (next === 'retried') return words.sameDeploymentAgain(wait);
  if (next === 'fell_back') return (FALLS[next_reason ?? ''] ?? words.fellBackTo)(following, wait);
  if (result === 'answered') return words.theClientGotThisAnswer;
  return next_reason === null ? words.noFurtherAttempt : (ENDS[next_reason] ?? words.noFurtherAttemptBecause(next_reason));
}

const NOT_TRIED: Readonly<Record<string, string>> = words.notTried;

/** Returns why a deployment was not tried, as the end of a sentence. */
export function notTriedWords(reason: string): string {
  return NOT_TRIED[reason] ?? reason;
}

/** Returns the attempts in one sentence: `3 attempts in 4.2 s, the last one answered.` */
export function summaryOf(attempts: readonly Attempt[]): string {
  const last = attempts.at(-1);
  if (last === undefined) return words.noProviderWasCalled;
  const count = attempts.length === 1 ? '1 attempt' : words.countAttempts(attempts.length);
  const took = durationText(Math.max(...attempts.map(({ started_ms, took_ms }) => started_ms + took_ms)));
  if (last.result === 'answered') return attempts.length === 1 ? words.answered(count, took) : words.lastAnswered(count, took);
  if (last.result === 'broken') return words.brokeOff(count, took);
  if (last.result === 'cancelled') return words.endedBeforeAnswer(count, took);
  return attempts.length === 1 ? words.failedIn(count, took) : words.allFailed(count, took);
}
