import { describe, expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { upstream } from './catalogue-support.ts';
import { freshSlug, makeTeam, must, withAdmin } from './support.ts';

const rpm = (label: object) => ({ ...label, rate_limits: { rpm: 5 } });
const blocks = (label: object) => ({ ...label, budgets: [{ amount: '10', period: 'month' }] });
const alerts = (label: object) => ({ ...label, budgets: [{ amount: '10', period: 'month', action: 'alert' }] });
const TAG = { tag: 'research' };
const EACH = { end_user: '*' };

onOneDatabase('limits by tag and end user over HTTP', (given) => {
  const world = withAdmin(given, { upstream });

  async function tenant(organization: object = {}, team: object = {}) {
    const { root } = world();
    const made = await makeTeam(root, organization, team);
    const key = must(await root('POST', '/keys', { team_id: made.team.id, name: 'app' }));
    const paths = {
      organization: `/organizations/${made.organization.id}`,
      team: `/teams/${made.team.id}`,
      key: `/keys/${key.id}`,
    };
    return { root, as: world().as, key, paths, ...made };
  }

  // promise: A limit that refuses rests on a required tag or on `require_end_user`
  describe('what a caller can omit cannot limit', () => {
    test.each([
      ['a rate limit of a tag', rpm(TAG), 'required_tags'],
      ['a budget of a tag that blocks', blocks(TAG), 'required_tags'],
      ['a rate limit of end users', rpm(EACH), 'require_end_user'],
      ['a budget of end users that blocks', blocks(EACH), 'require_end_user'],
    ])('%s is refused without what makes callers name it, at every level, and stores nothing', async (_name, limit, needed) => {
      const { root, paths } = await tenant();
      for (const path of Object.values(paths)) {
        const refused = await root('PATCH', path, { label_limits: [limit] });
        expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, '/label_limits/0']);
        expect(refused.body.errors[0].message).toContain(needed);
        expect(must(await root('GET', path)).label_limits).toEqual([]);
      }
    });

    test('budgets that alert need nothing', async () => {
      const { root, paths } = await tenant();
      for (const path of Object.values(paths)) {
        const changed = must(await root('PATCH', path, { label_limits: [alerts(TAG), alerts(EACH)] }));
        expect(changed.label_limits).toMatchObject([
          { tag: 'research', end_user: null, budgets: [{ amount: '10.00', period: 'month', action: 'alert' }] },
          { tag: null, end_user: '*', budgets: [{ action: 'alert' }] },
        ]);
      }
    });

    test.each([
      ['tag', 'organization', 'key', rpm(TAG), { required_tags: ['research'] }, { required_tags: [] }],
      ['tag', 'team', 'organization', rpm(TAG), { required_tags: ['research'] }, { required_tags: [] }],
      ['tag', 'key', 'key', blocks(TAG), { required_tags: ['research'] }, { required_tags: ['other'] }],
      ['end user', 'key', 'organization', rpm(EACH), { require_end_user: true }, { require_end_user: false }],
      ['end user', 'organization', 'organization', blocks(EACH), { require_end_user: true }, { require_end_user: false }],
      ['end user', 'key', 'team', rpm(EACH), { require_end_user: true }, { require_end_user: false }],
    ] as const)(
      'a limit of a %s at the %s rests on the %s, which then keeps what it requires',
      async (_label, at, on, limit, need, without) => {
        const { root, paths } = await tenant();
        must(await root('PATCH', paths[on], need));
        must(await root('PATCH', paths[at], { label_limits: [limit] }));
        const refused = await root('PATCH', paths[on], without);
        expect(refused.status).toBe(409);
        expect(refused.body.detail).toContain(`the limit of ${at}`);
        expect(must(await root('GET', paths[on]))).toMatchObject(need);
        // What has nothing to do with it still changes.
        must(await root('PATCH', paths[on], { metadata: { any: 'thing' } }));
        must(await root('PATCH', paths[at], { label_limits: null }));
        must(await root('PATCH', paths[on], without));
      },
    );

    test('an end user required below a level is not enough for its limit, because other keys need not name one', async () => {
      const { root, paths } = await tenant();
      must(await root('PATCH', paths.key, { require_end_user: true }));
      expect((await root('PATCH', paths.organization, { label_limits: [rpm(EACH)] })).status).toBe(400);
      expect((await root('PATCH', paths.team, { label_limits: [rpm(EACH)] })).status).toBe(400);
    });

    test('a key that leaves a tag to others does not take the limit away, and the last one does', async () => {
      const { root, paths, team } = await tenant();
      const other = must(await root('POST', '/keys', { team_id: team.id, name: 'b', required_tags: ['research'] }));
      must(await root('PATCH', paths.key, { required_tags: ['research'] }));
      must(await root('PATCH', paths.organization, { label_limits: [rpm(TAG)] }));
      must(await root('PATCH', paths.key, { required_tags: null }));
      expect((await root('PATCH', `/keys/${other.id}`, { required_tags: null })).status).toBe(409);
    });

    test('limits of end users and `end_users` off exclude each other', async () => {
      const { root, paths } = await tenant({ end_users: 'off', require_end_user: true });
      const refused = await root('PATCH', paths.key, { label_limits: [rpm(EACH)] });
      expect([refused.status, refused.body.errors[0].message]).toEqual([400, expect.stringContaining('end_users')]);
      must(await root('PATCH', paths.organization, { end_users: 'hashed' }));
      must(await root('PATCH', paths.key, { label_limits: [rpm(EACH)] }));
      const off = await root('PATCH', paths.organization, { end_users: 'off' });
      expect([off.status, off.body.detail]).toEqual([409, expect.stringContaining('the limit of key')]);
    });
  });

  test.each([
    ['neither label', [{ rate_limits: { rpm: 1 } }]],
    ['both', [{ ...TAG, ...EACH }]],
    ['one end user by name', [{ end_user: 'alice' }]],
    ['no tag', [{ tag: 'a b' }]],
    ['a tag twice', [alerts(TAG), alerts(TAG)]],
    ['a year of each end user', [{ ...EACH, budgets: [{ amount: '1', period: 'year', action: 'alert' }] }]],
    ['sixty days of each end user', [{ ...EACH, budgets: [{ amount: '1', period: 'rolling', days: 60, action: 'alert' }] }]],
    ['a target in the budget', [{ ...TAG, budgets: [{ amount: '1', period: 'day', target: 'gpt-5' }] }]],
    ['the id of no budget here', [{ ...TAG, budgets: [{ id: 'bud_x', amount: '1', period: 'day', action: 'alert' }] }]],
  ])('%s is 400', async (_name, label_limits) => {
    const { root, paths } = await tenant();
    expect((await root('PATCH', paths.key, { label_limits })).status).toBe(400);
  });

  test('are created with their object, in the audit log, in the status, copied to another organization, and kept by a PATCH', async () => {
    const { root } = world();
    const body = { required_tags: ['research'], label_limits: [blocks(TAG)] };
    const one = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'Acme', ...body }));
    const [{ budgets }] = one.label_limits;
    expect(one.limits_status.budgets).toMatchObject([{ id: budgets[0].id, tag: 'research', target: null, spent: '0.00' }]);
    const renamed = must(await root('PATCH', `/organizations/${one.id}`, { name: 'Renamed' }));
    expect(renamed.label_limits).toEqual(one.label_limits);
    const again = { label_limits: [{ ...TAG, budgets: [{ id: budgets[0].id, amount: '20', period: 'month' }] }] };
    expect(must(await root('PATCH', `/organizations/${one.id}`, again)).label_limits[0].budgets[0]).toMatchObject({
      id: budgets[0].id,
      amount: '20.00',
    });
    const like = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'B', like_organization_id: one.id }));
    expect(like.label_limits).toMatchObject([{ tag: 'research', budgets: [{ amount: '20.00' }] }]);
    expect(like.label_limits[0].budgets[0].id).not.toBe(budgets[0].id);
    const events = must(await root('GET', `/organizations/${one.id}/audit-events?limit=50`)).data;
    expect(events.find(({ action }: { action: string }) => action === 'organization.create').after.label_limits).toHaveLength(1);
  });

  test('are changed by whoever changes the limits there', async () => {
    const { as, paths, organization, team } = await tenant({ required_tags: ['research'] });
    const at = { organizationId: organization.id };
    const developer = as([{ role: 'team_developer', ...at, teamId: team.id }]);
    const teamAdmin = as([{ role: 'team_admin', ...at, teamId: team.id }]);
    for (const body of [{ label_limits: [rpm(TAG)] }, { require_end_user: true }]) {
      expect((await developer('PATCH', paths.key, body)).status).toBe(403);
      expect((await teamAdmin('PATCH', paths.organization, body)).status).toBe(403);
      expect((await teamAdmin('PATCH', paths.key, body)).status).toBe(200);
    }
  });
});
