/** How people come in: every way that is offered, and every way that must stay closed. */
import type { BrowserContext } from '@playwright/test';
import { PROGRAM, startGateway } from '../../server/test/prove/gateway.ts';
import { addPasskeyDevice, expect, type House, PASSWORD, type Page, test } from './support.ts';
import { nextTotpCode, totpCode } from './totp.ts';

interface Invited {
  readonly id: string;
  readonly link: string;
}

let people = 0;

/** A person with a password, made as people are: by an invitation that is accepted. */
async function newPerson(house: House): Promise<string> {
  people += 1;
  const email = `person-${people}-${Date.now()}@headgate.test`;
  const { link } = await invite(house, email);
  const token = new URL(link).searchParams.get('token');
  const body = { token, name: `Person ${people}`, password: PASSWORD };
  const response = await fetch(`${house.url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.url },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return email;
}

function invite(house: House, email: string): Promise<Invited> {
  return house.api<Invited>('POST', '/invitations', { email, organization_id: house.organizationId, role: 'org_member' });
}

/** The page behind a link that this gateway made, at the address the test reaches it by. */
function at({ url }: Pick<House, 'url'>, link: string): string {
  const { pathname, search } = new URL(link);
  return url + pathname + search;
}

async function typePassword(page: Page, email: string, password: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function sessionStatus(context: BrowserContext, house: House): Promise<number> {
  return (await context.request.get(`${house.url}/api/v1/session`)).status();
}

const home = (page: Page) => page.getByRole('navigation', { name: 'Main' });

test('the first admin comes in by the printed link, which works once', async ({ page }) => {
  const gateway = await startGateway({});
  try {
    await expect.poll(() => gateway.output()).toContain('/first-admin?token=');
    const link = /\/first-admin\?token=\S+/.exec(gateway.output())?.[0] ?? '';
    await page.goto(gateway.base + link);
    await page.getByLabel('Your name').fill('Ada Lovelace');
    await page.getByLabel('E-mail').fill('ada@headgate.test');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Create the account' }).click();
    await expect(page.getByText(/at least 10 characters\.$/)).toBeVisible();
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the account' }).click();
    await expect(home(page)).toBeVisible();
    await page.context().clearCookies();
    await page.goto(gateway.base + link);
    await expect(page.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
  } finally {
    await gateway.stop();
  }
});

test('a wrong password and an unknown address are refused in the same words', async ({ page, house }) => {
  const email = await newPerson(house);
  await page.goto(`${house.url}/sign-in`);
  await typePassword(page, email, 'not the password 7');
  const words = (await page.getByRole('alert').textContent()) ?? '';
  await typePassword(page, `nobody-${Date.now()}@headgate.test`, 'not the password 7');
  await expect(page.getByRole('alert')).toHaveText(words);
  await expect(home(page)).toBeHidden();
});

test('whoever was sent to the sign-in comes back to the page they wanted, and never to another site', async ({ page, house }) => {
  const email = await newPerson(house);
  await page.goto(`${house.url}/keys?status=disabled`);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await typePassword(page, email, PASSWORD);
  await expect(page).toHaveURL(`${house.url}/keys?status=disabled`);
  for (const elsewhere of ['https://example.org/', '//example.org', '/\\example.org', 'javascript:alert(1)', '/api/v1/session']) {
    await page.goto(`${house.url}/sign-in?to=${encodeURIComponent(elsewhere)}`);
    await expect(home(page)).toBeVisible();
    await expect(page).toHaveURL(`${house.url}/`);
  }
});

test('after signing out nothing is shown any more, also not by Back', async ({ page, house }) => {
  const email = await newPerson(house);
  await page.goto(`${house.url}/sign-in?to=/profile`);
  await typePassword(page, email, PASSWORD);
  await expect(page.getByRole('heading', { name: 'Profile and security' })).toBeVisible();
  await page.getByRole('button', { name: /signed in as/i }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(await sessionStatus(page.context(), house)).toBe(401);
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByText(email)).toBeHidden();
});

test('too many wrong passwords have to wait, and are told how long', async ({ page, house }) => {
  const email = await newPerson(house);
  await page.goto(`${house.url}/sign-in`);
  for (let attempt = 0; attempt < 12; attempt += 1) {
    await typePassword(page, email, `wrong password ${attempt}`);
    await expect(page.getByRole('alert')).toBeVisible();
    if (((await page.getByRole('alert').textContent()) ?? '').includes('You can try again in')) break;
  }
  await expect(page.getByRole('alert')).toContainText(/You can try again in \d+ s/);
  await typePassword(page, email, PASSWORD);
  await expect(home(page)).toBeHidden();
});

test('an authenticator is set up, asked for, and a recovery code works once', async ({ page, house }) => {
  const email = await newPerson(house);
  await page.goto(`${house.url}/sign-in?to=/profile`);
  await typePassword(page, email, PASSWORD);
  await page.getByRole('button', { name: 'Set up' }).click();
  await page.getByLabel('Your password').fill(PASSWORD);
  const answer = page.waitForResponse((response) => response.url().endsWith('/session/totp'));
  await page.getByRole('button', { name: 'Continue' }).click();
  const { secret, recovery_codes: codes } = (await (await answer).json()) as { secret: string; recovery_codes: string[] };
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  await page.getByLabel('Code', { exact: true }).fill(totpCode(secret));
  await page.getByRole('button', { name: 'Turn on' }).click();
  await expect(page.getByLabel('Recovery codes', { exact: true })).toContainText(codes[0] as string);
  await page.getByRole('button', { name: 'I have stored them' }).click();
  await page.context().clearCookies();

  await page.goto(`${house.url}/sign-in`);
  await typePassword(page, email, PASSWORD);
  await expect(page.getByRole('heading', { name: 'Second factor' })).toBeVisible();
  expect(await sessionStatus(page.context(), house)).toBe(401);
  await page.getByLabel('Code from your authenticator').fill(nextTotpCode(secret));
  await expect(home(page)).toBeVisible();

  for (const expected of [200, 401]) {
    await page.context().clearCookies();
    await page.goto(`${house.url}/sign-in`);
    await typePassword(page, email, PASSWORD);
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    await page.getByLabel('Recovery code', { exact: true }).fill(codes[1] as string);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(expected === 200 ? home(page) : page.getByRole('alert')).toBeVisible();
    expect(await sessionStatus(page.context(), house)).toBe(expected);
  }
});

test('a passkey is made and signs in without a password', async ({ page, house }) => {
  const email = await newPerson(house);
  // A passkey belongs to a name, which an address in digits is not.
  const url = house.url.replace('127.0.0.1', 'localhost');
  await addPasskeyDevice(page);
  await page.goto(`${url}/sign-in?to=/profile`);
  await typePassword(page, email, PASSWORD);
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('My laptop');
  await page.getByRole('dialog').getByLabel('Your password').fill('not the password 7');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('dialog').getByText('Is wrong.')).toBeVisible();
  await page.getByRole('dialog').getByLabel('Your password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('My laptop')).toBeVisible();
  await page.context().clearCookies();
  await page.goto(`${url}/sign-in`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await expect(home(page)).toBeVisible();
  await page.goto(`${url}/profile`);
  await page.getByRole('button', { name: 'Remove My laptop' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove passkey' }).click();
  await expect(page.getByText('My laptop', { exact: true })).toBeHidden();
});

test('an invitation makes an account once; whoever opens it later or as someone else is told so', async ({ page, house }) => {
  const email = `invited-${Date.now()}@headgate.test`;
  const { link } = await invite(house, email);
  await page.goto(`${house.url}/sign-in`);
  await typePassword(page, await newPerson(house), PASSWORD);
  await expect(home(page)).toBeVisible();
  await page.goto(at(house, link));
  await expect(page.getByText(`this invitation is for ${email}`)).toBeVisible();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Your name').fill('Invited Person');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Create the account and join' }).click();
  await expect(home(page)).toBeVisible();
  await page.goto(at(house, link));
  await expect(page.getByRole('heading', { name: 'This invitation cannot be used' })).toBeVisible();
});

/** Imported before the gateway starts: its machine's clock goes eight days ahead. */
const eightDaysAhead = `data:text/javascript,${encodeURIComponent(`
  const now = Date.now.bind(Date);
  const later = () => now() + 8 * 86_400_000;
  globalThis.Date = new Proxy(Date, {
    construct: (RealDate, args) => (args.length === 0 ? new RealDate(later()) : new RealDate(...args)),
    get: (RealDate, name) => (name === 'now' ? later : Reflect.get(RealDate, name)),
  });
`)}`;

test('an invitation that has expired says so and what to do next, and one that is sent again opens', async ({ page }) => {
  const before = await startGateway();
  const { link } = await before.admin<{ link: string }>('POST', '/invitations', {
    email: 'late@headgate.test',
    organization_id: null,
    role: 'platform_auditor',
  });
  await before.stop();
  const later = await startGateway({
    dataDir: before.dataDir,
    adminToken: before.adminToken,
    command: [process.execPath, '--import', eightDaysAhead, PROGRAM, 'serve'],
  });
  await page.goto(at({ url: later.base }, link));
  await expect(page.getByRole('heading', { name: 'This invitation cannot be used' })).toBeVisible();
  await expect(page.getByText('This invitation has expired.')).toBeVisible();
  await expect(page.getByText('Ask the person who invited you to send a new one.')).toBeVisible();
  await expect(page.getByLabel('Your name')).toHaveCount(0);
  const { data } = await later.admin<{ data: { id: string; status: string }[] }>('GET', '/invitations');
  expect(data).toMatchObject([{ status: 'expired' }]);
  const anew = await later.admin<{ link: string }>('POST', `/invitations/${data[0]?.id}/resend`, {});
  await page.goto(at({ url: later.base }, link));
  await expect(page.getByRole('heading', { name: 'This invitation cannot be used' })).toBeVisible();
  await page.goto(at({ url: later.base }, anew.link));
  await expect(page.getByLabel('Your name')).toBeVisible();
  await later.stop();
});

test('a cancelled invitation opens nothing, and one for a known address is accepted by who signs in as it', async ({
  page,
  house,
}) => {
  const cancelled = await invite(house, `cancelled-${Date.now()}@headgate.test`);
  await house.api('DELETE', `/invitations/${cancelled.id}`);
  await page.goto(at(house, cancelled.link));
  await expect(page.getByRole('heading', { name: 'This invitation cannot be used' })).toBeVisible();

  const email = await newPerson(house);
  const other = await house.api<{ id: string }>('POST', '/organizations', { slug: `second-${Date.now()}`, name: 'Second place' });
  const body = { email, organization_id: other.id, role: 'org_owner' };
  const { link } = await house.api<Invited>('POST', '/invitations', body);
  await page.goto(at(house, link));
  // The page says to nobody whether there is an account: who has none yet would fill this in.
  await expect(page.getByLabel('Your name')).toBeVisible();
  await page.getByRole('link', { name: `Sign in as ${email}` }).click();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  // The account was made by a link that somebody was handed: another organization admits it once its address is proved.
  await page.getByRole('button', { name: 'Accept the invitation' }).click();
  await expect(page.getByRole('alert')).toContainText('not proved');
  const { data } = await house.api<{ data: { id: string }[] }>('GET', `/accounts?search=${encodeURIComponent(email)}`);
  await house.api('POST', `/accounts/${data[0]?.id}/vouch`, { reason: 'met in person' });
  await page.getByRole('button', { name: 'Accept the invitation' }).click();
  await expect(home(page)).toBeVisible();
  await page.goto(`${house.url}/profile`);
  await expect(page.getByText('Second place: owner')).toBeVisible();
});

test('a new password by link ends every session, and the old password with them', async ({ page, house, browser }) => {
  const email = await newPerson(house);
  const elsewhere = await browser.newPage();
  await elsewhere.goto(`${house.url}/sign-in`);
  await typePassword(elsewhere, email, PASSWORD);
  await expect(home(elsewhere)).toBeVisible();
  const { id } = (await (await elsewhere.request.get(`${house.url}/api/v1/session`)).json()).account as { id: string };
  const { link } = await house.api<{ link: string }>('POST', `/accounts/${id}/password-reset`, {});
  await page.goto(at(house, link));
  await page.getByLabel('Password', { exact: true }).fill('another good phrase 8');
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('Your password was changed.')).toBeVisible();
  expect(await sessionStatus(elsewhere.context(), house)).toBe(401);
  await typePassword(page, email, PASSWORD);
  await expect(page.getByRole('alert')).toBeVisible();
  await typePassword(page, email, 'another good phrase 8');
  await expect(home(page)).toBeVisible();
  await elsewhere.close();
});

test('a browser that is signed out from another one shows the sign-in', async ({ page, house, browser }) => {
  const email = await newPerson(house);
  const elsewhere = await browser.newPage();
  for (const one of [elsewhere, page]) {
    await one.goto(`${house.url}/sign-in?to=/profile`);
    await typePassword(one, email, PASSWORD);
    await expect(one.getByText('This browser', { exact: true })).toBeVisible();
  }
  await page.getByRole('button', { name: 'Sign out all others' }).click();
  await expect(page.getByText('Every other browser was signed out.')).toBeVisible();
  await elsewhere.getByRole('textbox', { name: 'Name' }).fill('Changed too late');
  await elsewhere.getByRole('button', { name: 'Save' }).click();
  await expect(elsewhere.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await elsewhere.close();
});
