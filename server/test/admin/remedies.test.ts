import { beforeAll, describe, expect, test } from 'vitest';
import { shapeOf } from '../../src/domain/decision/decision.ts';
import { planLimits } from '../../src/domain/limits/limit-plan.ts';
import type { RoleGrant } from '../../src/domain/tenancy/permission.ts';
import type { Caller } from '../../src/domain/tenancy/tenancy.ts';
import { requestId } from '../../src/lib/id.ts';
import { encodeDecision } from '../../src/proxy/decisions/explain.ts';
import { onOneDatabase } from '../support/database.ts';
import { givenEnd, givenRefusal } from '../support/records.ts';
import { makeAccount, makeTeam, makeTeamMember, must, withAdmin } from './support.ts';
import { storeRecords } from './usage-support.ts';

const NOW_MS = Date.parse('2026-03-10T12:00:00Z');

onOneDatabase('the remedies of a refused request over HTTP', (given) => {
  const world = withAdmin(given);
  let organizationId = '';
  let teamId = '';
  let refusedId = '';

  /** A request that a limit of the organization and one of the team refused. */
  beforeAll(async () => {
    const { root } = world();
    const made = await makeTeam(root);
    organizationId = made.organization.id;
    teamId = made.team.id;
    const owner = await makeAccount(root, 'Olga Owner');
    must(await root('POST', `/organizations/${organizationId}/members`, { account_id: owner.id, role: 'org_owner' }));
    const admin = await makeAccount(root, 'Anna Admin');
    must(await root('POST', `/organizations/${organizationId}/members`, { account_id: admin.id, role: 'org_admin' }));
    const limits = { timeZone: 'UTC', rateLimits: { rpm: 2 }, modelLimits: [], budgets: [] };
    const none = { rateLimits: {}, modelLimits: [], budgets: [] };
    const plan = planLimits(
      {
        organization: { id: organizationId, ...limits },
        team: { id: teamId, ...none, rateLimits: { rpm: 1 } },
        member: null,
        key: { id: 'key_01', ...none },
      } as unknown as Caller,
      'fast',
      new Set(),
      NOW_MS,
    );
    const refusing = [0, 1].map((rule) => ({ rule, retryAfterMs: 30_000 }));
    const answer = { readings: { used: [2, 1], held: [0, 0] }, refusing };
    const decision = encodeDecision(plan.shapeId, 'o* t= k=', { wanted: { tokens: 70, nanoUsd: 500 }, answer });
    refusedId = requestId(NOW_MS);
    const record = givenRefusal({ requestId: refusedId, admittedAtMs: NOW_MS, organizationId, teamId, decision });
    await storeRecords(given(), [record], [{ organizationId, id: plan.shapeId, rules: shapeOf(plan).rules }]);
  });

  /** The remedies as someone with this role reads them, by scope. */
  async function asRole(role: RoleGrant['role'], accountId: string | null = null) {
    const place = role.startsWith('platform_') ? {} : role.startsWith('team_') ? { organizationId, teamId } : { organizationId };
    const client = world().as([{ role, ...place } as RoleGrant], accountId);
    const { remedies } = must(await client('GET', `/requests/${refusedId}?content=false`));
    return new Map(remedies.map((one: { scope: string }) => [one.scope, one])) as Map<string, Record<string, unknown>>;
  }

  const namesOf = (remedy: Record<string, unknown> = {}) => (remedy.people as { name: string }[]).map(({ name }) => name);

  test('each rule that refused has one, and a platform admin may make both changes', async () => {
    const remedies = await asRole('platform_admin');
    expect([...remedies.values()]).toMatchObject([
      { action: 'raise_limit', scope: 'organization', scope_id: organizationId, field: 'rate_limits.rpm' },
      { action: 'raise_limit', scope: 'team', scope_id: teamId, field: 'rate_limits.rpm' },
    ]);
    for (const remedy of remedies.values()) expect(remedy).toMatchObject({ allowed: true, people: null });
  });

  test('an owner may raise the limit of the team, and learns that the platform raises their own cap', async () => {
    const remedies = await asRole('org_owner');
    expect(remedies.get('team')).toMatchObject({ allowed: true });
    expect(remedies.get('organization')).toMatchObject({ allowed: false, roles: ['platform_admin'], people: null });
  });

  test('who may read the members learns the names of those who can, and who may not learns their roles', async () => {
    const billing = (await asRole('org_billing')).get('team');
    expect(billing).toMatchObject({ allowed: false, roles: ['org_owner', 'org_admin'] });
    expect(namesOf(billing)).toEqual(['Anna Admin', 'Olga Owner']);
    const ofTeam = (await asRole('team_admin')).get('team');
    expect(ofTeam).toMatchObject({ allowed: false, roles: ['org_owner', 'org_admin'], people: null });
  });

  test('a disabled person is not named, and neither is the reader', async () => {
    const { root } = world();
    const gone = await makeAccount(root, 'Aaron Away');
    const member = must(
      await root('POST', `/organizations/${organizationId}/members`, { account_id: gone.id, role: 'org_admin' }),
    );
    must(await root('PATCH', `/organizations/${organizationId}/members/${member.id}`, { status: 'disabled' }));
    expect(namesOf((await asRole('org_auditor')).get('team'))).toEqual(['Anna Admin', 'Olga Owner']);
  });

  describe('a request of a person’s own key', () => {
    test('names the team’s admins for the key’s limit, not its owner', async () => {
      const { root } = world();
      const { account, memberId } = await makeTeamMember(root, teamId, 'team_admin');
      const plan = planLimits(
        {
          organization: { id: organizationId, timeZone: 'UTC', rateLimits: {}, modelLimits: [], budgets: [] },
          team: { id: teamId, rateLimits: {}, modelLimits: [], budgets: [] },
          member: null,
          key: { id: 'key_02', rateLimits: { tpm: 10 }, modelLimits: [], budgets: [] },
        } as unknown as Caller,
        'fast',
        new Set(),
        NOW_MS,
      );
      const answer = { readings: { used: [10], held: [0] }, refusing: [{ rule: 0, retryAfterMs: null }] };
      const decision = encodeDecision(plan.shapeId, 'o* t= k=', { wanted: { tokens: 70, nanoUsd: 500 }, answer });
      const record = givenRefusal({
        ...{ requestId: requestId(NOW_MS - 1), admittedAtMs: NOW_MS - 1, organizationId, teamId, decision },
        ...{ keyId: 'key_02', memberId, serviceAccountId: null },
      });
      await storeRecords(given(), [record], [{ organizationId, id: plan.shapeId, rules: shapeOf(plan).rules }]);
      const client = world().as([{ role: 'team_admin', organizationId, teamId }], account.id);
      const { remedies } = must(await client('GET', `/requests/${record.requestId}?content=false`));
      expect(remedies).toMatchObject([{ scope: 'key', scope_id: 'key_02', field: 'rate_limits.tpm', allowed: false, own: true }]);
      expect(remedies[0].people).toEqual([]);
      expect(remedies[0].roles).toContain('team_admin');
    });
  });

  test('an admitted request has none', async () => {
    const record = givenEnd({ requestId: requestId(NOW_MS - 2), admittedAtMs: NOW_MS - 2, organizationId, teamId });
    await storeRecords(given(), [record]);
    expect(must(await world().root('GET', `/requests/${record.requestId}`)).remedies).toEqual([]);
  });
});
