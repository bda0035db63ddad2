/** Makes of an assertion's facts what Headgate knows about the person. */
import type { Assertion } from '../../domain/identity/assertion.ts';
import type { ProviderToAsk } from '../protocol.ts';
import type { SamlConfig } from './config.ts';
import type { AssertionFacts } from './facts.ts';
import { CONTROL, timeMs } from './judge.ts';

const ATTRIBUTES_MAX = 200;
const VALUES_MAX = 2_000;
const NAME_MAX = 256;
const VALUE_MAX = 4_096;
const GROUPS_MAX = 1_000;
const GROUP_MAX = 512;
const PERSON_NAME_MAX = 120;
const SID_MAX = 256;
const CLAIMS_BYTES_MAX = 65_536;
/** The attribute with which Entra ID replaces more than 150 groups. */
const GROUPS_LINK = 'http://schemas.microsoft.com/claims/groups.link';
/** The attribute in which Entra ID lists how a person signed in; its authentication context says only "password". */
const ENTRA_METHODS = 'http://schemas.microsoft.com/claims/authnmethodsreferences';
const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/** The names of attributes that the common identity providers use. They are compared without regard to case. */
const EMAIL_NAMES = [
  `${CLAIMS}/emailaddress`,
  'email',
  'mail',
  'emailaddress',
  'user.email',
  'urn:oid:0.9.2342.19200300.100.1.3',
];
const FULL_NAMES = [
  'http://schemas.microsoft.com/identity/claims/displayname',
  'displayname',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'name',
  'cn',
  'urn:oid:2.5.4.3',
];
const FIRST_NAMES = [`${CLAIMS}/givenname`, 'firstname', 'first_name', 'givenname', 'urn:oid:2.5.4.42'];
const LAST_NAMES = [`${CLAIMS}/surname`, 'lastname', 'last_name', 'surname', 'sn', 'urn:oid:2.5.4.4'];
const ADDRESS = /^[^\s@<>"',;:\\]{1,64}@[a-z0-9.-]{1,253}$/;

/** Returns what is wrong with the number or length of attributes; null if nothing is. */
export function attributesProblem({ attributes }: AssertionFacts): string | null {
  if (attributes.length > ATTRIBUTES_MAX) return `has ${attributes.length} attributes; at most ${ATTRIBUTES_MAX} are read`;
  const long = attributes.find(({ name }) => name === '' || name.length > NAME_MAX || CONTROL.test(name));
  if (long !== undefined)
    return `has an attribute whose name is empty, longer than ${NAME_MAX} characters, or has control characters`;
  const many = attributes.find(({ values }) => values.length > VALUES_MAX);
  if (many !== undefined) return `the attribute ${many.name} has ${many.values.length} values; at most ${VALUES_MAX} are read`;
  const wide = attributes.find(({ values }) => values.some((value) => value.length > VALUE_MAX));
  return wide === undefined ? null : `a value of the attribute ${wide.name} has more than ${VALUE_MAX} characters`;
}

/** Returns the person. The facts were judged before: there is exactly one NameID and one authentication. */
export function personOf(facts: AssertionFacts, provider: ProviderToAsk, config: SamlConfig): Assertion {
  const subject = facts.nameIds[0]?.value as string;
  const authentication = facts.authentications[0];
  const said = { email: emailOf(facts, config, subject), name: nameOf(facts, config), ...groupsOf(facts, provider.groupsClaim) };
  return {
    organizationId: provider.organizationId,
    providerId: provider.id,
    subject,
    ...said,
    emailVerified: true,
    secondFactor: secondFactorOf(facts, provider.secondFactorValues),
    sid: plain(authentication?.sessionIndex ?? null, SID_MAX),
    authenticatedAtMs: timeMs(authentication?.instant ?? null),
    claims: claimsOf(facts),
  };
}

function emailOf(facts: AssertionFacts, { attributes }: SamlConfig, subject: string): string | null {
  const said = firstOf(facts, attributes.email === null ? EMAIL_NAMES : [attributes.email]) ?? subject;
  const email = said.toLowerCase();
  return email.length <= 254 && ADDRESS.test(email) ? email : null;
}

function nameOf(facts: AssertionFacts, { attributes }: SamlConfig): string | null {
  const full = firstOf(facts, attributes.name === null ? FULL_NAMES : [attributes.name]);
  const parts = [firstOf(facts, FIRST_NAMES), firstOf(facts, LAST_NAMES)].filter((part) => part !== null);
  return plain(full ?? parts.join(' '), PERSON_NAME_MAX);
}

/** Returns the groups; null if none were said, or not all of them. */
function groupsOf(facts: AssertionFacts, claim: string | null): Pick<Assertion, 'groups' | 'groupsTruncated'> {
  if (claim === null) return { groups: null, groupsTruncated: false };
  if (facts.attributes.some(({ name }) => name === GROUPS_LINK)) return { groups: null, groupsTruncated: true };
  const found = facts.attributes.find(({ name }) => name === claim);
  if (found === undefined) return { groups: null, groupsTruncated: false };
  const isPlain = found.values.every((value) => value.length <= GROUP_MAX && !CONTROL.test(value));
  if (found.values.length > GROUPS_MAX || !isPlain) return { groups: null, groupsTruncated: true };
  return { groups: [...new Set(found.values.filter((value) => value !== ''))], groupsTruncated: false };
}

function secondFactorOf(facts: AssertionFacts, accepted: readonly string[]): boolean {
  const methods = facts.attributes.find(({ name }) => name === ENTRA_METHODS)?.values ?? [];
  const shown = [facts.authentications[0]?.context ?? null, ...methods];
  return shown.some((one) => one !== null && accepted.includes(one));
}

/** Returns everything that the assertion says, for the page of a test; cut off at 64 kB. */
export function claimsOf(facts: AssertionFacts): Readonly<Record<string, unknown>> {
  const all: [string, unknown][] = [
    ['NameID', facts.nameIds[0]?.value ?? null],
    ['NameID format', facts.nameIds[0]?.format ?? null],
    ['Issuer', facts.issuer],
    ['AuthnContextClassRef', facts.authentications[0]?.context ?? null],
    ['SessionIndex', facts.authentications[0]?.sessionIndex ?? null],
    ...facts.attributes.map(({ name, values }): [string, unknown] => [name, values.length === 1 ? values[0] : values]),
  ];
  let bytes = 0;
  const kept = all.slice(0, ATTRIBUTES_MAX).filter(([name, value]) => {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(JSON.stringify(value));
    return bytes <= CLAIMS_BYTES_MAX;
  });
  return Object.fromEntries(kept);
}

function firstOf(facts: AssertionFacts, names: readonly string[]): string | null {
  for (const wanted of names) {
    const found = facts.attributes.find(({ name }) => name.toLowerCase() === wanted.toLowerCase());
    const value = found?.values.find((one) => one !== '');
    if (value !== undefined) return value;
  }
  return null;
}

function plain(text: string | null, lengthMax: number): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' || CONTROL.test(trimmed) ? null : trimmed.slice(0, lengthMax);
}
