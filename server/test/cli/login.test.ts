/** `headgate login`, `token`, `logout`, `budget`, `run` and `status`, as processes, against a gateway that is a process too. */
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { asPerson, form, type LoginSite, must, openLoginSite, withToken } from '../logins/site.ts';
import { signUp } from '../support/tenants.ts';
import {
  ADDRESS,
  approve,
  type Between,
  bytes,
  type Home,
  logIn,
  newHome,
  put,
  run,
  standBetween,
  start,
} from './login-support.ts';

const MS_MAX = 180_000;
let site: LoginSite;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  site = await openLoginSite();
}, MS_MAX);
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => site?.stop(), MS_MAX);

const teamId = () => site.tenant.teams[0].teamId;
const FILE = '.config/headgate/login.json';
const soonExpired = (home: Home) =>
  home.change({ issuedAtMs: Date.now() - 3_540_000, expiresAtMs: Date.now() + 60_000, missedAtMs: 0 });
const expired = (home: Home) =>
  home.change({ issuedAtMs: Date.now() - 3_700_000, expiresAtMs: Date.now() - 100_000, missedAtMs: 0 });

async function signedIn(): Promise<{ home: Home; between: Between; token: string }> {
  const { gateway, tenant } = site;
  const between = await standBetween(gateway);
  stops.push(between.stop);
  const home = newHome();
  const person = await signUp({ base: gateway.base, root: gateway.admin }, 'team_developer', tenant.teams[0]);
  await logIn(home, gateway, person, teamId(), between.url);
  const { out } = await run(home, 'token');
  between.paths.length = 0;
  return { home, between, token: out.trim() };
}

test('a person logs in by the browser: the token works, is theirs, and only they can read the file', {
  timeout: MS_MAX,
}, async () => {
  const { gateway, ada, tenant } = site;
  const home = newHome();
  const running = start(home, [
    'login',
    '--no-browser',
    '--url',
    gateway.base,
    '--name',
    'laptop',
    '--organization',
    tenant.slug,
  ]);
  const [, address = ''] = await running.says(ADDRESS);
  const asked = new URL(address).searchParams;
  expect([asked.get('organization'), asked.get('device_name'), asked.get('code_challenge')?.length]).toEqual([
    tenant.slug,
    'laptop',
    43,
  ]);
  // Another page that finds the port, and does not know the state.
  const back = asked.get('redirect_uri') ?? '';
  for (const end of ['?code=stolen&state=guessed', '?code=stolen', '']) expect((await fetch(back + end)).status).toBe(404);
  const page = await approve(gateway, ada, teamId(), address);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('You are signed in')]);
  const { code, out, err } = await running.ended;
  expect({ code, out }).toEqual({ code: 0, out: '' });
  expect(err).toContain(`You are signed in at ${gateway.base} as ${ada.email} (${tenant.slug} / `);
  expect(err).not.toMatch(/sk-hg-|hgref_/);
  expect(statSync(path.join(home.folder, FILE)).mode & 0o777).toBe(0o600);
  expect(statSync(path.join(home.folder, '.config/headgate')).mode & 0o777).toBe(0o700);
  const token = await run(home, 'token');
  expect(token).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^sk-hg-\w{39}\n$/) });
  expect((await withToken(gateway, token.out.trim())).status).toBe(200);
  const rows = JSON.parse((await run(home, 'status', '--json')).out).data;
  expect(rows).toMatchObject([
    { gateway: gateway.base, is_current: true, email: ada.email, device: 'laptop', is_token_valid: true },
  ]);
  expect((await run(home, 'status')).out).toContain(`${gateway.base} (current)`);
});

test('a person who has no browser there types a code elsewhere', { timeout: MS_MAX }, async () => {
  const { gateway, ada } = site;
  const home = newHome();
  const place = ['--organization', 'Acme & Söhne', '--team', 'Support'];
  const running = start(home, ['login', '--device', '--url', gateway.base, '--name', 'server', ...place]);
  const [, page = '', user_code = ''] = await running.says(/Open (\S+) on any device, and type this code:\s+(\S+)/);
  // The page proposes the place that the person named. The code is not in the address.
  const { origin, pathname, searchParams } = new URL(page);
  expect([origin + pathname, [...searchParams]]).toEqual([
    `${gateway.base}/device`,
    [
      ['organization', 'Acme & Söhne'],
      ['team', 'Support'],
    ],
  ]);
  must(await asPerson(gateway, ada, 'POST', '/logins/device/lookup', { user_code }));
  must(await asPerson(gateway, ada, 'POST', '/logins/device/approve', { user_code, team_id: teamId() }));
  expect(await running.ended).toMatchObject({ code: 0, out: '', err: expect.stringContaining(`as ${ada.email}`) });
  expect((await run(home, 'token')).out).toMatch(/^sk-hg-/);
});

test('who refuses on the page is told so in the terminal', { timeout: MS_MAX }, async () => {
  const { gateway, ada } = site;
  const running = start(newHome(), ['login', '--device', '--url', gateway.base]);
  const [, page = '', user_code = ''] = await running.says(/Open (\S+) on any device, and type this code:\s+(\S+)/);
  expect(page).toBe(`${gateway.base}/device`);
  must(await asPerson(gateway, ada, 'POST', '/logins/device/lookup', { user_code }));
  must(await asPerson(gateway, ada, 'POST', '/logins/device/deny', { user_code }));
  expect(await running.ended).toEqual({
    code: 3,
    out: '',
    err: expect.stringMatching(/\nheadgate: The login was not approved\. [^\n]+\n$/),
  });
  const browser = start(newHome(), ['login', '--no-browser', '--url', gateway.base]);
  const asked = new URL((await browser.says(ADDRESS))[1] ?? '').searchParams;
  await fetch(`${asked.get('redirect_uri')}?error=access_denied&state=${asked.get('state')}`);
  expect(await browser.ended).toMatchObject({ code: 3, err: expect.stringContaining('You refused it.') });
});

test('a login without a person says what to do', { timeout: MS_MAX }, async () => {
  const { gateway } = site;
  const home = newHome();
  expect(await run(home, 'login', '--url', gateway.base)).toEqual({
    code: 1,
    out: '',
    err: expect.stringMatching(/^headgate: A login needs a person.+--device.+\n$/),
  });
  expect(await run(home, 'token', '--url', gateway.base)).toEqual({
    code: 3,
    out: '',
    err: `headgate: You are not signed in at ${gateway.base}. Run: headgate login --url ${gateway.base}\n`,
  });
  expect((await run(home, 'login', '--url', 'gateway.example.com')).code).toBe(2);
  expect((await run(home, 'login', '--device', '--url', 'http://127.0.0.1:1')).code).toBe(4);
});

test('twenty commands at once refresh a token once, and all print the same new one', { timeout: MS_MAX }, async () => {
  const { home, between, token } = await signedIn();
  soonExpired(home);
  const all = await Promise.all(Array.from({ length: 20 }, () => run(home, 'token')));
  expect(between.paths).toEqual(['POST /v1/oauth/token']);
  expect(new Set(all.map(({ code, err }) => `${code} ${err}`))).toEqual(new Set(['0 ']));
  const printed = new Set(all.map(({ out }) => out.trim()));
  expect([printed.size, printed.has(token)]).toEqual([1, false]);
  expect((await withToken(site.gateway, [...printed][0] ?? '')).status).toBe(200);
});

test('while the gateway is away a token that lasts is printed, and one that has expired is not', {
  timeout: MS_MAX,
}, async () => {
  const { home, between, token } = await signedIn();
  soonExpired(home);
  between.answers = 503;
  expect(await run(home, 'token')).toEqual({ code: 0, out: `${token}\n`, err: '' });
  expect(between.paths).toHaveLength(1);
  // The next commands do not ask at once.
  await run(home, 'token');
  expect(between.paths).toHaveLength(1);
  await between.stop();
  home.change({ missedAtMs: 0 });
  expect(await run(home, 'token')).toEqual({ code: 0, out: `${token}\n`, err: '' });
  expired(home);
  expect(await run(home, 'token')).toEqual({
    code: 4,
    out: '',
    err: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
  });
});

test('a login that was ended says so once, and is forgotten', { timeout: MS_MAX }, async () => {
  const { home, between, token } = await signedIn();
  const [login] = Object.values(home.logins().logins);
  await site.gateway.admin('DELETE', `/logins/${login?.keyId}`);
  expect((await withToken(site.gateway, token)).status).toBe(401);
  soonExpired(home);
  const ended = await run(home, 'token');
  expect(ended).toEqual({
    code: 3,
    out: '',
    err: expect.stringMatching(/^headgate: Your login at .+ has ended: .+ Run: headgate login --url .+\n$/),
  });
  expect(ended.err).not.toMatch(/sk-hg-|hgref_/);
  expect((await run(home, 'token', '--url', between.url)).err).toContain('You are not signed in');
  expect(between.paths).toHaveLength(1);
});

test('logout ends the login at the gateway and here', { timeout: MS_MAX }, async () => {
  const { home, between, token } = await signedIn();
  expect(await run(home, 'logout')).toEqual({ code: 0, out: '', err: `You are signed out at ${between.url}.\n` });
  expect((await withToken(site.gateway, token)).status).toBe(401);
  expect(bytes(home, FILE)?.toString()).not.toMatch(/sk-hg-|hgref_/);
  expect(await run(home, 'logout')).toEqual({ code: 0, out: '', err: 'You were not signed in.\n' });
  expect(await run(home, 'token')).toMatchObject({
    code: 3,
    err: expect.stringMatching(/^headgate: You are not signed in\. Run: headgate login/),
  });
});

test('logout without the gateway deletes the login here, and says that it goes on there', { timeout: MS_MAX }, async () => {
  const { home, between } = await signedIn();
  await between.stop();
  const { code, err } = await run(home, 'logout');
  expect([code, err]).toEqual([1, expect.stringMatching(/was deleted here, but it was not ended there/)]);
  expect(bytes(home, FILE)?.toString()).not.toMatch(/hgref_/);
});

test('several gateways have a login each, and the last one is current', { timeout: MS_MAX }, async () => {
  const { gateway, ada } = site;
  const { home, between } = await signedIn();
  await logIn(home, gateway, ada, teamId());
  const tokens = await Promise.all([
    run(home, 'token'),
    run(home, 'token', '--url', between.url),
    run(home, 'token', '--url', gateway.base),
  ]);
  expect(tokens.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(tokens[0]?.out).toBe(tokens[2]?.out);
  expect(tokens[0]?.out).not.toBe(tokens[1]?.out);
  expect((await run(home, 'logout', '--all')).code).toBe(0);
  expect(Object.keys(home.logins().logins)).toEqual([]);
});

test('a file that is no logins is kept aside and named', { timeout: MS_MAX }, async () => {
  const home = newHome();
  for (const text of ['{"version":1,"logins":{"x":{}}}', 'nonsense', '[]', '']) {
    put(home, FILE, text);
    const { code, out, err } = await run(home, 'token', '--url', site.gateway.base);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    const [, aside = ''] = /was renamed to (\S+)\. /.exec(err) ?? [];
    expect(bytes(home, path.relative(home.folder, aside))?.toString()).toBe(text);
    expect(bytes(home, FILE)).toBeNull();
  }
  put(home, FILE, '{"version":2}');
  expect(await run(home, 'token')).toMatchObject({ code: 1, err: expect.stringContaining('later version') });
  expect(bytes(home, FILE)?.toString()).toBe('{"version":2}');
});

test('budget shows every rule and what is left of it', { timeout: MS_MAX }, async () => {
  const { gateway } = site;
  const { home, between } = await signedIn();
  const [login] = Object.values(home.logins().logins);
  await gateway.admin('PATCH', `/keys/${login?.keyId}`, {
    budgets: [{ amount: '12.50', period: 'month' }],
    rate_limits: { rpm: 60 },
  });
  const { code, out } = await run(home, 'budget');
  expect(code).toBe(0);
  expect(out).toMatch(/^rule +of +limit +used +held +left +resets at$/m);
  expect(out).toMatch(/^key_budget_month +key +12\.50 USD +0\.00 USD +0\.00 USD +12\.50 USD +\d{4}-\d\d-01T/m);
  expect(out.split('\n')[0]).toBe(
    `Login on ${login?.device} (${login?.keyId}) of ${login?.email} in ${login?.organization} / ${login?.team} at ${between.url}`,
  );
  expect(out).toMatch(/^key_rpm +key +60 +0 +0 +60 /m);
  const json = JSON.parse((await run(home, 'budget', '--json')).out);
  expect(json.headgate.rules).toContainEqual(expect.objectContaining({ scope: 'key', limit: '12.50' }));
  expect(json).toMatchObject({ currency: 'USD', login: { key_id: login?.keyId, device: login?.device, team: login?.team } });
});

test('a set-up of Claude Code says if no model that the login may call has a name of Claude', { timeout: MS_MAX }, async () => {
  const { home } = await signedIn();
  const setup = async (...flags: string[]) => (await run(home, 'agents', 'setup', 'claude', '--print', ...flags)).err;
  expect(await setup()).toMatch(/asks for a model of Claude unless .+ Name one with --model\. You may call: .*fast/);
  expect(await setup('--model', 'fast')).not.toContain('asks for a model');
  put(home, '.claude/settings.json', '{"model": "fast"}');
  expect(await setup()).not.toContain('asks for a model');
});

test('run gives a program a token, and ends as the program does', { timeout: MS_MAX }, async () => {
  const { home, between, token } = await signedIn();
  const script =
    'printf "%s %s %s %s|" "$HEADGATE_TOKEN" "$HEADGATE_URL" "$OPENAI_API_KEY" "$GEMINI_API_KEY"; printf "<%s>" "$@"; exit 7';
  const ran = await run(home, 'run', '--as', 'OPENAI_API_KEY', 'sh', '-c', script, 'sh', '--url', 'a b', '--json');
  expect(ran).toEqual({ code: 7, out: `${token} ${between.url} ${token} |<--url><a b><--json>`, err: '' });
  expect((await run(home, 'run', 'no-such-program')).code).toBe(127);
  expect((await run(home, 'run', 'sh', '-c', 'kill -TERM $$')).code).toBe(143);
  // A program that cannot renew its token gets one of twelve hours, which is not stored.
  const fake = path.join(home.folder, 'bin/gemini');
  writeFileSync(fake, '#!/bin/sh\nprintf "%s %s" "$GEMINI_API_KEY" "$GOOGLE_GEMINI_BASE_URL"\n', { mode: 0o755 });
  const before = home.logins();
  const { out } = await run(home, 'run', 'gemini');
  const [long = '', url] = out.split(' ');
  expect([url, long === token, bytes(home, FILE)?.includes(long)]).toEqual([between.url, false, false]);
  expect(Object.values(home.logins().logins)[0]?.refreshToken).not.toBe(Object.values(before.logins)[0]?.refreshToken);
  for (const one of [long, token]) expect((await withToken(site.gateway, one)).status).toBe(200);
  expect((await run(home, 'token')).out.trim()).toBe(token);
});

test(
  'a refresh asks for the life of its token: at most twelve hours, and an hour for anything else',
  async () => {
    const { home } = await signedIn();
    let refresh_token = String(Object.values(home.logins().logins)[0]?.refreshToken);
    for (const [expires_in, seconds] of [
      ['600', 600],
      ['43200', 43_200],
      ['999999999', 43_200],
      ['0', 3_600],
      ['-5', 3_600],
      ['1e9', 3_600],
      ['twelve', 3_600],
    ] as const) {
      const body = must(await form(site.gateway, 'token', { grant_type: 'refresh_token', refresh_token, expires_in }));
      expect([expires_in, body.expires_in]).toEqual([expires_in, seconds]);
      refresh_token = body.refresh_token;
    }
  },
  MS_MAX,
);
