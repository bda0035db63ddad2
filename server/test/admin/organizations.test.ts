import { describe, expect, test } from 'vitest';
import { onEveryDatabase } from '../support/database.ts';
import { freshSlug, makeOrganization, must, withAdmin } from './support.ts';

onEveryDatabase('organizations', (given) => {
  const world = withAdmin(given);

  describe('creating one', () => {
    test('takes identity, limits, budgets, grants and audit policy at once and shows them all', async () => {
      const { root } = world();
      const slug = freshSlug('acme');
      const answer = await root('POST', '/organizations', {
        slug,
        name: 'Acme',
        time_zone: 'Europe/Paris',
        rate_limits: { rpm: 600, tpm: 200000, rph: null, tph: null, rpd: 20000, tpd: null, max_parallel: 50 },
        model_limits: [{ target: 'gpt-5*', rate_limits: { rpm: 60 } }],
        budgets: [{ amount: '100.00', period: 'month', anchor_day: 1, thresholds: [50, 80, 100], action: 'block' }],
        asset_access: { mode: 'selected', targets: [], access_groups: ['beta'] },
        audit: { content: 'off' },
      });
      expect(answer.status).toBe(201);
      expect(answer.headers.etag).toBe('"1"');
      expect(answer.body).toMatchObject({
        id: expect.stringMatching(/^org_/),
        slug,
        name: 'Acme',
        status: 'active',
        time_zone: 'Europe/Paris',
        rate_limits: { rpm: 600, tpm: 200000, rph: null, tph: null, rpd: 20000, tpd: null, max_parallel: 50 },
        model_limits: [{ target: 'gpt-5*', access_group: null, rate_limits: { rpm: 60, tpm: null } }],
        budgets: [{ id: expect.stringMatching(/^bud_/), amount: '100.00', period: 'month', anchor_day: 1, action: 'block' }],
        asset_access: { mode: 'selected', targets: [], access_groups: ['beta'] },
        audit: { content: 'off' },
        owners: [],
        team_count: 0,
        member_count: 0,
        key_count: 0,
        version: 1,
      });
      expect(answer.body.limits_status.budgets[0]).toMatchObject({
        amount: '100.00',
        spent: '0.00',
        held: '0.00',
        remaining: '100.00',
      });
      expect(world().changes.at(-1)).toEqual({ catalogue: false, organizationIds: [answer.body.id], keyIds: [] });
    });

    test('with a taken slug is 409 and changes nothing', async () => {
      const { root } = world();
      const first = await makeOrganization(root, { name: 'First' });
      const answer = await root('POST', '/organizations', { slug: first.slug, name: 'Second', rate_limits: { rpm: 1 } });
      expect(answer.status).toBe(409);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(must(await root('GET', `/organizations/${first.id}`))).toEqual(first);
    });
  });
});
