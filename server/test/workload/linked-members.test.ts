/** Rules whose keys belong to the member who is linked to the token's subject, and what the admin API refuses of rules. */

import { SignJWT } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { createIssuerKeys } from '../../src/identity/workload/issuer-keys.ts';
import { newId } from '../../src/lib/id.ts';
import { systemClock as clock } from '../../src/lib/timing/clock.ts';
import { resolveToken, type WorkloadParts } from '../../src/proxy/oauth/resolve-token.ts';
import { keyOfRule } from '../../src/proxy/oauth/rule-key.ts';
import { identityLinks, identityProviders } from '../../src/store/schema.ts';
import * as keys from '../../src/store/tenancy/keys.ts';
import { must, withAdmin } from '../admin/support.ts';
import { testTrail } from '../support/audit-trail.ts';
import { withDatabase } from '../support/database.ts';
import { makeTenant } from '../support/tenants.ts';
import { newSigningKey, type SigningKey } from '../support/token-issuer.ts';

const PUBLIC_URL = 'https://gateway.test';
const ISSUER = 'https://people.test';
const given = withDatabase();
const world = withAdmin(given, { publicUrl: PUBLIC_URL });

let key: SigningKey;
let place: { organizationId: string; teamId: string; otherTeamId: string; accountId: string; memberId: string };
let issuerId: string;
let providerId: string;

const root: ReturnType<typeof world>['root'] = (...call) => world().root(...call);
const at = (below: string) => `/organizations/${place.organizationId}${below}`;

beforeAll(async () => {
  key = await newSigningKey('people');
  const tenant = await makeTenant(async (method, path, body) => must(await root(method, path, body)));
  const [team, other] = tenant.teams;
  const { accountId, memberId } = team.developer;
  place = { organizationId: team.organizationId, teamId: team.teamId, otherTeamId: other.teamId, accountId, memberId };
  const body = { name: 'People', issuer: ISSUER, key_source: 'pasted', pasted_keys: JSON.stringify({ keys: [key.publicJwk] }) };
  issuerId = must(await root('POST', at('/trusted-issuers'), body)).id;
  providerId = await insertProvider(ISSUER);
  const { organizationId } = place;
  await given().db.insert(identityLinks).values({ organizationId, providerId, subject: 'ada', accountId });
});

async function insertProvider(issuer: string): Promise<string> {
  const id = newId('idp');
  await given()
    .db.insert(identityProviders)
    .values({
      ...{ organizationId: place.organizationId, id, name: 'People', protocol: 'oidc', state: 'active' },
      ...{ config: { issuer, client_id: 'x' }, createdBy: 'test' },
    });
  return id;
}

const ruleBody = (more: object = {}) => ({
  ...{ name: 'People', issuer_id: issuerId, team_id: place.teamId, identity_provider_id: providerId },
  conditions: [{ claim: 'kind', match: 'equals', values: ['person'] }],
  ...more,
});

function parts(): WorkloadParts {
  const fetch = () => Promise.reject(new Error('a pasted key set is not fetched'));
  const issuerKeys = createIssuerKeys({ clock, fetch, load: async () => null, save: async () => {} });
  return { db: given().db, clock, publicUrl: PUBLIC_URL, keys: issuerKeys, pepper: Buffer.alloc(32), audit: testTrail() };
}

function signed(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  const aud = `${PUBLIC_URL}/trust/${place.organizationId}`;
  return new SignJWT({ iss: ISSUER, aud, iat: now, exp: now + 60, kind: 'person', ...claims })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .sign(key.privateKey);
}

const ANY = { use: 'exchange', ruleId: null, organization: null, serviceAccountId: null, teamId: null } as const;

describe('a rule for linked members', () => {
  test('makes a key of the member who is linked to sub, and of nobody else', async () => {
    must(await root('POST', at('/trust-rules'), ruleBody()));
    const found = await resolveToken(await signed({ sub: 'ada' }), ANY, parts());
    if (found.is !== 'resolved') throw new Error(found.words);
    expect(found.owner).toEqual({ ownerMembershipId: place.memberId, ownerServiceAccountId: null });
    const made = await keyOfRule(found, parts(), { ip: null, requestId: null }, async () => {});
    if (made.is !== 'found') throw new Error(made.words);
    const row = await keys.find(given().db, { organizationId: place.organizationId, id: made.keyId });
    expect([row?.kind, row?.ownerMembershipId, row?.teamId]).toEqual(['workload', place.memberId, place.teamId]);
    for (const sub of ['eve', 'ADA', 'ada ', '', undefined, ['ada'], 'ada\0'])
      expect((await resolveToken(await signed({ sub }), ANY, parts())).is, String(sub)).toBe('refused');
  });

  test('takes nobody whose membership is disabled', async () => {
    const member = at(`/members/${place.memberId}`);
    must(await root('PATCH', member, { status: 'disabled' }));
    expect((await resolveToken(await signed({ sub: 'ada' }), ANY, parts())).is).toBe('refused');
    must(await root('PATCH', member, { status: 'active' }));
    expect((await resolveToken(await signed({ sub: 'ada' }), ANY, parts())).is).toBe('resolved');
  });

  test('needs an identity provider with exactly the issuer of the tokens', async () => {
    const other = await insertProvider('https://other.test');
    const refused = await root('POST', at('/trust-rules'), ruleBody({ identity_provider_id: other }));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('has the issuer https://other.test, and the trusted issuer is https://people.test');
  });
});

describe('the admin API refuses', () => {
  test.each([
    ['a rule without conditions', () => ruleBody({ conditions: [] }), '/conditions'],
    [
      'two values of equals',
      () => ruleBody({ conditions: [{ claim: 'a', match: 'equals', values: ['x', 'y'] }] }),
      '/conditions/0/values',
    ],
    [
      'an empty prefix',
      () => ruleBody({ conditions: [{ claim: 'a', match: 'prefix', values: [''] }] }),
      '/conditions/0/values/0',
    ],
    [
      'a path that is none',
      () => ruleBody({ conditions: [{ claim: '/a/', match: 'equals', values: ['x'] }] }),
      '/conditions/0/claim',
    ],
    ['two owners', () => ruleBody({ service_account_id: 'svc_x' }), '/service_account_id'],
    ['a team of nobody', () => ruleBody({ team_id: 'team_x' }), '/team_id'],
    ['an issuer of nobody', () => ruleBody({ issuer_id: 'iss_x' }), '/issuer_id'],
  ] as const)('%s', async (_, body, pointer) => {
    const { status, body: problem } = await root('POST', at('/trust-rules'), body());
    expect([status, problem.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  test.each([
    ['no keys', { key_source: 'pasted' }, '/pasted_keys'],
    ['keys that are none', { key_source: 'pasted', pasted_keys: '{}' }, '/pasted_keys'],
    ['an address without a source', { key_source: 'discovery', keys_url: 'https://a.test' }, '/keys_url'],
    ['a long life', { key_source: 'discovery', life_seconds_max: 7_200 }, '/life_seconds_max'],
    ['a shared secret', { key_source: 'discovery', algorithms: ['HS256'] }, '/algorithms/0'],
  ] as const)('an issuer with %s', async (_, more, pointer) => {
    const body = { name: 'x', issuer: 'https://x.test', ...more };
    const { status, body: problem } = await root('POST', at('/trusted-issuers'), body);
    expect([status, problem.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  test('the same issuer twice, and what another organization trusts', async () => {
    const body = { name: 'x', issuer: ISSUER, key_source: 'discovery' };
    expect((await root('POST', at('/trusted-issuers'), body)).status).toBe(409);
    const tenant = await makeTenant(async (method, path, body) => must(await root(method, path, body)));
    const foreign = `/organizations/${tenant.teams[0].organizationId}`;
    expect((await root('GET', `${foreign}/trusted-issuers/${issuerId}`)).status).toBe(404);
    expect((await root('POST', `${foreign}/trust-rules`, ruleBody())).status).toBe(400);
  });
});

test('claims are checked without a token', async () => {
  const body = { issuer_id: issuerId, claims: { kind: 'machine' } };
  const { rules, accepted } = must(await root('POST', at('/trust-rules/check'), body));
  expect(accepted).toBe(false);
  expect(rules[0].checks).toEqual([{ name: 'kind', ok: false, words: 'kind: wanted person, got machine' }]);
});
