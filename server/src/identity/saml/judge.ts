/**
 * Judges the facts of an assertion. It runs twice: on the response as it came, for the words of a test, and on the bytes that the
 * signature covers. Only the second counts.
 */
import type { AssertionFacts, ResponseFacts } from './facts.ts';
import { ASSERTION_AGE_MS_MAX, BEARER, NAME_ID_FORMATS, type NameIdForm, SKEW_MS, shown, TRANSIENT } from './words.ts';

/** The values that an assertion must be made for. */
export interface Expected {
  readonly issuer: string;
  readonly acs: string;
  readonly entityId: string;
  readonly requestId: string;
  readonly nameId: NameIdForm;
  /** The time from which a fresh sign-in counts; null: none was requested. */
  readonly freshSinceMs: number | null;
  readonly nowMs: number;
}

/** A check with the code under which its failure is refused. */
export interface CodedCheck {
  readonly name: string;
  readonly code: string;
  readonly ok: boolean;
  readonly words: string;
}

const NAME_ID_MAX = 256;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
export const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

export function judge(facts: AssertionFacts, around: ResponseFacts, expected: Expected): readonly CodedCheck[] {
  return [
    check('Issuer', 'saml_issuer', issuer(facts, around, expected), `issued by ${shown(expected.issuer)}`),
    check('Request', 'saml_in_response_to', inResponseTo(facts, around, expected), 'answers the request of this sign-in'),
    check('Recipient', 'saml_recipient', recipient(facts, around, expected), `sent to ${shown(expected.acs)}`),
    check('Audience', 'saml_audience', audience(facts, expected), `made for ${shown(expected.entityId)}`),
    check('Time', 'saml_time', times(facts, expected), 'valid now'),
    check('Conditions', 'saml_conditions', conditions(facts), 'no unknown condition'),
    check('Name ID', 'saml_name_id', nameId(facts, expected), `names ${shown(facts.nameIds[0]?.value)}`),
    check(
      'Sign-in',
      'saml_authentication',
      authentication(facts, expected),
      `signed in at ${shown(facts.authentications[0]?.instant)}`,
    ),
  ];
}

function check(name: string, code: string, problem: string | null, good: string): CodedCheck {
  return { name, code, ok: problem === null, words: problem ?? good };
}

function issuer(facts: AssertionFacts, around: ResponseFacts, expected: Expected): string | null {
  const wrong = [facts.issuer, around.issuer ?? facts.issuer].find((one) => one !== expected.issuer);
  return wrong === undefined ? null : `issued by ${shown(wrong)}, configured is ${shown(expected.issuer)}`;
}

function inResponseTo(facts: AssertionFacts, around: ResponseFacts, expected: Expected): string | null {
  const named = [facts.confirmations[0]?.inResponseTo ?? null, around.inResponseTo];
  if (named.every((one) => one === null))
    return 'answers no request: it was sent without being asked for. Sign in from here instead';
  if (expected.requestId === '') return 'no request was sent for this sign-in';
  const wrong = named.find((one) => one !== expected.requestId);
  return wrong === undefined ? null : `answers the request ${shown(wrong)}, sent was ${expected.requestId}`;
}

function recipient(facts: AssertionFacts, around: ResponseFacts, expected: Expected): string | null {
  const [confirmation, ...more] = facts.confirmations;
  if (confirmation === undefined || more.length > 0)
    return `has ${facts.confirmations.length} subject confirmations; exactly one bearer confirmation is expected`;
  if (confirmation.method !== BEARER) return `confirmed by ${shown(confirmation.method)}; ${BEARER} is expected`;
  if (confirmation.recipient !== expected.acs)
    return `made for the recipient ${shown(confirmation.recipient)}, ours is ${shown(expected.acs)}`;
  if (around.destination !== null && around.destination !== expected.acs)
    return `sent to the destination ${shown(around.destination)}, ours is ${shown(expected.acs)}`;
  return null;
}

function audience(facts: AssertionFacts, expected: Expected): string | null {
  if (facts.audiences.length === 0) return `names no audience; ${shown(expected.entityId)} is expected`;
  const wrong = facts.audiences.find((names) => !names.includes(expected.entityId));
  return wrong === undefined ? null : `made for ${shown(wrong.join(', '))}, we are ${shown(expected.entityId)}`;
}

function times(facts: AssertionFacts, { nowMs }: Expected): string | null {
  const now = new Date(nowMs).toISOString();
  const confirmation = facts.confirmations[0];
  const issuedMs = timeMs(facts.issueInstant);
  if (issuedMs === null) return `has the issue time ${shown(facts.issueInstant)}, which is no time`;
  if (issuedMs > nowMs + SKEW_MS) return `issued at ${shown(facts.issueInstant)}, which is in the future; it is ${now} here`;
  if (issuedMs < nowMs - ASSERTION_AGE_MS_MAX - SKEW_MS)
    return `issued at ${shown(facts.issueInstant)}, too long ago; it is ${now} here`;
  if ((confirmation?.notOnOrAfter ?? null) === null) return 'the subject confirmation has no end (NotOnOrAfter)';
  for (const text of [facts.notBefore, confirmation?.notBefore ?? null]) {
    const ms = text === null ? Number.NEGATIVE_INFINITY : timeMs(text);
    if (ms === null) return `has the time ${shown(text)}, which is no time`;
    if (ms > nowMs + SKEW_MS) return `valid from ${shown(text)} on; it is ${now} here. Compare both clocks`;
  }
  for (const text of [
    facts.notOnOrAfter,
    confirmation?.notOnOrAfter ?? null,
    ...facts.authentications.map((one) => one.sessionNotOnOrAfter),
  ]) {
    const ms = text === null ? Number.POSITIVE_INFINITY : timeMs(text);
    if (ms === null) return `has the time ${shown(text)}, which is no time`;
    if (ms <= nowMs - SKEW_MS) return `valid until ${shown(text)}; it is ${now} here. Sign in again, or compare both clocks`;
  }
  return null;
}

function conditions(facts: AssertionFacts): string | null {
  if (facts.version !== '2.0') return `has the version ${shown(facts.version)}; SAML 2.0 is expected`;
  const [unknown] = facts.unknownConditions;
  return unknown === undefined ? null : `has the condition ${shown(unknown)}, which is not supported`;
}

function nameId(facts: AssertionFacts, expected: Expected): string | null {
  const [first, ...more] = facts.nameIds;
  if (first === undefined || more.length > 0) return `has ${facts.nameIds.length} NameIDs; exactly one is expected`;
  const { value, format } = first;
  if (format === TRANSIENT) return 'the NameID is transient, so it names nobody twice: choose persistent or e-mail address';
  const wanted = NAME_ID_FORMATS[expected.nameId];
  const isOpen = expected.nameId === 'unspecified' || format === null || format === NAME_ID_FORMATS.unspecified;
  if (!isOpen && format !== wanted) return `the NameID has the format ${shown(format)}, configured is ${wanted}`;
  if (value === null || value === '') return 'the NameID is empty';
  if (value.length > NAME_ID_MAX) return `the NameID has ${value.length} characters; at most ${NAME_ID_MAX} are read`;
  return CONTROL.test(value) ? 'the NameID has control characters' : null;
}

function authentication(facts: AssertionFacts, expected: Expected): string | null {
  const [first, ...more] = facts.authentications;
  if (first === undefined || more.length > 0)
    return `has ${facts.authentications.length} authentication statements; exactly one is expected`;
  const ms = timeMs(first.instant);
  if (ms === null) return `has the sign-in time ${shown(first.instant)}, which is no time`;
  if (ms > expected.nowMs + SKEW_MS) return `says the sign-in was at ${shown(first.instant)}, which is in the future`;
  if (expected.freshSinceMs !== null && ms < expected.freshSinceMs - SKEW_MS)
    return `a fresh sign-in was requested (ForceAuthn), but the last one was at ${shown(first.instant)}`;
  return null;
}

/** Returns a time of XML in milliseconds; null if it is none. */
export function timeMs(text: string | null): number | null {
  if (text === null || !TIME.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isFinite(ms) ? ms : null;
}
