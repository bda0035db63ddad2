import { beforeEach, describe, expect, test } from 'vitest';
import { withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { browse, makePerson, signedIn } from './support.ts';

onOneDatabase('one’s own sessions', (given) => {
  const world = withAdmin(given);
  beforeEach(() => {
    world().time.nowMs = Date.now();
  });

  test('are listed with where they are from, and say which one is asked from', async () => {
    const person = await makePerson(world());
    const [here, there] = [await signedIn(world(), person), await signedIn(world(), person)];
    const { data } = (await here('GET', '/session/sessions')).body;
    expect(data).toHaveLength(2);
    expect(data[0]).toEqual({
      id: expect.stringMatching(/^sess_/),
      created_at: expect.any(String),
      last_used_at: expect.any(String),
      ip: '127.0.0.1',
      user_agent: 'Test browser',
      current: expect.any(Boolean),
    });
    expect(data.filter((session: { current: boolean }) => session.current)).toHaveLength(1);
    const seenThere = (await there('GET', '/session/sessions')).body.data;
    const currentOf = (all: readonly { id: string; current: boolean }[]) => all.find(({ current }) => current)?.id;
    expect(currentOf(seenThere)).not.toBe(currentOf(data));
    expect(JSON.stringify(data)).not.toContain((here.cookies.get('headgate_session') ?? '').split('.')[0]);
  });

  test('are ended one by one, at once and for good', async () => {
    const person = await makePerson(world());
    const [here, there] = [await signedIn(world(), person), await signedIn(world(), person)];
    const { data } = (await here('GET', '/session/sessions')).body;
    const other = data.find((session: { current: boolean }) => !session.current);
    const stranger = await signedIn(world(), await makePerson(world()));
    expect((await stranger('DELETE', `/session/sessions/${other.id}`)).status).toBe(404);
    expect((await there('GET', '/session')).status).toBe(200);
    expect((await here('DELETE', `/session/sessions/${other.id}`)).status).toBe(204);
    expect((await there('GET', '/session')).status).toBe(401);
    expect((await here('DELETE', `/session/sessions/${other.id}`)).status).toBe(404);
    expect((await here('GET', '/session')).status).toBe(200);
    expect((await stranger('GET', '/session')).status).toBe(200);
  });

  test('are ended all but this one', async () => {
    const person = await makePerson(world());
    const browsers = [await signedIn(world(), person), await signedIn(world(), person), await signedIn(world(), person)];
    const [here] = browsers as [(typeof browsers)[number]];
    expect((await here('DELETE', '/session/sessions')).status).toBe(204);
    const statuses = await Promise.all(browsers.map(async (browser) => (await browser('GET', '/session')).status));
    expect(statuses).toEqual([200, 401, 401]);
    const events = (await world().root('GET', `/audit-events?object_id=${person.id}`)).body.data;
    expect(events[0]).toMatchObject({ action: 'account.session_end', after: { sessions_ended: 2 }, actor: { id: person.id } });
  });

  test('run out a week after they were last looked at, and a visit moves the end out', async () => {
    const person = await makePerson(world());
    const [idle, busy] = [await signedIn(world(), person), await signedIn(world(), person)];
    const age = (days: number) =>
      world().deps.db.execute(
        `update sessions set expires_at = expires_at - interval '${days} days' where account_id = '${person.id}'`,
      );
    await age(5);
    const visit = await busy('GET', '/session');
    expect(visit.setCookies.find((cookie) => cookie.startsWith('headgate_session='))).toMatch(/Max-Age=604800/i);
    await age(3);
    expect([(await idle('GET', '/session')).status, (await busy('GET', '/session')).status]).toEqual([401, 200]);
    expect((await busy('GET', '/session/sessions')).body.data).toHaveLength(1);
  });

  test('name their owner anew', async () => {
    const browser = await signedIn(world(), await makePerson(world()));
    expect((await browser('PATCH', '/session/account', { name: ' Grace ' })).body).toMatchObject({ name: 'Grace' });
    expect((await browser('GET', '/session')).body.account.name).toBe('Grace');
    for (const field of ['email', 'platform_role', 'status', 'id']) {
      const answer = await browser('PATCH', '/session/account', { name: 'Grace', [field]: 'platform_admin' });
      expect([field, answer.status]).toEqual([field, 400]);
    }
    expect((await browse(world())('PATCH', '/session/account', { name: 'Eve' })).status).toBe(401);
  });
});

describe('a route', () => {
  test('that is for the signed-in is 401 for everybody else', async () => {
    const { ROUTES } = await import('../../src/admin/http/app.ts');
    const forSignedIn = Object.entries(ROUTES).filter(([, route]) => route.permission === 'signed_in');
    // What is one's own: sessions, saved views, logins, and the link to an identity provider. The table of roles is for everybody.
    expect(
      forSignedIn
        .map(([name]) => name)
        .filter((name) => !/ \/(session|saved-views|logins|roles|sso\/:idp_id\/link)(\/|$)/.test(name)),
    ).toEqual([]);
    const open = Object.entries(ROUTES).filter(([, route]) => route.permission === 'public');
    expect(open.map(([name]) => name).sort()).toEqual([
      'GET /invitations/lookup',
      'GET /session/first-admin',
      'GET /session/providers',
      'GET /sso/:idp_id/callback',
      'GET /sso/:idp_id/finish',
      'GET /sso/:idp_id/logout',
      'GET /sso/:idp_id/metadata',
      'GET /sso/:idp_id/start',
      'GET /sso/:idp_id/test',
      'POST /invitations/accept',
      'POST /session/first-admin',
      'POST /session/passkey',
      'POST /session/passkey-options',
      'POST /session/password-reset',
      'POST /session/password-reset/confirm',
      'POST /session/second-factor',
      'POST /session/sign-in',
      'POST /sso/:idp_id/acs',
      'POST /sso/:idp_id/backchannel-logout',
    ]);
  });
});
