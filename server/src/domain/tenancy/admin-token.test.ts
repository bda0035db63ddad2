import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { standingOfToken, type TokenFacts, type TokenOwner } from './admin-token.ts';
import { can, type Narrowing, ORGANIZATION_ROLES, PERMISSIONS, PLATFORM_ROLES, type RoleGrant, reachOf } from './permission.ts';

const organizationIds = ['org_1', 'org_2'] as const;
const grants: fc.Arbitrary<RoleGrant> = fc.oneof(
  fc.constantFrom(...PLATFORM_ROLES).map((role) => ({ role })),
  fc.record({ role: fc.constantFrom(...ORGANIZATION_ROLES), organizationId: fc.constantFrom(...organizationIds) }),
);
const people = fc.record({ isActive: fc.boolean(), roles: fc.array(grants, { maxLength: 3 }) });
const objects = fc.record({
  organizationId: fc.constantFrom(null, ...organizationIds),
  teamId: fc.constantFrom(null, 'team_1'),
  ownerAccountId: fc.constantFrom(null, 'acct_maker', 'acct_other'),
});
const narrowings: fc.Arbitrary<Narrowing | null> = fc.option(
  fc.record({
    permissions: fc.option(fc.subarray([...PERMISSIONS], { minLength: 1 })),
    organizationIds: fc.option(fc.subarray([...organizationIds], { minLength: 1 })),
  }),
);

const NOW = 1_000_000;
const factsOf = (grant: RoleGrant, owner: TokenOwner, more: Partial<TokenFacts> = {}): TokenFacts => ({
  grant,
  owner,
  revokedAtMs: null,
  expiresAtMs: null,
  organization: 'organizationId' in grant ? 'active' : null,
  ...more,
});

describe('whatever its role, its maker’s roles and its narrowing', () => {
  // promise: **A token is never more than its maker.**
  test('a token that may act may do nothing that its maker may not do themself, and sees nothing that they do not see', () => {
    let acted = 0;
    fc.assert(
      fc.property(
        grants,
        people,
        narrowings,
        fc.constantFrom(...PERMISSIONS),
        objects,
        (grant, maker, narrowing, permission, object) => {
          const token = { roles: [grant], accountId: null, standsFor: ['acct_maker'], narrowing };
          if (standingOfToken(factsOf(grant, { is: 'account', maker }), NOW).is !== 'active') return;
          const themself = { roles: maker.roles, accountId: 'acct_maker' };
          expect(maker.isActive).toBe(true);
          if (!can(token, permission, object)) return;
          acted += 1;
          expect(can(themself, permission, object)).toBe(true);
          const theirs = reachOf(themself, permission).map((reach) => JSON.stringify(reach));
          for (const reach of reachOf(token, permission)) {
            expect(theirs.includes(JSON.stringify(reach)) || theirs.includes(JSON.stringify({ is: 'everywhere' }))).toBe(true);
          }
        },
      ),
      { numRuns: 5_000 },
    );
    expect(acted).toBeGreaterThan(50);
  });

  test('a machine’s token acts exactly when who answers for it could hold its role', () => {
    fc.assert(
      fc.property(grants, people, fc.boolean(), (grant, person, isActive) => {
        const persons = standingOfToken(factsOf(grant, { is: 'account', maker: person }), NOW);
        const machines = standingOfToken(factsOf(grant, { is: 'service_account', isActive, responsible: person }), NOW);
        expect(machines.is === 'active').toBe(isActive && persons.is === 'active');
      }),
    );
  });
});

const OWNER = { isActive: true, roles: [{ role: 'org_owner', organizationId: 'org_1' }] } as const;
const ADMIN: RoleGrant = { role: 'org_admin', organizationId: 'org_1' };

test.each<[string, Partial<TokenFacts>, string]>([
  ['', {}, 'active'],
  ['of a maker without an account', { owner: { is: 'account', maker: null } }, 'stopped by maker'],
  ['of the installation', { owner: { is: 'installation' } }, 'active'],
  ['of nobody', { owner: { is: 'nobody', endsAtMs: NOW + 1 } }, 'active'],
  ['of nobody, at its end', { owner: { is: 'nobody', endsAtMs: NOW } }, 'expired'],
  ['that expires now', { expiresAtMs: NOW }, 'expired'],
  ['that is revoked and has expired', { revokedAtMs: 1, expiresAtMs: 1 }, 'revoked'],
  ['of a suspended organization', { organization: 'suspended' }, 'stopped by organization'],
  ['of an archived organization', { organization: 'archived' }, 'stopped by organization'],
  [
    'of the installation, in a suspended organization',
    { owner: { is: 'installation' }, organization: 'suspended' },
    'stopped by organization',
  ],
  [
    'of a disabled service account',
    { owner: { is: 'service_account', isActive: false, responsible: OWNER } },
    'stopped by service_account',
  ],
])('a token %s', (_, more, expected) => {
  const standing = standingOfToken(factsOf(ADMIN, { is: 'account', maker: OWNER }, more), NOW);
  expect(standing.is === 'stopped' ? `stopped by ${standing.by}` : standing.is).toBe(expected);
});
