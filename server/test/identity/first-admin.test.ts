import { describe, expect, test } from 'vitest';
import { withAdmin } from '../admin/support.ts';
import { onOneDatabase, withDatabase } from '../support/database.ts';
import { browse, firstAdminToken, PASSWORD } from './support.ts';

const person = { email: 'ada@example.com', name: 'Ada Lovelace', password: PASSWORD };

onOneDatabase('the first admin', (given) => {
  const world = withAdmin(given);

  test('comes to be by a link that works once, and is signed in', async () => {
    const token = await firstAdminToken(world());
    const browser = browse(world());
    expect((await browser('GET', `/session/first-admin?token=${token}`)).body).toEqual({ valid: true });
    const made = await browser('POST', '/session/first-admin', { token, ...person });
    expect([made.status, made.body]).toEqual([200, { status: 'signed_in' }]);
    const session = await browser('GET', '/session');
    expect(session.body).toMatchObject({
      account: { email: 'ada@example.com', name: 'Ada Lovelace' },
      actor_kind: 'account',
      platform_role: 'platform_admin',
      memberships: [],
    });
    expect(session.body.platform_capabilities).toContain('organizations.create');
    const again = await browse(world())('POST', '/session/first-admin', { token, ...person, email: 'eve@example.com' });
    expect(again.status).toBe(409);
    expect((await browser('GET', `/session/first-admin?token=${token}`)).body).toEqual({ valid: false });
    expect(await firstAdminToken(world())).toBeNull();
    expect((await world().root('GET', '/accounts?search=eve')).body.data).toEqual([]);
  });
});

describe('a first-admin link', () => {
  const world = withAdmin(withDatabase());

  test('is used up by one of many who try at once', async () => {
    const token = await firstAdminToken(world());
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((who) =>
        browse(world())('POST', '/session/first-admin', { token, ...person, email: `${who}@example.com` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    expect((await world().root('GET', '/accounts')).body.data).toHaveLength(1);
  });
});

describe('a first-admin link that was not used', () => {
  const world = withAdmin(withDatabase());
  const claim = (token: string | null, more: object = {}) =>
    browse(world())('POST', '/session/first-admin', { token, ...person, ...more });

  test('takes no weak password, no unknown field and no made-up token, and is good for another try', async () => {
    const token = await firstAdminToken(world());
    const weak = await claim(token, { password: 'ada@example.com' });
    expect([weak.status, weak.body.errors[0].pointer]).toEqual([400, '/password']);
    expect((await claim(token, { is_platform_admin: true })).body.errors[0].pointer).toBe('/is_platform_admin');
    expect((await claim('made-up')).status).toBe(409);
    expect((await browse(world())('GET', `/session/first-admin?token=${token}`)).body).toEqual({ valid: true });
  });

  test('stops working when a newer one is made, and after a day', async () => {
    const [older, newer] = [await firstAdminToken(world()), await firstAdminToken(world())];
    expect((await claim(older)).status).toBe(409);
    world().time.nowMs += 24 * 3_600_000;
    expect((await claim(newer)).status).toBe(409);
    expect((await world().root('GET', '/accounts')).body.data).toEqual([]);
  });
});
