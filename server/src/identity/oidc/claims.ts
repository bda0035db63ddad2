/** Reads what an ID token says about a person. Everything is bounded; what is not plausible is left out, with words. */
import type { Assertion } from '../../domain/identity/assertion.ts';
import type { AnswerCheck, ProviderToAsk } from '../protocol.ts';
import { no, yes } from './id-token.ts';
import { cleaned, isDeceptive, listed, plain, quoted } from './quoted.ts';

type Claims = Readonly<Record<string, unknown>>;

const EMAIL_LENGTH_MAX = 254;
const NAME_LENGTH_MAX = 200;
const GROUPS_MAX = 1_000;
/** Okta never lists more, and does not say when it left some out. */
const OKTA_GROUPS = 100;
const GROUP_LENGTH_MAX = 256;
const SID_LENGTH_MAX = 255;
const FIELDS_MAX = 200;
const DEPTH_MAX = 6;
const TEXT_LENGTH_MAX = 2_000;
const SHOWN_BYTES_MAX = 64 * 1024;
/** An address that mail reaches: one @, no spaces, a domain with a dot. ASCII alone: two addresses never look alike. */
const EMAIL = /^[\x21-\x3f\x41-\x7e]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;

export interface ReadClaims {
  readonly assertion: Assertion;
  readonly checks: readonly AnswerCheck[];
  /** Words if a claim has a form that nobody may rely on; then the sign-in is refused. */
  readonly problem: string | null;
}

/** Makes an assertion of checked claims. `from` has the userinfo's claims where the ID token has none. */
export function readClaims(provider: ProviderToAsk, claims: Claims, nowMs: number): ReadClaims {
  const email = readEmail(claims);
  const groups = readGroups(claims, provider.groupsClaim);
  const second = readSecondFactor(claims, provider.secondFactorValues);
  const sid = readSid(claims.sid);
  const assertion: Assertion = {
    organizationId: provider.organizationId,
    providerId: provider.id,
    subject: claims.sub as string,
    email: email.value,
    emailVerified: !saysNo(claims.email_verified) && !saysNo(claims.xms_edov),
    name: readName(claims),
    groups: groups.value,
    groupsTruncated: groups.isTruncated,
    secondFactor: second.ok,
    sid: sid.value,
    authenticatedAtMs: authenticatedAt(claims, nowMs),
    claims: shownClaims(claims),
  };
  return { assertion, checks: [email.check, groups.check, second], problem: email.problem ?? sid.problem };
}

function readEmail(claims: Claims): {
  readonly value: string | null;
  readonly check: AnswerCheck;
  readonly problem: string | null;
} {
  const { email } = claims;
  const nothing = (words: string, problem: string | null = null) => ({ value: null, check: no('email', words), problem });
  if (email === undefined || email === null || email === '')
    return nothing(`no e-mail claim; present: ${listed(Object.keys(claims))}`);
  if (typeof email !== 'string') {
    const words = `the claim email is ${quoted(email)}; a text is expected`;
    return nothing(words, words);
  }
  if (isDeceptive(email)) {
    const words = `the claim email ${quoted(email)} has control characters; none are accepted`;
    return nothing(words, words);
  }
  const address = email.length > EMAIL_LENGTH_MAX ? '' : email.toLowerCase();
  if (!EMAIL.test(address)) return nothing(`the claim email ${quoted(email)} is no e-mail address`);
  const isUnverified = saysNo(claims.email_verified) || saysNo(claims.xms_edov);
  const words = `${plain(address)}${isUnverified ? ', which the provider says it did not verify' : ''}`;
  return { value: address, check: { name: 'email', ok: !isUnverified, words }, problem: null };
}

/** Some providers send booleans as text or numbers. */
function saysNo(value: unknown): boolean {
  return value === false || value === 0 || value === 'false' || value === 'False' || value === '0';
}

function readName(claims: Claims): string | null {
  const parts = [claims.given_name, claims.family_name].filter((part) => typeof part === 'string');
  const name = typeof claims.name === 'string' && claims.name !== '' ? claims.name : parts.join(' ');
  const trimmed = name.length > NAME_LENGTH_MAX * 2 ? '' : name.trim();
  return trimmed === '' || trimmed.length > NAME_LENGTH_MAX || isDeceptive(trimmed) ? null : trimmed;
}

function readGroups(claims: Claims, name: string | null) {
  if (name === null)
    return { value: null, isTruncated: false, check: yes('groups', 'no groups claim is configured, so none is read') };
  if (isOverage(claims, name)) {
    const words = `the provider sent a reference in place of the groups, because the person has too many; roles stay as they are. SCIM has no such limit`;
    return { value: null, isTruncated: true, check: no('groups', words) };
  }
  const claim: unknown = Object.hasOwn(claims, name) ? claims[name] : undefined;
  if (claim === undefined || claim === null) {
    const words = `no claim ${quoted(name)}; present: ${listed(Object.keys(claims))}. Roles stay as they are`;
    return { value: null, isTruncated: false, check: no('groups', words) };
  }
  const list: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  if (list.length === OKTA_GROUPS) {
    const words = `the claim ${quoted(name)} has exactly ${OKTA_GROUPS} groups, where Okta cuts its lists without a word; roles stay as they are. SCIM has no such limit`;
    return { value: null, isTruncated: true, check: no('groups', words) };
  }
  if (list.length > GROUPS_MAX) {
    const words = `the claim ${quoted(name)} has ${list.length} groups; at most ${GROUPS_MAX} are read. Roles stay as they are`;
    return { value: null, isTruncated: true, check: no('groups', words) };
  }
  const wrong = list.find((one) => typeof one !== 'string' || one === '' || one.length > GROUP_LENGTH_MAX || isDeceptive(one));
  if (wrong !== undefined || list.includes(undefined)) {
    const words = `the claim ${quoted(name)} has ${quoted(wrong)}; texts of 1 to ${GROUP_LENGTH_MAX} characters are expected. Roles stay as they are`;
    return { value: null, isTruncated: false, check: no('groups', words) };
  }
  const groups = [...new Set(list as readonly string[])];
  return { value: groups, isTruncated: false, check: yes('groups', groups.length === 0 ? 'in no group' : listed(groups)) };
}

/** Entra leaves out groups above its limit, and names where to ask for them. */
function isOverage(claims: Claims, name: string): boolean {
  const elsewhere = claims._claim_names;
  const isElsewhere = typeof elsewhere === 'object' && elsewhere !== null && Object.hasOwn(elsewhere, name);
  return isElsewhere || claims.hasgroups === true || claims.hasgroups === 'true';
}

function readSecondFactor({ amr, acr }: Claims, values: readonly string[]): AnswerCheck {
  const said = [amr, acr].flat().filter((one): one is string => typeof one === 'string');
  const found = values.find((value) => said.includes(value));
  const words = `amr and acr say ${listed(said.slice(0, 50))}; a second factor is one of ${listed(values)}`;
  if (values.length === 0)
    return no('second_factor', `no value of amr or acr is configured, so none counts; the token says ${listed(said)}`);
  return found === undefined ? no('second_factor', words) : yes('second_factor', `shown by ${quoted(found)}`);
}

function readSid(sid: unknown): { readonly value: string | null; readonly problem: string | null } {
  if (sid === undefined || sid === null) return { value: null, problem: null };
  if (typeof sid === 'string' && sid !== '' && sid.length <= SID_LENGTH_MAX && !isDeceptive(sid))
    return { value: sid, problem: null };
  return { value: null, problem: `the claim sid is ${quoted(sid)}; a text of 1 to ${SID_LENGTH_MAX} characters is expected` };
}

/** Returns `auth_time`, but no later than now; null without it. `iat` does not say: a token is also issued for a person who signed in hours ago. */
function authenticatedAt({ auth_time: at }: Claims, nowMs: number): number | null {
  return typeof at === 'number' && at > 0 ? Math.min(Math.floor(at * 1_000), nowMs) : null;
}

/** Returns claims for a page: at most 200 fields, six levels, and 64 kB; longer texts and lists are cut, and characters that could deceive are replaced. */
export function shownClaims(claims: Claims): Claims {
  const shown = bounded(claims, 0, { fields: FIELDS_MAX }) as Claims;
  if (Buffer.byteLength(JSON.stringify(shown)) <= SHOWN_BYTES_MAX) return shown;
  return Object.fromEntries(Object.keys(shown).map((name) => [name, '…']));
}

function bounded(value: unknown, depth: number, left: { fields: number }): unknown {
  if (typeof value === 'string') return cleaned(value.length > TEXT_LENGTH_MAX ? `${value.slice(0, TEXT_LENGTH_MAX)}…` : value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) return '…';
  if (Array.isArray(value)) return value.slice(0, GROUPS_MAX).map((one) => bounded(one, depth + 1, left));
  const fields: [string, unknown][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (name === '__proto__') continue;
    if (left.fields === 0) break;
    left.fields -= 1;
    fields.push([plain(name), bounded(one, depth + 1, left)]);
  }
  return Object.fromEntries(fields);
}
