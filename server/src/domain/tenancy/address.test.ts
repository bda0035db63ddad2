import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressStanding, acceptanceOf, mayAdmit, type OriginEvent, originFromEvents } from './address.ts';

const place = fc.constantFrom('org_a', 'org_b', null);
const standing: fc.Arbitrary<AddressStanding> = fc.record({ isProved: fc.boolean(), boundTo: place, hasSignIn: fc.boolean() });

describe('who admits an account', () => {
  test('anybody once its address is proved; before, only the place that it is bound to', () => {
    fc.assert(
      fc.property(standing, place, (account, organizationId) => {
        const admits = mayAdmit(account, { organizationId, by: 'organization' });
        expect(admits).toBe(account.isProved || account.boundTo === organizationId);
        const asPlatform = mayAdmit(account, { organizationId, by: 'platform' });
        expect(asPlatform).toBe(admits || account.boundTo === null);
      }),
    );
  });

  test('what accepting does never gives an account away to a link that was handed over', () => {
    const asked = fc.record({
      account: fc.option(standing),
      organizationId: place,
      isMailed: fc.boolean(),
      isSignedIn: fc.boolean(),
    });
    fc.assert(
      fc.property(asked, (acceptor) => {
        const { account, organizationId, isMailed, isSignedIn } = acceptor;
        const does = acceptanceOf(acceptor);
        expect(does === 'create').toBe(account === null);
        if (account === null) return;
        // Only the mailed token sets a password for an existing account, and never its first.
        if (does === 'claim') expect([isMailed, account.isProved, account.hasSignIn]).toEqual([true, false, true]);
        // Only a signed-in account may join, and only if the organization may admit it.
        if (does === 'join')
          expect([isSignedIn, mayAdmit(account, { organizationId, by: 'organization' })]).toEqual([true, true]);
        if (!isMailed && !account.isProved && account.boundTo !== organizationId) {
          expect(does).toBe(isSignedIn ? 'prove' : 'sign_in');
        }
      }),
    );
  });
});

describe('what the audit log says of an earlier account', () => {
  const OWN = 'acct_1';
  let second = 0;
  const event = (action: string, more: Partial<OriginEvent> = {}): OriginEvent => {
    second += 1;
    return { action, at: new Date(second * 1_000), actorId: OWN, actorName: 'Ada', before: null, after: {}, ...more };
  };
  const created = event('account.create', { after: { email: 'ada@example.com' } });
  const asked = event('account.password_reset_request', { actorId: 'anonymous' });
  const handed = event('account.password_reset_link', { actorId: 'acct_admin' });
  const reset = event('account.password_reset');
  const proofsOf = (...events: OriginEvent[]) => originFromEvents(OWN, 'ada@example.com', events).proofs;

  test('a reset by a mailed link proves the address; one by a link that an admin made does not', () => {
    expect(proofsOf(created, asked, reset)).toEqual([{ address: 'ada@example.com', how: 'mail', at: reset.at }]);
    expect(proofsOf(created, handed, reset)).toEqual([]);
    expect(proofsOf(created, asked, handed, reset), 'the newer link replaced the mailed one').toEqual([]);
    expect(proofsOf(created, handed, asked, reset)).toHaveLength(1);
    expect(proofsOf(created, asked), 'asked for and never used').toEqual([]);
    expect(proofsOf(created, asked, reset, reset), 'a link works once').toHaveLength(1);
  });

  test('a proof is of the address that the account had then', () => {
    const moved = event('account.update', {
      before: { email: 'ada@old.example' },
      after: { email: 'ada@example.com' },
    });
    const renamed = event('account.update', { before: { name: 'A' }, after: { name: 'Ada' } });
    expect(proofsOf(created, asked, reset, renamed, moved)).toMatchObject([{ address: 'ada@old.example' }]);
    expect(proofsOf(created, moved, asked, reset, renamed)).toMatchObject([{ address: 'ada@example.com' }]);
  });

  test('says how it was made: by a link, by an admin, by the operator’s link, or nothing', () => {
    const by = (events: OriginEvent[]) => {
      const { how, by } = originFromEvents(OWN, 'ada@example.com', events);
      return [how, by?.name ?? null];
    };
    const byAdmin = event('account.create', { actorId: 'acct_admin', actorName: 'Root' });
    const first = event('account.create', { after: { email: 'ada@example.com', platform_role: 'platform_admin' } });
    expect(by([created])).toEqual(['handed_link', null]);
    expect(by([byAdmin])).toEqual(['platform_admin', 'Root']);
    expect(by([first])).toEqual(['first_admin_link', null]);
    expect(proofsOf(first)).toEqual([{ address: 'ada@example.com', how: 'operator', at: first.at }]);
    expect(by([])).toEqual(['earlier', null]);
  });

  test('any history is read, whatever its events hold', () => {
    const anything = fc.record({
      action: fc.constantFrom(
        'account.create',
        'account.update',
        'account.password_reset',
        'account.password_reset_request',
        'x',
      ),
      at: fc.date({ noInvalidDate: true }),
      actorId: fc.constantFrom(OWN, 'acct_admin'),
      actorName: fc.string(),
      before: fc.jsonValue(),
      after: fc.jsonValue(),
    });
    fc.assert(
      fc.property(fc.array(anything), (events) => {
        const { proofs } = originFromEvents(OWN, 'ada@example.com', events);
        const resets = events.filter(({ action }) => action === 'account.password_reset').length;
        expect(proofs.filter(({ how }) => how === 'mail').length).toBeLessThanOrEqual(resets);
      }),
    );
  });
});
