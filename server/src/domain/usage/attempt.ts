/** The attempts of one request at providers: the record of each, and its text form in the journal and in the row. */
import { type Compared, comparedText, parseCompared } from '../routing/compared.ts';
import { ATTEMPT_FIELDS, type AttemptField, ENTRY_FIELD_SEPARATOR, ENTRY_SEPARATOR } from './settled-rows.ts';

/**
 * The result of an attempt. `answered`: the whole answer arrived. `error`: the provider said no. `failed`: there was no usable
 * answer. `broken`: an answer began and broke off. `cancelled`: the client hung up or the gateway stopped.
 */
export const ATTEMPT_RESULTS = ['answered', 'error', 'failed', 'broken', 'cancelled'] as const;
export type AttemptResult = (typeof ATTEMPT_RESULTS)[number];

/** The results that are a provider's errors. */
export const ERROR_RESULTS = ['error', 'failed', 'broken'] as const satisfies readonly AttemptResult[];

/** The codes of errors that the provider blames on the request. They say nothing against the deployment. */
export const CALLER_CODES = ['caller', 'context_length', 'refused'] as const;

/** The codes of errors whose words describe the operator's account at the provider. Tenants do not see those words. */
export const ACCOUNT_CODES = ['quota', 'credential'] as const;

/** The step after an attempt: another at the same deployment, one at the next, or none. */
export const ATTEMPT_NEXTS = ['retried', 'fell_back', 'ended'] as const;
export type AttemptNext = (typeof ATTEMPT_NEXTS)[number];

/**
 * The reason why a candidate was not tried. `not_reached`: the request ended before its turn. `cooling_down`: too many calls to it
 * failed recently. `unpriced`: a blocking budget needs a price. `untranslatable`: its dialect cannot express the request.
 * `unsupported`: its provider does not have the endpoint. `too_small`: the request is longer than its declared context window.
 */
export const NOT_TRIED_REASONS = [
  'not_reached',
  'cooling_down',
  'unpriced',
  'untranslatable',
  'unsupported',
  'too_small',
] as const;
export type NotTriedReason = (typeof NOT_TRIED_REASONS)[number];

/** A candidate that access and tags allowed, and that was not tried. */
export interface NotTried {
  readonly deploymentId: string;
  readonly reason: NotTriedReason;
}

/** One attempt that was sent to a provider. The place in its list, from 1, is its number. */
export interface AttemptRecord {
  readonly deploymentId: string;
  readonly provider: string;
  readonly upstreamModel: string;
  /** Milliseconds from the admission until it was sent. */
  readonly startedMs: number;
  /** Milliseconds from sending it to its end. */
  readonly tookMs: number;
  readonly result: AttemptResult;
  /** The provider's HTTP status; null if none arrived. */
  readonly status: number | null;
  /** A short word for the failure, such as `rate_limited` or `timeout`. Null if it answered. */
  readonly code: string | null;
  /** The provider's own words, without secrets; at most MESSAGE_CHARS_MAX characters. Null if there are none. */
  readonly message: string | null;
  readonly next: AttemptNext;
  /** A short word for the reason of `next`, such as `attempts_max`. Null if it answered. */
  readonly nextReason: string | null;
  /** The pause before the retry in milliseconds; null if there was none. */
  readonly waitMs: number | null;
  /** The candidates that were left when the request ended here; at most NOT_TRIED_MAX. */
  readonly notTried: readonly NotTried[];
  /** The client's fields that the translation for this provider left out; at most DROPPED_MAX. */
  readonly dropped: readonly string[];
  /** The comparison that ordered the candidates: of the first attempt, and only if one was made. */
  readonly compared?: Compared;
}

export const MESSAGE_CHARS_MAX = 300;
export const NOT_TRIED_MAX = 8;
export const DROPPED_MAX = 20;
/** The most characters of the name of a field. */
const FIELD_CHARS_MAX = 64;
/** The most characters of a name: of a provider, an upstream model or a code. */
const NAME_CHARS_MAX = 256;
const ID_CHARS_MAX = 64;
/** A bound that no comparison of eight candidates reaches. */
const COMPARED_CHARS_MAX = 1_000;
/** The greatest number that is kept. */
const INT32_MAX = 2_147_483_647;

// Control characters, line separators, and characters that change the direction of text.
const DECEPTIVE = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Returns text of a provider as it is kept: without control characters, whole Unicode, and within a bound. */
export function keptText(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed().replace(DECEPTIVE, '\ufffd');
}

/** Returns a list of attempts as text. It holds no control characters but the two separators. An empty list is an empty text. */
export function attemptsText(attempts: readonly AttemptRecord[]): string {
  return attempts.map(attemptText).join(ENTRY_SEPARATOR);
}

function attemptText(attempt: AttemptRecord): string {
  const fields: Readonly<Record<AttemptField, string>> = {
    deployment_id: keptText(attempt.deploymentId, ID_CHARS_MAX),
    provider: keptText(attempt.provider, NAME_CHARS_MAX),
    upstream_model: keptText(attempt.upstreamModel, NAME_CHARS_MAX),
    started_ms: wholeText(attempt.startedMs),
    took_ms: wholeText(attempt.tookMs),
    result: attempt.result,
    status: wholeText(attempt.status),
    code: keptText(attempt.code ?? '', NAME_CHARS_MAX),
    message: keptText(attempt.message ?? '', MESSAGE_CHARS_MAX),
    next: attempt.next,
    next_reason: keptText(attempt.nextReason ?? '', NAME_CHARS_MAX),
    wait_ms: wholeText(attempt.waitMs),
    not_tried: attempt.notTried.slice(0, NOT_TRIED_MAX).map(notTriedText).join(','),
    dropped: attempt.dropped.slice(0, DROPPED_MAX).map(fieldText).join(','),
    compared: attempt.compared ? keptText(comparedText(attempt.compared), COMPARED_CHARS_MAX) : '',
  };
  return ATTEMPT_FIELDS.map((name) => fields[name]).join(ENTRY_FIELD_SEPARATOR);
}

function notTriedText({ deploymentId, reason }: NotTried): string {
  return `${keptText(deploymentId, ID_CHARS_MAX).replace(/[,=]/g, '\ufffd')}=${reason}`;
}

function fieldText(name: string): string {
  return keptText(name, FIELD_CHARS_MAX).replaceAll(',', '\ufffd');
}

function wholeText(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '';
  return String(Math.round(Math.min(Math.max(0, value), INT32_MAX)));
}

/** Parses the text of a list. Returns null if it is no such text, so that damage shows nothing instead of something wrong. */
export function parseAttempts(text: string): readonly AttemptRecord[] | null {
  if (text === '') return [];
  const attempts = text.split(ENTRY_SEPARATOR).map(parseAttempt);
  return attempts.every((attempt) => attempt !== null) ? attempts : null;
}

function parseAttempt(text: string): AttemptRecord | null {
  const parts = text.split(ENTRY_FIELD_SEPARATOR);
  const field = (name: AttemptField) => parts[ATTEMPT_FIELDS.indexOf(name)] ?? '';
  const orNull = (name: AttemptField) => field(name) || null;
  const result = ATTEMPT_RESULTS.find((one) => one === field('result'));
  const next = ATTEMPT_NEXTS.find((one) => one === field('next'));
  const [startedMs, tookMs] = [wholeOf(field('started_ms')), wholeOf(field('took_ms'))];
  if (result === undefined || next === undefined || startedMs === null || tookMs === null) return null;
  return {
    deploymentId: field('deployment_id'),
    provider: field('provider'),
    upstreamModel: field('upstream_model'),
    startedMs,
    tookMs,
    result,
    status: wholeOf(field('status')),
    code: orNull('code'),
    message: orNull('message'),
    next,
    nextReason: orNull('next_reason'),
    waitMs: wholeOf(field('wait_ms')),
    notTried: field('not_tried')
      .split(',')
      .flatMap((one) => parseNotTried(one)),
    dropped: field('dropped') === '' ? [] : field('dropped').split(','),
    ...comparedIn(field('compared')),
  };
}

function comparedIn(text: string): Pick<AttemptRecord, 'compared'> {
  const compared = text === '' ? null : parseCompared(text);
  return compared === null ? {} : { compared };
}

function parseNotTried(text: string): readonly NotTried[] {
  const [deploymentId = '', said] = text.split('=');
  const reason = NOT_TRIED_REASONS.find((one) => one === said);
  return reason === undefined ? [] : [{ deploymentId, reason }];
}

function wholeOf(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}
