import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Arriving, arrivalOf, type KnownAccount } from './arrival.ts';

const ADA: KnownAccount = {
  ...{ id: 'acct_ada', address: 'ada@home.test', isProved: true, isActive: true },
  ...{ platformRole: null, membership: 'active', isElsewhere: false },
};
const STRANGER: Arriving = {
  ...{ linked: null, email: 'ada@acme.test', emailVerified: true, domains: new Set(['acme.test']) },
  ...{ account: null, createsAccounts: true, linking: null, linkingAs: 'ada@acme.test' },
};
const refused = (code: string) => ({ is: 'refused', code });
const IN = { is: 'in', accountId: ADA.id, proves: false };
/** Made by a directory: its address is here, and nobody proved it. */
const MADE_HERE: KnownAccount = { ...ADA, address: 'ada@acme.test', isProved: false };
const LINKED = { is: 'link', accountId: ADA.id, joins: false };

describe('who comes in', () => {
  test.each<[string, Partial<Arriving>, object]>([
    ['linked', { linked: ADA, email: null }, IN],
    ['linked, with an address of elsewhere', { linked: ADA, email: 'ada@evil.test' }, IN],
    [
      'linked, a platform admin who belongs elsewhere too',
      { linked: { ...ADA, platformRole: 'platform_admin', isElsewhere: true } },
      IN,
    ],
    ['linked, with an address of here that nobody proved', { linked: MADE_HERE }, { ...IN, proves: true }],
    ['linked, with an address that was proved before', { linked: { ...MADE_HERE, isProved: true } }, IN],
    ['linked, and the provider names no address', { linked: MADE_HERE, email: null }, IN],
    ['linked, and the provider names another address', { linked: MADE_HERE, email: 'ben@acme.test' }, IN],
    ['linked, and the provider did not verify the address', { linked: MADE_HERE, emailVerified: false }, IN],
    ['linked, and the address is outside the verified domains', { linked: MADE_HERE, domains: new Set(['acme.example']) }, IN],
    ['linked, unproved, and it belongs elsewhere too', { linked: { ...MADE_HERE, isElsewhere: true } }, IN],
    ['linked, unproved, with a platform role', { linked: { ...MADE_HERE, platformRole: 'platform_auditor' } }, IN],
    [
      'linked, unproved, but the membership is disabled',
      { linked: { ...MADE_HERE, membership: 'disabled' } },
      refused('membership_disabled'),
    ],
    ['linked, but the account is disabled', { linked: { ...ADA, isActive: false } }, refused('account_disabled')],
    ['linked, but removed', { linked: { ...ADA, membership: 'removed' } }, refused('membership_ended')],
    ['linked, but the membership is disabled', { linked: { ...ADA, membership: 'disabled' } }, refused('membership_disabled')],
    ['without an address', { email: null }, refused('no_email')],
    ['with an address that the provider did not verify', { emailVerified: false }, refused('email_unverified')],
    ['outside the verified domains', { email: 'ada@evil.test', account: ADA }, refused('domain_not_verified')],
    ['in a subdomain of a verified domain', { email: 'ada@mail.acme.test' }, refused('domain_not_verified')],
    ['with a second at-sign before the domain', { email: 'ada@acme.test@evil.test' }, refused('domain_not_verified')],
    ['no account, accounts are created', {}, { is: 'create', email: 'ada@acme.test' }],
    ['no account, none is created', { createsAccounts: false }, refused('no_account')],
    ['an account that belongs here only', { account: ADA }, LINKED],
    ['an account that is disabled here', { account: { ...ADA, membership: 'disabled' } }, refused('membership_disabled')],
    ['an account that was removed here', { account: { ...ADA, membership: 'removed' } }, refused('membership_ended')],
    ['an account that belongs elsewhere too', { account: { ...ADA, isElsewhere: true } }, refused('signed_in_first')],
    [
      'an account that belongs elsewhere only',
      { account: { ...ADA, isElsewhere: true, membership: 'none' } },
      refused('signed_in_first'),
    ],
    ['an account that belongs nowhere', { account: { ...ADA, membership: 'none' } }, refused('signed_in_first')],
    ['an account with a platform role', { account: { ...ADA, platformRole: 'platform_auditor' } }, refused('signed_in_first')],
    ['signed in to link, elsewhere too', { account: ADA, linking: { ...ADA, isElsewhere: true } }, LINKED],
    ['signed in to link, with another address here', { account: null, linking: ADA }, LINKED],
    [
      'signed in to link, but the provider names somebody else',
      { account: null, linking: ADA, linkingAs: 'cleo@acme.test' },
      refused('linked_other_address'),
    ],
    ['signed in to link, not a member', { linking: { ...ADA, membership: 'none' } }, { ...LINKED, joins: true }],
    [
      'signed in to link, not a member, with an address that nobody proved',
      { linking: { ...ADA, membership: 'none', isProved: false } },
      refused('no_account'),
    ],
    [
      'signed in to link, not a member, with the address that the provider proves',
      { linking: { ...ADA, membership: 'none', isProved: false, address: 'ada@acme.test' } },
      { ...LINKED, joins: true },
    ],
    [
      'signed in to link, no member, none is created',
      { linking: { ...ADA, membership: 'none' }, createsAccounts: false },
      refused('no_account'),
    ],
    [
      'signed in to link, but somebody else is linked',
      { linked: { ...ADA, id: 'acct_ben' }, linking: ADA },
      refused('linked_elsewhere'),
    ],
    ['signed in to link, outside the verified domains', { email: 'ada@evil.test', linking: ADA }, refused('domain_not_verified')],
  ])('%s', (_, changes, expected) => {
    expect(arrivalOf({ ...STRANGER, ...changes })).toEqual(expected);
  });

  const known = (id: string): fc.Arbitrary<KnownAccount> =>
    fc.record({
      id: fc.constant(id),
      address: fc.constantFrom('ada@acme.test', 'ada@home.test'),
      isProved: fc.boolean(),
      isActive: fc.boolean(),
      platformRole: fc.option(fc.constantFrom('platform_admin', 'platform_auditor')),
      membership: fc.constantFrom('active', 'disabled', 'removed', 'none'),
      isElsewhere: fc.boolean(),
    });
  const arriving: fc.Arbitrary<Arriving> = fc.record({
    linked: fc.option(known('acct_linked')),
    email: fc.option(fc.constantFrom('ada@acme.test', 'ada@evil.test')),
    emailVerified: fc.boolean(),
    domains: fc.subarray(['acme.test', 'acme.example']).map((domains) => new Set(domains)),
    account: fc.option(known('acct_found')),
    createsAccounts: fc.boolean(),
    linking: fc.option(known('acct_linking')),
    linkingAs: fc.option(fc.constantFrom('ada@acme.test', 'ada@home.test')),
  });

  test('an asserted address alone never gives an account away that anybody else has a part in', () => {
    fc.assert(
      fc.property(arriving, (world) => {
        const arrival = arrivalOf(world);
        if (arrival.is === 'refused') return;
        if (arrival.is === 'in') {
          expect(world.linked).toMatchObject({ id: arrival.accountId, isActive: true, membership: 'active' });
          // Only the present address is proved, and only of an account that nobody else has a part in.
          if (arrival.proves) {
            expect(world.linked).toMatchObject({ address: world.email, isProved: false, isElsewhere: false, platformRole: null });
            expect(world.emailVerified && world.domains.has(world.email?.split('@')[1] ?? '')).toBe(true);
          }
          return;
        }
        // Nothing is made or linked without an address that the provider verified, of a domain that the organization verified.
        const isProved = world.emailVerified && world.domains.has(world.email?.split('@')[1] ?? '');
        expect([isProved, world.linked]).toEqual([true, null]);
        if (arrival.is === 'create') expect([world.account, world.linking]).toEqual([null, null]);
        else if (world.linking !== null) {
          expect(arrival.accountId).toBe(world.linking.id);
          if (arrival.joins) expect(world.linking.isProved || world.linking.address === world.email).toBe(true);
        } else
          expect(world.account).toMatchObject({ isActive: true, platformRole: null, membership: 'active', isElsewhere: false });
      }),
      { numRuns: 2_000 },
    );
  });
});
