/**
 * Threats to signing in that need a browser: an answer that another browser asked for, a code that somebody else sent, a sign-in that is old, and
 * links that lead elsewhere. `npm run prove identity.threats` runs them.
 */
import { type Browser, test as base, expect, type Page } from '@playwright/test';
import { copyMigrated } from '../../server/test/support/migrated-postgres.ts';
import { openClient } from '../../server/test/support/pg-client.ts';
import { chooseTeam, postDeviceCode, postOauth } from './login-steps.ts';
import { DOMAIN, openSsoHouse, type SsoHouse } from './sso-house.ts';
import { PASSWORD } from './support.ts';

interface Site extends SsoHouse {
  /** Null where there is no PostgreSQL. */
  readonly database: Awaited<ReturnType<typeof openClient>> | null;
}

const test = base.extend<object, { site: Site }>({
  site: [
    // biome-ignore lint/correctness/noEmptyPattern: the library reads the names of what a fixture needs from this pattern.
    async ({}, use) => {
      const copy = await copyMigrated();
      const site = await openSsoHouse(copy === null ? {} : { DATABASE_URL: copy.url });
      const database = copy === null ? null : await openClient(copy.url);
      await site.api('PATCH', `/teams/${site.teamId}`, { self_service: { enabled: true } });
      await use({ ...site, database });
      await database?.end();
      await site.close();
      await copy?.drop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});
test.describe.configure({ mode: 'serial' });

const newPage = async (browser: Browser) => (await browser.newContext()).newPage();

/** Follows the redirects of a sign-in with a browser's cookies, and returns the provider's answer unopened. */
async function answerOf(page: Page, start: string): Promise<string> {
  let here = start;
  for (let hop = 0; hop < 10 && !here.includes('/callback?'); hop += 1) {
    const { location = '' } = (await page.request.get(here, { maxRedirects: 0 })).headers();
    here = new URL(location, here).href;
  }
  return here;
}

/** Returns the address of who is signed in in a page's browser; null: nobody. */
const whoIn = (page: Page) =>
  page.evaluate(async () => {
    const answer = await fetch('/api/v1/session');
    return answer.ok ? ((await answer.json()) as { account: { email: string } }).account.email : null;
  });

test('an answer of a provider that another browser asked for signs nobody in, and changes nobody’s session', async ({
  page,
  browser,
  site,
}) => {
  await site.verify(DOMAIN);
  const id = await site.activeProvider(page);
  // The attacker signs in as themselves at the provider, and keeps the answer instead of opening it.
  const attacker = await newPage(browser);
  const answer = await answerOf(attacker, `${site.url}/api/v1/sso/${id}/start?login_hint=nora@acme.example`);
  expect(answer).toContain(`/api/v1/sso/${id}/callback?`);

  const victim = await newPage(browser);
  await victim.goto(answer);
  await expect(victim.getByRole('alert')).toContainText('This sign-in was not started in this browser.');
  expect(await whoIn(victim)).toBeNull();
  await site.signIn(victim, 'team_developer');
  await victim.goto(answer);
  await expect(victim.getByRole('alert')).toContainText('This sign-in was not started in this browser.');
  expect(await whoIn(victim)).toBe(site.emailOf('team_developer'));

  // The answer was good: in the browser that asked it opens what it should.
  await attacker.goto(answer);
  await expect.poll(() => whoIn(attacker)).toBe('nora@acme.example');
});

test('a code that somebody else sent shows who asks, is filled in by no link, and gives nothing without a click', async ({
  page,
  site,
}) => {
  await site.signIn(page, 'team_developer');
  const asked = await postOauth(site, 'device', { device_name: 'Mallory’s server' });
  await page.goto(`${site.url}/device?user_code=${asked.user_code}&code=${asked.user_code}#${asked.user_code}`);
  await expect(page.getByLabel('Code')).toHaveValue('');
  await expect(page.getByRole('alert')).toContainText('only if you started the login yourself');
  await page.getByLabel('Code').fill(asked.user_code ?? '');
  await page.keyboard.press('Enter');
  await expect(page.getByText('Mallory’s server')).toBeVisible();
  await expect(page.getByText('127.0.0.1')).toBeVisible();
  // Another site’s page may not press the button either: it has no frame to press it in.
  expect((await page.request.get(`${site.url}/device`)).headers()['content-security-policy']).toContain("frame-ancestors 'none'");
  expect((await postDeviceCode(site, asked)).error).toBe('authorization_pending');
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByText('The device was denied')).toBeVisible();
  expect((await postDeviceCode(site, asked)).error).toBe('access_denied');
});

test('a code that two people enter is approved by the one who entered it last, and is one login', async ({
  page,
  browser,
  site,
}) => {
  const asked = await postOauth(site, 'device', { device_name: 'shared server' });
  const other = await newPage(browser);
  await site.signIn(page, 'team_developer');
  await site.signIn(other, 'team_admin');
  for (const one of [page, other]) {
    await one.goto(`${site.url}/device`);
    await one.getByLabel('Code').fill(asked.user_code ?? '');
    await one.keyboard.press('Enter');
    await chooseTeam(one);
  }
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText(/mistyped or older than 10 minutes/)).toBeVisible();
  await other.getByRole('button', { name: 'Approve' }).click();
  await expect(other.getByText('The device is logged in')).toBeVisible();
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText(/mistyped or older than 10 minutes/)).toBeVisible();
  const tokens = await postDeviceCode(site, asked);
  expect(tokens.email).toBe(site.emailOf('team_admin'));
  expect((await postDeviceCode(site, asked)).error).toBe('invalid_grant');
});

test('a sign-in that is older than ten minutes approves nothing until the person shows that it is them', async ({
  page,
  site,
}) => {
  const { database } = site;
  test.skip(database === null, 'there is no PostgreSQL on this machine, whose rows can be made old');
  if (database === null) return;
  await site.signIn(page, 'team_developer');
  const asked = await postOauth(site, 'device', { device_name: 'late server' });
  await page.goto(`${site.url}/device`);
  await page.getByLabel('Code').fill(asked.user_code ?? '');
  await page.keyboard.press('Enter');
  await chooseTeam(page);
  // The page was opened in time. Eleven minutes go by before the click.
  await database.query("update sessions set created_at = created_at - interval '11 minutes'");
  await database.query("update session_evidence set shown_at = shown_at - interval '11 minutes'");
  const approve = page.getByRole('button', { name: 'Approve' });
  await approve.click();
  const password = page.getByLabel('Your password');
  await expect(password).toBeVisible();
  await expect(approve).toBeDisabled();
  await password.fill('wrong');
  await approve.click();
  await expect(page.getByText(/is wrong/)).toBeVisible();
  expect((await postDeviceCode(site, asked)).error).toBe('authorization_pending');
  await password.fill(PASSWORD);
  await approve.click();
  await expect(page.getByText('The device is logged in')).toBeVisible();
});

const ELSEWHERE = [
  '//evil.example',
  '/\\evil.example',
  '/%5cevil.example',
  '/%2Fevil.example',
  'https://evil.example/',
  '/\t/evil.example',
];

test('no page of ours leads a browser to another host, whatever its address names as the next one', async ({ page, site }) => {
  const { host } = new URL(site.url);
  const left: string[] = [];
  await page.route(
    (url) => url.host !== host,
    (route) => {
      left.push(route.request().url());
      return route.abort();
    },
  );
  await site.signIn(page, 'team_developer');
  const named = ['to', 'return_to'].flatMap((name) =>
    [...ELSEWHERE, 'javascript:alert(1)'].map((value) => [name, value] as const),
  );
  for (const [name, value] of named) {
    await page.goto(`${site.url}/sign-in?${new URLSearchParams({ [name]: value })}`);
    await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
    expect([name, value, new URL(page.url()).host]).toEqual([name, value, host]);
  }
  const { data } = await site.api<{ data: { id: string }[] }>('GET', `/organizations/${site.organizationId}/identity-providers`);
  for (const value of ELSEWHERE) {
    const search = new URLSearchParams({ return_to: value, login_hint: 'nora@acme.example' });
    const answer = await page.goto(`${site.url}/api/v1/sso/${data[0]?.id}/start?${search}`);
    expect([value, answer?.status(), new URL(page.url()).host]).toEqual([value, 400, host]);
  }
  expect(left).toEqual([]);
});
