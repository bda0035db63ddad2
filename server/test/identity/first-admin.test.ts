import { describe, expect, test } from 'vitest';
import { withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { browse, firstAdminToken, PASSWORD } from './support.ts';

const world = withAdmin(withDatabase());

const person = { email: 'ada@example.com', name: 'Ada Lovelace', password: PASSWORD };

describe('the first admin', () => {
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
