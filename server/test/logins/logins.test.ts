/** Logins on devices: what must happen, and what must not. The gateway is a process of its own, on a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Person } from '../support/tenants.ts';
import { signUp } from '../support/tenants.ts';
import {
  asPerson,
  DEVICE_GRANT,
  form,
  type LoginSite,
  loginByDevice,
  message,
  must,
  newPkce,
  openLoginSite,
  withToken,
} from './site.ts';

const MS_MAX = 180_000;
let site: LoginSite;

beforeAll(async () => {
  site = await openLoginSite();
}, MS_MAX);
afterAll(() => site?.stop(), MS_MAX);

const teamId = () => site.tenant.teams[0].teamId;
const refresh = (token: string) => form(site.gateway, 'token', { grant_type: 'refresh_token', refresh_token: token });
const revoke = (token: string) => form(site.gateway, 'revoke', { token });
const askDevice = async () => (await form(site.gateway, 'device', { device_name: 'server' })).body;
const poll = (device_code: string) => form(site.gateway, 'token', { grant_type: DEVICE_GRANT, device_code });

describe('a device', () => {
  test('gets tokens after its person has approved it, and its calls are that person’s in that team', async () => {
    const { gateway, ada } = site;
    const asked = await askDevice();
    expect(asked).toMatchObject({ verification_uri: `${gateway.base}/device`, expires_in: 600, interval: 5 });
    expect(asked.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(asked.verification_uri_complete).toBe(asked.verification_uri);
    expect((await poll(asked.device_code)).body.error).toBe('authorization_pending');
    expect((await poll(asked.device_code)).body.error).toBe('slow_down');
    const { user_code } = asked;
    const seen = must(await asPerson(gateway, ada, 'POST', '/logins/device/lookup', { user_code: user_code.toLowerCase() }));
    expect(seen).toMatchObject({ device_name: 'server', client: 'unknown', ip: '127.0.0.1', is_same_network: true });
    must(await asPerson(gateway, ada, 'POST', '/logins/device/approve', { user_code, team_id: teamId() }));
    const tokens = must(await poll(asked.device_code));
    expect(tokens).toMatchObject({
      ...{ token_type: 'Bearer', expires_in: 3600, email: ada.email },
      ...{ organization: { id: site.tenant.organizationId, slug: site.tenant.slug }, team: { id: teamId() } },
    });
    expect((await withToken(gateway, tokens.access_token)).status).toBe(200);
    const key = must(await asPerson(gateway, ada, 'GET', `/keys/${tokens.key_id}`));
    expect(key).toMatchObject({ kind: 'login', name: 'server', team_id: teamId(), owner: { account_id: ada.accountId } });
    expect((await poll(asked.device_code)).body.error).toBe('invalid_grant');
  });

  test('that was denied hears it, and gets nothing', async () => {
    const { gateway, ada } = site;
    const { user_code, device_code } = await askDevice();
    must(await asPerson(gateway, ada, 'POST', '/logins/device/lookup', { user_code }));
    must(await asPerson(gateway, ada, 'POST', '/logins/device/deny', { user_code }));
    expect((await poll(device_code)).body.error).toBe('access_denied');
    const again = await asPerson(gateway, ada, 'POST', '/logins/device/approve', { user_code, team_id: teamId() });
    expect(again.status).toBe(404);
  });

  test.each([
    ['a code that nobody has', async () => ({ user_code: 'BBBB-BBBB', team_id: teamId() }), 404],
    [
      'a code that the person has not looked up',
      async () => ({ user_code: (await askDevice()).user_code, team_id: teamId() }),
      404,
    ],
    ['a team of another tenant', async () => ({ user_code: await lookedUp(), team_id: site.other.teams[0].teamId }), 404],
    [
      'a team that the person is not in',
      async () => ({ user_code: await lookedUp(), team_id: site.tenant.teams[1].teamId }),
      403,
    ],
  ])('is not approved for %s', async (_, bodyOf, status) => {
    const answer = await asPerson(site.gateway, site.ada, 'POST', '/logins/device/approve', await bodyOf());
    expect([answer.status, answer.body.detail]).toEqual([status, expect.any(String)]);
  });

  test('cannot be approved by an admin token, nor by somebody else than who looked up the code', async () => {
    const { gateway, tenant } = site;
    const user_code = await lookedUp();
    const bob = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', tenant.teams[0]);
    const byBob = await asPerson(gateway, bob, 'POST', '/logins/device/approve', { user_code, team_id: teamId() });
    expect(byBob.status).toBe(404);
    const byToken = await gateway.ask('POST', '/logins/device/approve', { user_code, team_id: teamId() });
    expect(byToken.status).toBe(403);
  });

  test('codes cannot be guessed: after a few look-ups each waits longer', async () => {
    const { gateway, tenant } = site;
    const eve = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', tenant.teams[0]);
    const statuses: number[] = [];
    for (let tries = 0; tries < 8; tries += 1)
      statuses.push((await asPerson(gateway, eve, 'POST', '/logins/device/lookup', { user_code: 'CCCC-CCCC' })).status);
    expect(statuses.slice(0, 5)).toEqual([404, 404, 404, 404, 404]);
    expect(statuses.at(-1)).toBe(429);
  });
});

/** A code that Ada has looked up. */
async function lookedUp(person: Person = site.ada): Promise<string> {
  const { user_code } = await askDevice();
  // Each look-up counts, so the person signs up anew rather than wait.
  const answer = await asPerson(site.gateway, person, 'POST', '/logins/device/lookup', { user_code });
  if (answer.status === 429) {
    await new Promise((resolve) => setTimeout(resolve, Number(answer.headers.get('retry-after')) * 1_000));
    must(await asPerson(site.gateway, person, 'POST', '/logins/device/lookup', { user_code }));
  }
  return user_code;
}

describe('a login on this machine', () => {
  const REDIRECT = 'http://127.0.0.1:43210/callback';
  const body = (challenge: string, more: object = {}) => ({
    ...{ team_id: teamId(), device_name: 'laptop', redirect_uri: REDIRECT, state: 'st', ...more },
    ...{ code_challenge: challenge, code_challenge_method: 'S256' },
  });
  const exchange = (code: string, code_verifier: string, redirect_uri = REDIRECT) =>
    form(site.gateway, 'token', { grant_type: 'authorization_code', code, code_verifier, redirect_uri });
  const approved = async (challenge: string) => {
    const { redirect_to } = must(await asPerson(site.gateway, site.ada, 'POST', '/logins/authorize', body(challenge)));
    const back = new URL(redirect_to);
    expect([back.origin, back.pathname, back.searchParams.get('state')]).toEqual(['http://127.0.0.1:43210', '/callback', 'st']);
    return back.searchParams.get('code') ?? '';
  };

  test('gets tokens for its code and verifier', async () => {
    const { verifier, challenge } = newPkce();
    const tokens = must(await exchange(await approved(challenge), verifier));
    expect((await withToken(site.gateway, tokens.access_token)).status).toBe(200);
  });

  // promise: The code of a loopback login goes to a loopback address alone, and is worth nothing without its verifier.
  test('gives nothing to who has the code without the verifier, and the program that has it still gets its tokens', async () => {
    const { verifier, challenge } = newPkce();
    const code = await approved(challenge);
    expect((await exchange(code, newPkce().verifier)).body.error).toBe('invalid_grant');
    expect((await exchange(code, verifier, 'http://127.0.0.1:43211/callback')).body.error).toBe('invalid_grant');
    expect((await exchange(code, verifier)).status).toBe(200);
  });

  test('ends if its code comes twice', async () => {
    const { verifier, challenge } = newPkce();
    const code = await approved(challenge);
    const tokens = must(await exchange(code, verifier));
    expect((await exchange(code, verifier)).body.error).toBe('invalid_grant');
    expect((await withToken(site.gateway, tokens.access_token)).status).toBe(401);
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
  });

  test.each([
    'https://evil.example/callback',
    'http://evil.example:43210/',
    'http://127.0.0.1.evil.example:43210/',
    'http://127.0.0.1:43210@evil.example/',
    'http://localhost:43210/',
    'http://127.0.0.1/',
    'http://127.0.0.1:80/',
    'http://127.0.0.1:43210/?next=x',
    'http://127.0.0.1:43210/#x',
    'http://127.0.0.1:43210//evil.example\\x',
    'http://[::2]:43210/',
    'http://127.0.0.1:99999/',
    'javascript:alert(1)//127.0.0.1:43210',
    'http://2130706433:43210/',
  ])('sends its code to no other address: %s', async (redirect_uri) => {
    const { challenge } = newPkce();
    const answer = await asPerson(site.gateway, site.ada, 'POST', '/logins/authorize', body(challenge, { redirect_uri }));
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, '/redirect_uri']);
  });

  test('is accepted on the loopback address of IPv6', async () => {
    const { challenge } = newPkce();
    const redirect_uri = 'http://[::1]:43210/callback';
    const { redirect_to } = must(
      await asPerson(site.gateway, site.ada, 'POST', '/logins/authorize', body(challenge, { redirect_uri })),
    );
    expect(new URL(redirect_to).hostname).toBe('[::1]');
  });
});

describe('refresh tokens', () => {
  test('work once: the new one goes on, and the old one ends the login with everything', async () => {
    const first = await loginAnew('rotating');
    const second = must(await refresh(first.refresh_token));
    const third = must(await refresh(second.refresh_token));
    expect(new Set([first, second, third].flatMap((pair) => [pair.access_token, pair.refresh_token])).size).toBe(6);
    for (const { access_token } of [first, second, third]) expect((await withToken(site.gateway, access_token)).status).toBe(200);
    const stolen = await refresh(first.refresh_token);
    expect([stolen.status, stolen.body.error]).toEqual([401, 'invalid_grant']);
    for (const { access_token } of [first, second, third]) {
      const refused = await withToken(site.gateway, access_token);
      expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([401, 'false']);
    }
    expect((await refresh(third.refresh_token)).status).toBe(401);
  });

  // promise: A refresh token works once; within 30 s the same one gets the same answer while nobody has used the new one
  test('whose answer was lost give the same tokens again, and a hundred at once make one family', async () => {
    const first = await loginAnew('parallel');
    const answers = await Promise.all(Array.from({ length: 100 }, () => refresh(first.refresh_token)));
    const made = answers.map(({ status, body }) => `${status} ${body.refresh_token} ${body.access_token}`);
    expect(new Set(made).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    const next = must(await refresh(answers[0]?.body.refresh_token));
    expect((await withToken(site.gateway, next.access_token)).status).toBe(200);
    expect((await refresh(first.refresh_token)).status).toBe(401);
    expect((await withToken(site.gateway, next.access_token)).status).toBe(401);
  });

  test('do not make more access tokens than ten that work', async () => {
    let pair = await loginAnew('many');
    for (let more = 1; more < 10; more += 1) pair = must(await refresh(pair.refresh_token));
    const refused = await refresh(pair.refresh_token);
    expect([refused.status, refused.body.error]).toEqual([429, 'slow_down']);
    expect((await withToken(site.gateway, pair.access_token)).status).toBe(200);
  });

  test.each(['', 'nonsense', 'hgref_000000000000000000000000000000000000000', 'sk-hg-x'])('“%s” is refused', async (token) => {
    const answer = await refresh(token);
    expect([answer.status, answer.body.error]).toEqual(token === '' ? [400, 'invalid_request'] : [401, 'invalid_grant']);
  });
});

/** A login of a person of its own, so that no test runs into the limits of another. */
async function loginAnew(deviceName: string) {
  const { gateway, tenant } = site;
  const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', tenant.teams[0]);
  return { ...(await loginByDevice(gateway, person, teamId(), deviceName)), person };
}

describe('a login ends', () => {
  test('when its program signs out, by either token, and the answer is 200 for any token', async () => {
    for (const which of ['access_token', 'refresh_token'] as const) {
      const tokens = await loginAnew(`out by ${which}`);
      expect((await revoke(tokens[which])).status).toBe(200);
      expect((await withToken(site.gateway, tokens.access_token)).status).toBe(401);
      expect((await refresh(tokens.refresh_token)).status).toBe(401);
    }
    expect((await revoke('unknown')).status).toBe(200);
  });

  test('never by the secret of an ordinary key, which goes on', async () => {
    const { secret } = site.tenant.teams[0].key;
    expect((await revoke(secret)).status).toBe(200);
    expect((await withToken(site.gateway, secret)).status).toBe(200);
  });

  test('when its person ends it, and no other person of the team can', async () => {
    const { gateway, ada } = site;
    const tokens = await loginAnew('ended');
    expect((await asPerson(gateway, ada, 'DELETE', `/logins/${tokens.key_id}`)).status).toBe(403);
    const listed = must(await asPerson(gateway, tokens.person, 'GET', '/logins?own=true'));
    expect(listed.data.map(({ id }: { id: string }) => id)).toEqual([tokens.key_id]);
    expect(JSON.stringify(listed)).not.toContain(tokens.access_token.slice(6));
    must(await asPerson(gateway, tokens.person, 'DELETE', `/logins/${tokens.key_id}`));
    const refused = await withToken(gateway, tokens.access_token);
    expect([refused.status, refused.body.error.code]).toEqual([401, 'invalid_api_key']);
    expect(must(await asPerson(gateway, tokens.person, 'GET', '/logins?own=true')).data).toEqual([]);
  });

  test('at the next call when its person is disabled, and its refresh token is refused', async () => {
    const tokens = await loginAnew('disabled');
    const { organizationId } = site.tenant;
    const members = await site.gateway.admin<{ data: { id: string; account_id: string }[] }>(
      'GET',
      `/organizations/${organizationId}/members?limit=200`,
    );
    const member = members.data.find(({ account_id }) => account_id === tokens.person.accountId);
    await site.gateway.admin('PATCH', `/organizations/${organizationId}/members/${member?.id}`, { status: 'disabled' });
    expect((await withToken(site.gateway, tokens.access_token)).status).toBe(403);
    expect((await refresh(tokens.refresh_token)).status).toBe(401);
  });

  test('and leaves an audit event, as its approval did', async () => {
    const tokens = await loginAnew('audited');
    await revoke(tokens.refresh_token);
    const events = await site.gateway.admin<{ data: { action: string; actor: { id: string } }[] }>(
      'GET',
      `/organizations/${site.tenant.organizationId}/audit-events?object_id=${tokens.key_id}`,
    );
    expect(events.data.map(({ action }) => action)).toEqual(['login.end', 'login.approve']);
  });
});

describe('keys of logins', () => {
  test('have no secret to rotate, and stay with their owner and team', async () => {
    const { gateway, tenant } = site;
    const { key_id } = await loginAnew('fixed');
    expect((await gateway.ask('POST', `/keys/${key_id}/rotate`, {})).status).toBe(409);
    const moved = await gateway.ask('PATCH', `/keys/${key_id}`, {
      owner: { service_account_id: tenant.teams[0].serviceAccountId },
    });
    expect(moved.status).toBe(409);
    const longLived = await gateway.admin<{ data: { id: string; kind: string; owner: { account_id: string | null } }[] }>(
      'GET',
      `/organizations/${tenant.organizationId}/keys?kind=api&owned_by=person&limit=200`,
    );
    expect(longLived.data.length).toBeGreaterThan(0);
    expect(longLived.data.every(({ kind, owner }) => kind === 'api' && owner.account_id !== null)).toBe(true);
    expect(longLived.data.some(({ id }) => id === key_id)).toBe(false);
  });

  test('are the same key if their person logs in again on the same device, and the tokens before are gone', async () => {
    const first = await loginAnew('same');
    const second = await loginByDevice(site.gateway, first.person, teamId(), 'same');
    expect(second.key_id).toBe(first.key_id);
    expect((await withToken(site.gateway, second.access_token)).status).toBe(200);
    expect((await withToken(site.gateway, first.access_token)).status).toBe(401);
    expect((await refresh(first.refresh_token)).status).toBe(401);
  });

  test('and an approval that nobody has fetched gives way to the next one of the same device', async () => {
    const { gateway, tenant } = site;
    const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', tenant.teams[0]);
    const approve = async () => {
      const { user_code, device_code } = (await form(gateway, 'device', { device_name: 'twice' })).body;
      must(await asPerson(gateway, person, 'POST', '/logins/device/lookup', { user_code }));
      must(await asPerson(gateway, person, 'POST', '/logins/device/approve', { user_code, team_id: teamId() }));
      return device_code as string;
    };
    const [older, newer] = [await approve(), await approve()];
    expect((await poll(older)).body.error).toBe('access_denied');
    expect((await poll(newer)).status).toBe(200);
  });

  // promise: A login counts with what it may spend while it lives, and with what it used once it has ended.
  test('are made under the self-service policy of the team', async () => {
    const { gateway, tenant } = site;
    const [, team] = tenant.teams;
    const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', team);
    const policy = (self_service: object) => gateway.admin('PATCH', `/teams/${team.teamId}`, { self_service });
    await policy({ enabled: false });
    await expect(loginByDevice(gateway, person, team.teamId, 'a')).rejects.toThrow(/does not allow logins/);
    await policy({ enabled: true, max_keys_per_member: 1, max_expiry_days: 7, max_budget: { amount: '10', period: 'month' } });
    const { key_id } = await loginByDevice(gateway, person, team.teamId, 'b');
    const key = await gateway.admin<{ expires_at: string; budgets: { amount: string; period: string; action: string }[] }>(
      'GET',
      `/keys/${key_id}`,
    );
    expect(key.budgets).toMatchObject([{ amount: '10.00', period: 'month', action: 'block' }]);
    expect(Date.parse(key.expires_at) - Date.now()).toBeLessThanOrEqual(7 * 86_400_000);
    await expect(loginByDevice(gateway, person, team.teamId, 'c')).rejects.toThrow(/4\d\d/);
    // Who logs out and in again gets back what they did not spend, and no more.
    await policy({ enabled: true, max_keys_per_member: 5, max_expiry_days: 7, max_budget: { amount: '10', period: 'month' } });
    const { access_token } = await loginByDevice(gateway, person, team.teamId, 'b');
    expect((await message(gateway, access_token)).status).toBe(200);
    must(await asPerson(gateway, person, 'DELETE', `/logins/${key_id}`));
    const place = must(await asPerson(gateway, person, 'GET', '/logins/places')).data[0];
    expect([Number(place.budget_left) < 10, Number(place.budget_left) > 9]).toEqual([true, true]);
    // Where a key is made, the same is left.
    const bounds = must(await asPerson(gateway, person, 'GET', `/teams/${team.teamId}/self-service`));
    expect(bounds).toMatchObject({ reason: null, budget_left: place.budget_left });
    const keyOf = async (amount: string) => {
      const own = { team_id: team.teamId, name: 'own', owner: { account_id: person.accountId } };
      const expires_at = new Date(Date.now() + 86_400_000).toISOString();
      const budgets = [{ amount, period: 'month' }];
      return asPerson(gateway, person, 'POST', '/keys', { ...own, expires_at, budgets });
    };
    expect((await keyOf('10')).body.errors).toMatchObject([
      { pointer: '/budgets', message: expect.stringContaining(`${place.budget_left} USD is left`) },
    ]);
    const { id } = must(await keyOf('5'));
    // A revoked key counts with its whole budget, whatever it used.
    must(await asPerson(gateway, person, 'DELETE', `/keys/${id}`));
    const afterKey = must(await asPerson(gateway, person, 'GET', '/logins/places')).data[0];
    expect(Number(place.budget_left) - Number(afterKey.budget_left)).toBeCloseTo(5, 6);
    const next = await loginByDevice(gateway, person, team.teamId, 'd');
    const nextKey = await gateway.admin<{ budgets: { amount: string }[] }>('GET', `/keys/${next.key_id}`);
    expect(nextKey.budgets[0]?.amount).toBe(afterKey.budget_left);
  });

  test('are not made where the organization switched logins off', async () => {
    const { gateway, other } = site;
    const [team] = other.teams;
    const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', team);
    await gateway.admin('PUT', `/organizations/${other.organizationId}/login-policy`, { logins: 'loopback' });
    await expect(loginByDevice(gateway, person, team.teamId)).rejects.toThrow(/without a code/);
    const { challenge } = newPkce();
    const asked = { team_id: team.teamId, device_name: 'x', redirect_uri: 'http://127.0.0.1:40000/', code_challenge: challenge };
    const authorize = () => asPerson(gateway, person, 'POST', '/logins/authorize', { ...asked, code_challenge_method: 'S256' });
    expect((await authorize()).status).toBe(200);
    await gateway.admin('PUT', `/organizations/${other.organizationId}/login-policy`, { logins: 'off' });
    expect([(await authorize()).status, (await authorize()).body.detail]).toEqual([
      403,
      expect.stringMatching(/switched logins off/),
    ]);
  });
});
