import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Evidence,
  hasOwn,
  type JudgedPlace,
  knownTo,
  needOf,
  OWN,
  providersIn,
  type SignInRules,
  wasIdle,
} from './evidence.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

const rules: fc.Arbitrary<SignInRules> = fc.record({
  signIn: fc.constantFrom('any', 'sso'),
  secondFactor: fc.constantFrom('off', 'idp_or_own', 'own'),
  evidenceHours: fc.integer({ min: 1, max: 720 }),
  idleMinutes: fc.option(fc.integer({ min: 5, max: 600 })),
  breakGlass: fc.subarray(['acct_1', 'acct_2', 'acct_3']),
  enforcedAtMs: fc.option(fc.integer({ min: NOW - 48 * HOUR, max: NOW })),
});
const times = {
  shownAtMs: fc.integer({ min: NOW - 48 * HOUR, max: NOW }),
  expiresAtMs: fc.option(fc.constantFrom(0, NOW + HOUR)),
};
const foreign: fc.Arbitrary<Evidence> = fc.record({
  source: fc.constantFrom('idp_b1', 'idp_b2'),
  organizationId: fc.constant('org_b'),
  method: fc.constant(null),
  secondFactor: fc.boolean(),
  ...times,
});
const own: fc.Arbitrary<Evidence> = fc.record({
  source: fc.constant(OWN),
  organizationId: fc.constant(null),
  method: fc.constantFrom('password', 'passkey', 'link', null),
  secondFactor: fc.boolean(),
  ...times,
});
const place: fc.Arbitrary<JudgedPlace> = fc.record({
  organizationId: fc.constant('org_a'),
  accountId: fc.constantFrom('acct_1', 'acct_4'),
  role: fc.constantFrom('org_owner', 'org_admin', 'org_member'),
  rules: fc.option(rules),
});

function shown(evidence: readonly Evidence[], idleUntilMs = new Map<string, number>()) {
  return { evidence, idleUntilMs, nowMs: NOW };
}

describe('what an identity provider opens', () => {
  test('never an organization that is not its own, nor the person’s own rights, whatever it says', () => {
    fc.assert(
      fc.property(fc.array(foreign), place, (evidence, where) => {
        expect(needOf(where, shown(evidence))).not.toBeNull();
        expect(hasOwn(shown(evidence))).toBe(false);
      }),
    );
  });

  test('evidence of another organization never changes what is needed here', () => {
    fc.assert(
      fc.property(fc.array(own), fc.array(foreign), place, (mine, theirs, where) => {
        expect(needOf(where, shown([...mine, ...theirs]))).toBe(needOf(where, shown(mine)));
      }),
    );
  });

  test('own evidence without policy opens every organization, as before', () => {
    fc.assert(
      fc.property(own, place, (one, where) => {
        const isOver = one.expiresAtMs === 0;
        expect(needOf({ ...where, rules: null }, shown([one]))).toBe(isOver ? 'sign_in' : null);
      }),
    );
  });
});

const RULES: SignInRules = {
  ...{ signIn: 'sso', secondFactor: 'off', evidenceHours: 12, idleMinutes: null },
  ...{ breakGlass: ['acct_1'], enforcedAtMs: NOW - HOUR },
};
const OWNER: JudgedPlace = { organizationId: 'org_a', accountId: 'acct_1', role: 'org_owner', rules: RULES };
const AT = { shownAtMs: NOW - 60_000, expiresAtMs: null };
const BY_PASSWORD: Evidence = { source: OWN, organizationId: null, method: 'password', secondFactor: false, ...AT };
const BY_PASSKEY: Evidence = { ...BY_PASSWORD, method: 'passkey', secondFactor: true };
const BY_PROVIDER: Evidence = { source: 'idp_a', organizationId: 'org_a', method: null, secondFactor: false, ...AT };

describe('what a policy asks for', () => {
  test.each<[string, Partial<SignInRules>, Partial<JudgedPlace>, readonly Evidence[], unknown]>([
    ['a password, where the provider is required', {}, {}, [BY_PASSWORD], 'sso'],
    ['the provider, where it is required', {}, {}, [BY_PROVIDER], null],
    ['a break-glass owner’s passkey', {}, {}, [BY_PASSKEY], null],
    ['a passkey from before it was required', {}, {}, [{ ...BY_PASSKEY, shownAtMs: NOW - 2 * HOUR }], 'sso'],
    ['the passkey of another owner', {}, { accountId: 'acct_2' }, [BY_PASSKEY], 'sso'],
    ['the passkey of a break-glass account that is no owner now', {}, { role: 'org_admin' }, [BY_PASSKEY], 'sso'],
    ['the provider, longer ago than it counts', {}, {}, [{ ...BY_PROVIDER, shownAtMs: NOW - 13 * HOUR }], 'sso'],
    ['the provider, whose session was ended', {}, {}, [{ ...BY_PROVIDER, expiresAtMs: 0 }], 'sso'],
    ['a password, longer ago than it counts', { signIn: 'any' }, {}, [{ ...BY_PASSWORD, shownAtMs: NOW - 13 * HOUR }], 'sign_in'],
    ['the provider, and no second factor anywhere', { secondFactor: 'idp_or_own' }, {}, [BY_PROVIDER], 'second_factor'],
    ['the provider’s second factor', { secondFactor: 'idp_or_own' }, {}, [{ ...BY_PROVIDER, secondFactor: true }], null],
    [
      'the provider’s, where one’s own is wanted',
      { secondFactor: 'own' },
      {},
      [{ ...BY_PROVIDER, secondFactor: true }],
      'second_factor',
    ],
    [
      'the provider, and one’s own second factor',
      { secondFactor: 'own' },
      {},
      [BY_PROVIDER, { ...BY_PASSWORD, secondFactor: true }],
      null,
    ],
  ])('%s', (_, changes, where, evidence, needs) => {
    expect(needOf({ ...OWNER, ...where, rules: { ...RULES, ...changes } }, shown(evidence))).toBe(needs);
  });

  test('what was shown before a time without use counts no more, here alone', () => {
    const idle = new Map([['org_a', NOW - 30_000]]);
    expect(needOf(OWNER, shown([BY_PROVIDER], idle))).toBe('sso');
    expect(needOf(OWNER, shown([{ ...BY_PROVIDER, shownAtMs: NOW - 10_000 }], idle))).toBeNull();
    expect(needOf({ ...OWNER, rules: null }, shown([BY_PASSWORD], new Map([['org_b', NOW]])))).toBeNull();
    expect(wasIdle({ ...RULES, idleMinutes: 10 }, { lastUsedMs: NOW - 11 * 60_000, nowMs: NOW })).toBe(true);
    expect(wasIdle({ ...RULES, idleMinutes: 10 }, { lastUsedMs: NOW - 9 * 60_000, nowMs: NOW })).toBe(false);
  });
});

describe('what a session may learn of', () => {
  test.each<[string, readonly Evidence[], readonly string[] | null]>([
    ['a password', [BY_PASSWORD], null],
    ['a password of long ago', [{ ...BY_PASSWORD, shownAtMs: NOW - 900 * HOUR }], null],
    ['a provider', [BY_PROVIDER], ['org_a']],
    ['a provider whose evidence ended', [{ ...BY_PROVIDER, expiresAtMs: 0 }], ['org_a']],
    ['a provider, and own evidence that ended', [BY_PROVIDER, { ...BY_PASSWORD, expiresAtMs: 0 }], ['org_a']],
    ['a provider and a password', [BY_PROVIDER, BY_PASSWORD], null],
    [
      'providers of two organizations',
      [BY_PROVIDER, { ...BY_PROVIDER, source: 'idp_b', organizationId: 'org_b' }],
      ['org_a', 'org_b'],
    ],
    ['two providers of one', [BY_PROVIDER, { ...BY_PROVIDER, source: 'idp_c' }], ['org_a']],
    ['nothing', [], []],
  ])('%s', (_, evidence, known) => {
    expect(knownTo(shown(evidence))).toEqual(known);
  });

  test('and the providers where the person is still signed in', () => {
    const ended = { ...BY_PROVIDER, source: 'idp_c', expiresAtMs: 0 };
    expect(providersIn(shown([BY_PROVIDER, BY_PASSWORD, ended]))).toEqual([{ id: 'idp_a', organizationId: 'org_a' }]);
  });
});
