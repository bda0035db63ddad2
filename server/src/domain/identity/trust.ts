/** Trusted issuers and trust rules: their types, and the comparison of a token's claims with the conditions of a rule. */
import { type ConditionMatch, KEY_VALUE_CHARS_MAX, type KeySource, type TrustStatus } from './trust-words.ts';

/** The claims of a token whose signature was checked. Their values are what the issuer wrote: anything that JSON can say. */
export type Claims = Readonly<Record<string, unknown>>;

/** An issuer of tokens that an organization trusts. */
export interface TrustedIssuer {
  readonly organizationId: string;
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly keySource: KeySource;
  readonly keysUrl: string | null;
  readonly pastedKeys: string | null;
  readonly algorithms: readonly string[];
  readonly tokenTypes: readonly string[];
  readonly lifeSecondsMax: number;
  readonly isDirect: boolean;
  readonly status: TrustStatus;
  readonly version: number;
}

/**
 * One comparison of a claim. `claim` is the name of a claim, or a JSON pointer (RFC 6901) to an inner one, which begins with `/`:
 * `/kubernetes.io/namespace`. `equals` and `prefix` have one value.
 */
export interface TrustCondition {
  readonly claim: string;
  readonly match: ConditionMatch;
  readonly values: readonly string[];
}

/** The part of a rule that decides which tokens it takes. */
export interface RuleConditions {
  readonly conditions: readonly TrustCondition[];
  readonly keyBy: readonly string[];
}

/** The outcome of one comparison, in words: "repository_id: wanted 42, got 43". */
export interface ConditionCheck {
  readonly claim: string;
  readonly ok: boolean;
  readonly words: string;
}

/** The outcome of a rule for a token. `values` has the values of `keyBy`; null if the token lacks one. */
export interface RuleCheck {
  readonly matches: boolean;
  readonly checks: readonly ConditionCheck[];
  readonly values: readonly string[] | null;
}

/** Compares the claims with every condition of a rule, and reads the values by which it makes keys. */
export function checkRule(rule: RuleConditions, claims: Claims): RuleCheck {
  const conditions = rule.conditions.map((condition) => checkCondition(condition, claims));
  const read = rule.keyBy.map((claim) => ({ claim, found: textAt(claims, claim) }));
  const missing = read.filter(({ found }) => !isKeyValue(found)).map(({ claim, found }) => keyByProblem(claim, found));
  const checks = [...conditions, ...missing];
  const values = read.flatMap(({ found }) => (isKeyValue(found) ? [found.text] : []));
  return {
    // A rule without a condition would take every token of its issuer.
    matches: conditions.length > 0 && checks.every(({ ok }) => ok),
    checks,
    values: missing.length === 0 ? values : null,
  };
}

function checkCondition({ claim, match, values }: TrustCondition, claims: Claims): ConditionCheck {
  const found = textAt(claims, claim);
  const wanted = `wanted ${wordsOf(match, values)}`;
  if (found.is !== 'text') return { claim, ok: false, words: `${claim}: ${wanted}, ${problemOf(found)}` };
  const ok = match === 'prefix' ? hasPrefix(found.text, values[0]) : values.includes(found.text);
  return { claim, ok, words: ok ? `${claim}: ${shown(found.text)}` : `${claim}: ${wanted}, got ${shown(found.text)}` };
}

function hasPrefix(text: string, prefix: string | undefined): boolean {
  return prefix !== undefined && prefix !== '' && text.startsWith(prefix);
}

function wordsOf(match: ConditionMatch, values: readonly string[]): string {
  const all = values.slice(0, 5).map(shown).join(', ');
  const more = values.length > 5 ? ` or ${values.length - 5} more` : '';
  switch (match) {
    case 'equals':
      return all;
    case 'one_of':
      return `one of ${all}${more}`;
    case 'prefix':
      return `${all}…`;
  }
}

type Found =
  | { readonly is: 'text'; readonly text: string }
  | { readonly is: 'missing' }
  | { readonly is: 'not_one_value'; readonly what: string };

function isKeyValue(found: Found): found is Found & { readonly is: 'text' } {
  return found.is === 'text' && found.text !== '' && found.text.length <= KEY_VALUE_CHARS_MAX && isPlain(found.text);
}

/** Reports whether text can be stored and shown: no control characters and no half of a surrogate pair. */
function isPlain(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function keyByProblem(claim: string, found: Found): ConditionCheck {
  const why =
    found.is === 'text'
      ? `has a value that is empty, longer than ${KEY_VALUE_CHARS_MAX} characters or not plain text`
      : problemOf(found);
  return { claim, ok: false, words: `${claim}: keys are made by it, ${why}` };
}

function problemOf(found: Exclude<Found, { readonly is: 'text' }>): string {
  return found.is === 'missing' ? 'the token has none' : `got ${found.what}`;
}

/** Returns the value at a claim as text. Whole numbers and `true` or `false` count as their text in JSON. */
export function textAt(claims: Claims, claim: string): Found {
  let value: unknown = claims;
  for (const name of namesIn(claim)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return { is: 'missing' };
    value = (value as Claims)[name];
  }
  if (typeof value === 'string') return { is: 'text', text: value };
  if (typeof value === 'boolean') return { is: 'text', text: String(value) };
  // Larger numbers are not exact: two different ones would be equal.
  if (typeof value === 'number')
    return Number.isSafeInteger(value)
      ? { is: 'text', text: String(value) }
      : { is: 'not_one_value', what: 'a number that is not whole or not exact' };
  if (Array.isArray(value)) return { is: 'not_one_value', what: 'a list, and a condition compares one value' };
  return value === null || value === undefined
    ? { is: 'not_one_value', what: 'null' }
    : { is: 'not_one_value', what: 'an object, and a condition compares one value' };
}

/** Returns the names that lead to a claim. */
function namesIn(claim: string): readonly string[] {
  if (!claim.startsWith('/')) return [claim];
  return claim
    .slice(1)
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

const SHOWN_CHARS = 120;

/** Shortens a value for a sentence, and replaces what a terminal or a page could take for more than text. */
function shown(text: string): string {
  const plain = text.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}]/gu, '\uFFFD');
  return plain.length <= SHOWN_CHARS ? plain : `${plain.slice(0, SHOWN_CHARS)}…`;
}

const AUDIENCE_PATH = '/trust/';

/** Returns the audience that tokens for an organization must have. It follows the slug: after a rename the old one is refused. */
export function audienceOf(publicUrl: string, slug: string): string {
  return `${publicUrl}${AUDIENCE_PATH}${slug}`;
}

/**
 * Returns the slug or the id of the organization that an audience names, or null if it is no audience of this installation. The
 * form with the id survives a rename. No slug looks like an id.
 */
export function placeOf(publicUrl: string, audience: string): string | null {
  const start = `${publicUrl}${AUDIENCE_PATH}`;
  if (!audience.startsWith(start)) return null;
  const place = audience.slice(start.length);
  return /^[a-z0-9_-]{1,64}$/.test(place) ? place : null;
}
