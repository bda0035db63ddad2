import { expect, test } from 'vitest';
import { onEveryDatabase } from '../support/database.ts';
import { makeOrganization, must, withAdmin } from './support.ts';

onEveryDatabase('an organization filled over the API', (given) => {
  const world = withAdmin(given);

  test('team, service account, account, member, keys: each as the interface description says', async () => {
    const { root } = world();
    const organization = await makeOrganization(root, { rate_limits: { rpm: 600 } });
    const team = must(
      await root('POST', `/organizations/${organization.id}/teams`, {
        name: 'Support',
        budgets: [{ amount: '40', period: 'month' }],
      }),
    );
    expect(team.id).toMatch(/^team_/);
    const service = must(await root('POST', `/teams/${team.id}/service-accounts`, { name: 'ci' }));
    expect(service.id).toMatch(/^svc_/);
    const key = must(
      await root('POST', '/keys', { team_id: team.id, name: 'app', owner: { service_account_id: service.id }, expires_at: null }),
    );
    expect(key).toMatchObject({ id: expect.stringMatching(/^key_/), secret: expect.stringMatching(/^sk-hg-/), status: 'active' });
    const account = must(await root('POST', '/accounts', { email: `Ada-${organization.id}@acme.test`, name: 'Ada' }));
    const member = must(await root('POST', `/teams/${team.id}/members`, { account_id: account.id, role: 'team_developer' }));
    expect(member.member_id).toMatch(/^mem_/);
    const own = must(await root('POST', '/keys', { team_id: team.id, name: 'ada', owner: { account_id: account.id } }));
    expect(own.owner).toMatchObject({ account_id: account.id, member_id: member.member_id, name: 'Ada' });
    const plain = must(await root('POST', '/keys', { team_id: team.id, name: 'plain' }));
    expect(plain.owner).toMatchObject({ name: 'default', account_id: null });
    const rotated = must(await root('POST', `/keys/${key.id}/rotate`, { overlap_seconds: 3600 }));
    expect(rotated.secret).not.toBe(key.secret);
    const read = must(await root('GET', `/organizations/${organization.id}`));
    expect(read).toMatchObject({ team_count: 1, member_count: 1, key_count: 3, owners: [] });
    const status = must(await root('GET', `/teams/${team.id}/limits/status`));
    expect(status.budgets[0]).toMatchObject({
      amount: '40.00',
      spent: '0.00',
      remaining: '40.00',
      period_start: '2026-03-01T00:00:00.000Z',
    });
    const verdict = must(await root('GET', `/audit-events/verify?organization_id=${organization.id}`));
    expect(verdict).toMatchObject({ intact: true });
    const events = must(await root('GET', `/organizations/${organization.id}/audit-events?limit=200`));
    expect(events.data.map((event: { action: string }) => event.action).reverse()).toEqual([
      'organization.create',
      'team.create',
      'service_account.create',
      'key.create',
      'member.add',
      'team_member.add',
      'key.create',
      'service_account.create',
      'key.create',
      'key.rotate',
    ]);
  });
});
