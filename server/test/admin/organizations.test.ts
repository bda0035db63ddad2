import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { freshSlug, makeOrganization, must, withAdmin } from './support.ts';

onOneDatabase('organizations', (given) => {
  const world = withAdmin(given);

  describe('creating one', () => {
    test('takes identity, limits, budgets, grants and audit policy at once and shows them all', async () => {
      const slug = freshSlug('acme');
      const answer = await world().root('POST', '/organizations', {
        slug,
        name: ' Acme ',
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
      expect(answer.body.limits_status.budgets[0]).toMatchObject({ spent: '0.00', held: '0.00', remaining: '100.00' });
      expect(world().changes.at(-1)).toEqual({ catalogue: false, organizationIds: [answer.body.id], keyIds: [] });
    });

    // promise: Default `asset_access`: organization `selected` and empty; below it
    test('grants nothing unless told, and what is below inherits', async () => {
      const { root } = world();
      const organization = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'Plain' }));
      expect(organization).toMatchObject({
        asset_access: { mode: 'selected', targets: [], access_groups: [] },
        time_zone: 'UTC',
      });
      const team = must(await root('POST', `/organizations/${organization.id}/teams`, { name: 'Team' }));
      expect(team.asset_access).toMatchObject({ mode: 'inherit' });
    });

    test('with a taken slug is 409 and changes nothing', async () => {
      const { root } = world();
      const first = await makeOrganization(root, { name: 'First' });
      const answer = await root('POST', '/organizations', { slug: first.slug, name: 'Second', rate_limits: { rpm: 1 } });
      expect(answer.status).toBe(409);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(must(await root('GET', `/organizations/${first.id}`))).toEqual(first);
    });

    test('that fails leaves nothing of it: no row, no budget, no audit event', async () => {
      const { root } = world();
      const first = await makeOrganization(root);
      const before = must(await root('GET', '/organizations')).total;
      await root('POST', '/organizations', { slug: first.slug, name: 'x', budgets: [{ amount: '1', period: 'day' }] });
      expect(must(await root('GET', '/organizations')).total).toBe(before);
      const { rows } = await given().pool.query(
        `select count(*)::int as n from budgets where organization_id <> all (select id from organizations)`,
      );
      expect(rows[0].n).toBe(0);
    });
  });

  describe('PATCH', () => {
    // promise: PATCH replaces arrays whole; budget items with an `id`
    test('keeps what is absent, clears what is null, keeps 0 as 0 and replaces lists whole', async () => {
      const { root } = world();
      const made = await makeOrganization(root, {
        rate_limits: { rpm: 10, tpm: 20, rpd: 30 },
        model_limits: [{ target: 'a', rate_limits: { rpm: 1 } }],
        metadata: { kept: 1, gone: 2 },
      });
      const changed = must(
        await root('PATCH', `/organizations/${made.id}`, {
          rate_limits: { tpm: null, rpd: 0 },
          model_limits: [{ access_group: 'beta', rate_limits: { tpm: 5 } }],
          metadata: { gone: null, added: true },
        }),
      );
      expect(changed.rate_limits).toMatchObject({ rpm: 10, tpm: null, rpd: 0 });
      expect(changed.model_limits).toMatchObject([{ target: null, access_group: 'beta', rate_limits: { tpm: 5, rpm: null } }]);
      expect(changed.metadata).toEqual({ kept: 1, added: true });
      expect(changed.version).toBe(2);
      const cleared = must(
        await root('PATCH', `/organizations/${made.id}`, { rate_limits: null, model_limits: null, metadata: null }),
      );
      expect(Object.values(cleared.rate_limits).every((value) => value === null)).toBe(true);
      expect(cleared).toMatchObject({ model_limits: [], metadata: {} });
    });

    // promise: budget items with an `id` keep it, without one get a new one, a foreign id is 400.
    test('keeps a budget by its id, gives a new one an id, and refuses a foreign id', async () => {
      const { root } = world();
      const made = await makeOrganization(root, {
        budgets: [
          { amount: '1', period: 'day' },
          { amount: '2', period: 'total' },
        ],
      });
      const [day, total] = made.budgets;
      const path = `/organizations/${made.id}`;
      const changed = must(
        await root('PATCH', path, {
          budgets: [
            { ...bodyOf(total), amount: '3' },
            { amount: '4', period: 'rolling', days: 2 },
          ],
        }),
      );
      expect(changed.budgets).toMatchObject([
        { id: total.id, amount: '3.00', period: 'total' },
        { id: expect.not.stringContaining(total.id), amount: '4.00', period: 'rolling', hours: 48 },
      ]);
      const foreign = await makeOrganization(root, { budgets: [{ amount: '1', period: 'day' }] });
      for (const id of [day.id, foreign.budgets[0].id, 'bud_nothing']) {
        const refused = await root('PATCH', path, { budgets: [{ id, amount: '9', period: 'day' }] });
        expect(refused.status).toBe(400);
        expect(refused.body.errors[0].pointer).toBe('/budgets/0/id');
      }
      expect(must(await root('GET', path)).budgets).toEqual(changed.budgets);
    });

    test('that changes nothing moves no version and writes no audit event', async () => {
      const { root } = world();
      const made = await makeOrganization(root, { rate_limits: { rpm: 10 } });
      const same = must(await root('PATCH', `/organizations/${made.id}`, { name: made.name, rate_limits: { rpm: 10 } }));
      expect(same.version).toBe(1);
      expect(must(await root('GET', `/organizations/${made.id}/audit-events`)).total).toBe(1);
    });

    // promise: `If-Match` is optional; the console always sends it.
    test('with a stale If-Match is 412 and changes nothing', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      const path = `/organizations/${made.id}`;
      expect((await root('PATCH', path, { name: 'Two' }, { 'if-match': '"1"' })).status).toBe(200);
      const stale = await root('PATCH', path, { name: 'Three' }, { 'if-match': '"1"' });
      expect(stale.status).toBe(412);
      const read = await root('GET', path);
      expect([read.body.name, read.headers.etag]).toEqual(['Two', '"2"']);
    });

    test('of two at once with the same If-Match lets one through', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      const both = await Promise.all(
        ['A', 'B'].map((name) => root('PATCH', `/organizations/${made.id}`, { name }, { 'if-match': '"1"' })),
      );
      expect(both.map((answer) => answer.status).sort()).toEqual([200, 412]);
    });

    test('lets owners and admins edit the profile, and never their own cap', async () => {
      const { root, as } = world();
      const made = await makeOrganization(root, { rate_limits: { rpm: 10 } });
      const path = `/organizations/${made.id}`;
      for (const role of ['org_owner', 'org_admin'] as const) {
        const client = as([{ role, organizationId: made.id }]);
        expect((await client('PATCH', path, { name: `By ${role}` })).status).toBe(200);
        const caps = [
          { rate_limits: { rpm: null } },
          { model_limits: [] },
          { budgets: [] },
          { asset_access: { mode: 'all' } },
          // Where a day begins decides when a day limit starts anew: moving it every hour would lift it.
          { time_zone: 'Asia/Tokyo' },
        ];
        for (const cap of caps) expect((await client('PATCH', path, { name: 'x', ...cap })).status).toBe(403);
      }
      expect(must(await root('GET', path))).toMatchObject({ name: 'By org_admin', rate_limits: { rpm: 10 }, time_zone: 'UTC' });
    });

    // promise: Platform admins and organization owners may change it; every
    test('leaves the audit policy to owners and the platform', async () => {
      const { root, as } = world();
      const made = await makeOrganization(root);
      const path = `/organizations/${made.id}`;
      const change = { audit: { content: 'full', content_retention_days: 30 } };
      expect((await as([{ role: 'org_admin', organizationId: made.id }])('PATCH', path, change)).status).toBe(403);
      const owner = as([{ role: 'org_owner', organizationId: made.id }]);
      expect(must(await owner('PATCH', path, change)).audit).toMatchObject({ content: 'full', content_retention_days: 30 });
      const events = must(await root('GET', `${path}/audit-events?action=organization.update`));
      expect(events.data[0]).toMatchObject({ before: { audit: { content: 'off' } }, after: { audit: { content: 'full' } } });
    });

    test('leaves the storage of responses to owners and the platform, and records what it was', async () => {
      const { root, as } = world();
      const made = await makeOrganization(root);
      expect(made).toMatchObject({ responses_storage: 'off', responses_scope: 'team' });
      const path = `/organizations/${made.id}`;
      for (const change of [{ responses_storage: 'keep' }, { responses_scope: 'organization' }]) {
        for (const role of ['org_admin', 'org_auditor', 'org_member'] as const) {
          const client = as([{ role, organizationId: made.id }]);
          expect((await client('PATCH', path, { name: 'x', ...change })).status).toBe(403);
        }
      }
      expect(must(await root('GET', path))).toMatchObject({ name: made.name, responses_storage: 'off', responses_scope: 'team' });
      const owner = as([{ role: 'org_owner', organizationId: made.id }]);
      const changed = must(await owner('PATCH', path, { responses_storage: 'keep', responses_scope: 'key' }));
      expect(changed).toMatchObject({ responses_storage: 'keep', responses_scope: 'key' });
      expect(must(await owner('PATCH', path, { responses_scope: 'key' })).version).toBe(changed.version);
      const events = must(await root('GET', `${path}/audit-events?action=organization.update`));
      expect(events.data).toHaveLength(1);
      expect(events.data[0]).toMatchObject({
        before: { responses_storage: 'off', responses_scope: 'team' },
        after: { responses_storage: 'keep', responses_scope: 'key' },
      });
    });

    test('leaves the storage of end users to owners and the platform, records what it was, and copies it', async () => {
      const { root, as } = world();
      const made = await makeOrganization(root);
      const path = `/organizations/${made.id}`;
      expect(made.end_users).toBe('hashed');
      const admin = as([{ role: 'org_admin', organizationId: made.id }]);
      expect((await admin('PATCH', path, { end_users: 'kept' })).status).toBe(403);
      const owner = as([{ role: 'org_owner', organizationId: made.id }]);
      expect(must(await owner('PATCH', path, { end_users: 'kept' })).end_users).toBe('kept');
      const events = must(await root('GET', `${path}/audit-events?action=organization.update`));
      expect(events.data[0]).toMatchObject({ before: { end_users: 'hashed' }, after: { end_users: 'kept' } });
      expect((await makeOrganization(root, { like_organization_id: made.id })).end_users).toBe('kept');
    });

    test('copies the storage of responses to organizations made like it', async () => {
      const { root } = world();
      const like = await makeOrganization(root, { responses_storage: 'keep', responses_scope: 'organization' });
      const made = await makeOrganization(root, { like_organization_id: like.id });
      expect(made).toMatchObject({ responses_storage: 'keep', responses_scope: 'organization' });
    });

    // promise: A mode whose engine is not built yet is
    test('refuses an audit mode that nothing carries out', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      const refused = await root('PATCH', `/organizations/${made.id}`, { audit: { content: 'redacted' } });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/audit/content']);
      const created = await root('POST', '/organizations', { slug: freshSlug(), name: 'x', audit: { content: 'redacted' } });
      expect(created.status).toBe(400);
    });
  });

  describe('lifecycle', () => {
    // promise: An archived organization can be reactivated; a deleted one
    test('suspends, archives and reactivates, and repeating a step is no change', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      const go = async (step: string) => must(await root('POST', `/organizations/${made.id}/${step}`)).status;
      expect(await go('suspend')).toBe('suspended');
      expect(await go('suspend')).toBe('suspended');
      expect(await go('archive')).toBe('archived');
      expect((await root('POST', `/organizations/${made.id}/suspend`)).status).toBe(409);
      expect(await go('reactivate')).toBe('active');
      const events = must(await root('GET', `/organizations/${made.id}/audit-events`));
      expect(events.total).toBe(4);
    });

    // promise: Delete needs `archived`.
    // promise: Ledger, request metadata and audit stay, with names snapshotted; the content key is destroyed
    test('deletes only what is archived, after a report of what would go', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      const path = `/organizations/${made.id}`;
      const team = must(await root('POST', `${path}/teams`, { name: 'Team' }));
      const key = must(await root('POST', '/keys', { team_id: team.id, name: 'key' }));
      must(await root('POST', '/admin-tokens', { name: 'ops', role: 'org_admin', organization_id: made.id }));
      expect((await root('DELETE', path)).status).toBe(409);
      expect((await root('DELETE', `${path}?dry_run=true`)).status, 'and no report promises it').toBe(409);
      must(await root('POST', `${path}/suspend`));
      expect((await root('DELETE', path)).status).toBe(409);
      must(await root('POST', `${path}/archive`));
      const report = must(await root('DELETE', `${path}?dry_run=true`));
      expect(report).toMatchObject({
        dry_run: true,
        goes: { teams: 1, members: 0, keys: 1, admin_tokens: 1, stored_responses: 0, stored_content: true },
      });
      expect((await root('GET', path)).status).toBe(200);
      expect(must(await root('DELETE', path))).toMatchObject({ dry_run: false, goes: report.goes });
      expect(world().changes.at(-1)).toMatchObject({ organizationIds: [made.id], keyIds: [key.id] });
      for (const gone of [path, `/teams/${team.id}`, `/keys/${key.id}`]) expect((await root('GET', gone)).status).toBe(404);
      // Its records stay and can be proven.
      expect(must(await root('GET', `/audit-events/verify?organization_id=${made.id}`)).intact).toBe(true);
      const { rows } = await given().pool.query('select content_key, status from organizations where id = $1', [made.id]);
      expect(rows).toEqual([{ content_key: null, status: 'deleted' }]);
    });

    // promise: Ledger, request metadata and audit stay, with names snapshotted;
    test('never gives the slug or id of a deleted one to another, and a deleted one does not come back', async () => {
      const { root } = world();
      const made = await makeOrganization(root);
      must(await root('POST', `/organizations/${made.id}/archive`));
      must(await root('DELETE', `/organizations/${made.id}`));
      expect((await root('POST', '/organizations', { slug: made.slug, name: 'Again' })).status).toBe(409);
      expect((await root('POST', `/organizations/${made.id}/reactivate`)).status).toBe(404);
    });
  });

  test('shows owners and counts right after each change', async () => {
    const { root } = world();
    const made = await makeOrganization(root);
    const path = `/organizations/${made.id}`;
    const seen = async () => {
      const read = must(await root('GET', path));
      return [read.owners.map((owner: { name: string }) => owner.name), read.team_count, read.member_count, read.key_count];
    };
    const ada = must(await root('POST', '/accounts', { email: `ada@${made.slug}.test`, name: 'Ada' }));
    const member = must(await root('POST', `${path}/members`, { account_id: ada.id, role: 'org_owner' }));
    expect(await seen()).toEqual([['Ada'], 0, 1, 0]);
    const team = must(await root('POST', `${path}/teams`, { name: 'Team' }));
    must(await root('POST', `/teams/${team.id}/members`, { account_id: ada.id, role: 'team_admin' }));
    must(await root('POST', '/keys', { team_id: team.id, name: 'key', owner: { account_id: ada.id } }));
    expect(await seen()).toEqual([['Ada'], 1, 1, 1]);
    const bob = must(await root('POST', '/accounts', { email: `bob@${made.slug}.test`, name: 'Bob' }));
    must(await root('POST', `${path}/members`, { account_id: bob.id, role: 'org_owner' }));
    must(await root('DELETE', `${path}/members/${member.id}`));
    expect(await seen()).toEqual([['Bob'], 1, 1, 0]);
    must(await root('DELETE', `/teams/${team.id}`));
    expect(await seen()).toEqual([['Bob'], 0, 1, 0]);
  });
});

/** A budget as it can be sent back. */
function bodyOf(budget: Readonly<Record<string, unknown>>): object {
  return { id: budget.id, amount: budget.amount, period: budget.period };
}
