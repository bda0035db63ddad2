/** What an answer carries beside what was asked for, and does not tell whoever may not read it. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../src/domain/tenancy/permission.ts';
import { freshName, makeDeployment, upstream } from '../admin/catalogue-support.ts';
import { type Client, must, withAdmin } from '../admin/support.ts';
import { storeRecords } from '../admin/usage-support.ts';
import { withDatabase } from '../support/database.ts';
import { givenEnd } from '../support/records.ts';
import { grantsOf, makeTenants, ROLES, type TeamPlace } from '../support/tenants.ts';

const given = withDatabase();
const world = withAdmin(given, { upstream });
const NOW_MS = Date.parse('2026-03-10T12:00:00Z');
const [granted, alsoGranted, secret] = [freshName(), freshName(), freshName()];
let own: TeamPlace;
let sibling: TeamPlace;
let foreign: TeamPlace;

beforeAll(async () => {
  const { root } = world();
  for (const model of [granted, alsoGranted, secret]) await makeDeployment(root, model, { mode: 'chat' });
  must(await root('PATCH', `/models/${granted}`, { fallbacks: [secret, alsoGranted] }));
  const ask = async (method: string, path: string, body?: unknown) => must(await root(method, path, body));
  const asset_access = { mode: 'selected', targets: [granted, alsoGranted] };
  const [mine, other] = await makeTenants(ask, { organization: { asset_access, metadata: { crm: 'acme-771' } } });
  [own, sibling, foreign] = [mine.teams[0], mine.teams[1], other.teams[0]];
  const of = ({ organizationId, teamId, key, developer }: TeamPlace) => ({
    ...{ organizationId, teamId, keyId: key.id, memberId: developer.memberId },
    admittedAtMs: NOW_MS - 3_600_000,
  });
  await storeRecords(given(), [givenEnd(of(own)), givenEnd(of(sibling)), givenEnd(of(foreign))]);
});

/** A person with the role in the first team; the developer of that team. */
function as(role: Role): Client {
  return world().as(grantsOf(role, own), own.developer.accountId);
}

/** A token of the platform that is narrowed. */
async function narrowed(narrowing: object): Promise<Client> {
  const body = { name: 'narrowed', role: 'platform_admin', ...narrowing };
  return world().withToken(must(await world().root('POST', '/admin-tokens', body)).token);
}

const TENANTS_ROLES = ROLES.filter((role) => !role.startsWith('platform_'));

describe('of the catalogue', () => {
  test.each(TENANTS_ROLES)('a %s reads no fallback that the organization was not granted', async (role) => {
    const answer = await as(role)('GET', '/callable-targets');
    const targets = must(answer).data as readonly { name: string; fallbacks: readonly string[] }[];
    expect(targets.find(({ name }) => name === granted)?.fallbacks).toEqual([alsoGranted]);
    expect(answer.text).not.toContain(secret);
  });

  test('the platform reads every fallback, also when it asks what one organization was granted', async () => {
    for (const query of [`search=${granted}`, `search=${granted}&organization_id=${own.organizationId}`]) {
      const { data } = must(await world().root('GET', `/callable-targets?${query}`));
      expect(data[0].fallbacks).toEqual([secret, alsoGranted]);
    }
  });

  test.each(['org_owner', 'org_auditor', 'team_admin'] as const)(
    'a %s reads what providers answered, and not how many deployments all tenants have there',
    async (role) => {
      const { providers } = must(await as(role)('GET', '/overview'));
      const [answered] = providers;
      expect(providers).toHaveLength(1);
      expect(answered).toMatchObject({ provider: 'openai', deployments: null, cooling: null });
      expect(answered.requests).toBe(role === 'team_admin' ? 1 : 2);
    },
  );
});

describe('of an organization and its people', () => {
  const NARROW = ['org_member', 'team_admin', 'team_developer', 'team_viewer'] as const;

  // promise: A member sees their own organization's name, limits and models, the teams they belong to
  test.each(TENANTS_ROLES)('metadata is for roles of the whole organization: %s', async (role) => {
    const isNarrow = (NARROW as readonly string[]).includes(role);
    const seen = isNarrow ? null : { crm: 'acme-771' };
    expect(must(await as(role)('GET', `/organizations/${own.organizationId}`)).metadata).toEqual(seen);
    const [listed] = must(await as(role)('GET', '/organizations')).data;
    expect([listed.id, listed.metadata]).toEqual([own.organizationId, seen]);
  });

  test('what was noted of a person is for roles of the whole organization and themself, not for colleagues', async () => {
    const path = `/organizations/${own.organizationId}/members/${own.developer.memberId}`;
    must(await world().root('PATCH', path, { metadata: { payroll: 17 } }));
    const colleague = world().as(grantsOf('team_viewer', own), sibling.developer.accountId);
    expect(must(await colleague('GET', path))).toMatchObject({ id: own.developer.memberId, metadata: null });
    for (const role of ['org_owner', 'org_billing', 'org_member'] as const) {
      expect(must(await as(role)('GET', path)).metadata).toEqual({ payroll: 17 });
    }
  });
});

describe('to a token that is narrowed', () => {
  test('without usage.read a dry run of a low limit does not tell what was used', async () => {
    const change = { budgets: [{ amount: '0.000000001', period: 'month' }] };
    const path = `/teams/${own.teamId}?dry_run=true`;
    const whole = must(await world().root('PATCH', path, change)).effect;
    expect(whole.keys_over_new_limit).toContainEqual(expect.objectContaining({ scope: 'team', limit: 'budget' }));
    const setsLimits = await narrowed({ permissions: ['team_limits.change', 'team_access.narrow'] });
    const { effect } = must(await setsLimits('PATCH', path, change));
    expect(effect).toMatchObject({ keys_over_new_limit: null, key_examples: null });
    const less = must(await setsLimits('PATCH', path, { asset_access: { mode: 'restrict', targets: [] } })).effect;
    expect(less).toMatchObject({ keys_losing_access: 2, key_examples: null });
  });

  test('to one organization, what is another’s is not there, in the same words as what nobody has', async () => {
    const kept = await narrowed({ organization_ids: [own.organizationId] });
    const never = (id: string) => `${id.slice(0, -6)}ffffff`;
    const paths = ({ organizationId, teamId, key }: { organizationId: string; teamId: string; key: { id: string } }) => [
      `/organizations/${organizationId}`,
      `/teams/${teamId}`,
      `/keys/${key.id}`,
    ];
    const nothing = {
      organizationId: never(foreign.organizationId),
      teamId: never(foreign.teamId),
      key: { id: never(foreign.key.id) },
    };
    for (const [at, path] of paths(foreign).entries()) {
      const [there, nowhere] = [await kept('GET', path), await kept('GET', paths(nothing)[at] as string)];
      expect([there.status, there.body.detail]).toEqual([404, nowhere.body.detail]);
    }
    expect((await kept('GET', `/teams/${own.teamId}`)).status).toBe(200);
  });
});
