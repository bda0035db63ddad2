/** Logging in programs: the code of a device, the approval on the same computer, the list of logins, managed settings. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chooseTeam, postDeviceCode, postOauth } from './login-steps.ts';
import { newcomer } from './sight-steps.ts';
import { expect, type House, openPublicHouse, PASSWORD, test } from './support.ts';

test.describe.configure({ mode: 'serial' });

const BUDGET = { amount: '20', period: 'month' };

let house: House;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  house = await openPublicHouse();
  await house.api('PATCH', `/teams/${house.teamId}`, { self_service: { enabled: true, max_budget: BUDGET } });
});
test.afterAll(async () => {
  await house?.gateway.stop();
});

const form = (path: string, fields: Record<string, string>) => postOauth(house, path, fields);
const models = async (token: string) =>
  (await fetch(`${house.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status;

/** Starts a program on this computer that waits for a browser. `heard` returns the parameters of the last address that it was sent to. */
async function startProgram() {
  let heard = new URLSearchParams();
  const program = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    if (pathname === '/callback') heard = searchParams;
    response.end('You can close this page.');
  }).listen(0, '127.0.0.1');
  await once(program, 'listening');
  const redirect_uri = `http://127.0.0.1:${(program.address() as AddressInfo).port}/callback`;
  return { heard: () => heard, redirect_uri, stop: () => program.close() };
}

/** Returns the parameters of the page that approves a login on this computer. */
function connectOf({ verifier, ...asked }: { verifier: string; redirect_uri: string; device_name: string }): URLSearchParams {
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  return new URLSearchParams({ ...asked, code_challenge, client_id: 'headgate-cli', state: 's' });
}

test('a person approves a device by its code, sees what asks, and ends the login', async ({ page }) => {
  await house.signIn(page, 'team_developer');
  const asked = await form('device', { device_name: 'build server <b>x</b>' });
  // A link must not choose the code.
  await page.goto(`${house.url}/device?user_code=${asked.user_code}`);
  const code = page.getByLabel('Code');
  await expect(code).toHaveValue('');
  await code.fill('BBBB-BBBB');
  await page.keyboard.press('Enter');
  await expect(page.getByText(/mistyped or older than 10 minutes/)).toBeVisible();
  await code.fill(asked.user_code?.toLowerCase() ?? '');
  await page.keyboard.press('Enter');
  await expect(page.getByText('build server <b>x</b>')).toBeVisible();
  await expect(page.getByText('127.0.0.1')).toBeVisible();
  await chooseTeam(page);
  await expect(
    page.getByText(/20\.00 is left.+a later login, such as one on a second computer, finds nothing left/),
  ).toBeVisible();
  await page.getByLabel(/^Budget of this login/).fill('5');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('The device is logged in')).toBeVisible();
  const tokens = await postDeviceCode(house, asked);
  expect(await models(tokens.access_token ?? '')).toBe(200);
  // A key gets what the login left, so that the first try is not refused.
  await page.goto(`${house.url}/keys?new=key`);
  await expect(page.getByRole('dialog').getByRole('textbox', { name: 'Amount' })).toHaveValue('15.00');
  await page.goto(`${house.url}/profile`);
  const logins = page.getByRole('region', { name: 'Logins' });
  await logins.getByRole('button', { name: /^End the login on build server/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End login' }).click();
  await expect(logins.getByText('No logins yet')).toBeVisible();
  expect(await models(tokens.access_token ?? '')).toBe(401);
});

test('a device can be denied', async ({ page }) => {
  await house.signIn(page, 'team_developer');
  const asked = await form('device', { device_name: 'not mine' });
  await page.goto(`${house.url}/device`);
  await page.getByLabel('Code').fill(asked.user_code ?? '');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByText('The device was denied')).toBeVisible();
  const answer = await postDeviceCode(house, asked);
  expect(answer.error).toBe('access_denied');
});

test('an own key warns that it can take the whole allowance from later logins, and it does', async ({ page }) => {
  const person = await newcomer(house);
  const joined = { account_id: person.accountId, role: 'team_developer' };
  await house.api('POST', `/teams/${house.teamId}/members`, joined);
  await person.signIn(page);
  const asked = await form('device', { device_name: 'too late' });
  const approving = async () => {
    await page.goto(`${house.url}/device`);
    await page.getByLabel('Code').fill(asked.user_code ?? '');
    await page.keyboard.press('Enter');
    await chooseTeam(page);
  };
  const approve = page.getByRole('button', { name: 'Approve' });
  await approving();
  await expect(page.getByText('$20.00 is left', { exact: false })).toBeVisible();
  await expect(approve).toBeEnabled();

  const note = page.getByRole('dialog').getByRole('note');
  await page.goto(`${house.url}/keys?new=key`);
  await expect(note).toContainText(
    'Your logins share this amount. The budget below takes all of it unless you lower it, and then a later login finds nothing left.',
  );
  await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('takes all of it');
  await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await approving();
  await expect(page.getByText('use up what this team lets you spend', { exact: false })).toBeVisible();
  await expect(approve).toBeDisabled();

  // Where the team bounds nothing, nothing is shared.
  await house.api('PATCH', `/teams/${house.teamId}`, { self_service: { max_budget: null } });
  await page.goto(`${house.url}/keys?new=key`);
  await expect(note).toContainText('You create a key of your own');
  await expect(note).not.toContainText('Your logins share');
  await house.api('PATCH', `/teams/${house.teamId}`, { self_service: { max_budget: BUDGET } });
});

test('a program on this computer gets its code back, and an old sign-in asks for the password', async ({ page }) => {
  await house.signIn(page, 'team_developer');
  // Ten minutes go by for the session.
  await page.route('**/api/v1/logins/places', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), is_fresh: false } });
  });
  const verifier = randomBytes(32).toString('base64url');
  const { heard, redirect_uri, stop } = await startProgram();
  const search = connectOf({ verifier, redirect_uri, device_name: 'laptop' });
  await page.goto(`${house.url}/connect?${search}`);
  await expect(page.getByText('laptop', { exact: true })).toBeVisible();
  await chooseTeam(page);
  const approve = page.getByRole('button', { name: 'Approve' });
  await expect(approve).toBeDisabled();
  await page.getByLabel('Your password').fill('wrong');
  await approve.click();
  await expect(page.getByText(/is wrong/)).toBeVisible();
  await page.getByLabel('Your password').fill(PASSWORD);
  await approve.click();
  await expect(page.getByText('You can close this page.')).toBeVisible();
  const code = heard().get('code') ?? '';
  const tokens = await form('token', { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri });
  expect(await models(tokens.access_token ?? '')).toBe(200);
  stop();
});

test('on a second computer the page says at once that nothing is left, and the login can be denied there', async ({ page }) => {
  await house.signIn(page, 'team_developer');
  const { heard, redirect_uri, stop } = await startProgram();
  const search = connectOf({ verifier: 'v', redirect_uri, device_name: 'second computer' });
  await page.goto(`${house.url}/connect?${search}`);
  await expect(page.getByText(/use up what this team lets you spend\. End a login/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Approve' })).toBeDisabled();
  // With several teams, each says why.
  const { account } = await house.as('team_developer')<{ account: { id: string } }>('GET', '/session');
  const { id } = await house.api<{ id: string }>('POST', `/organizations/${house.organizationId}/teams`, {
    name: 'Without logins',
  });
  const member = { account_id: account.id, role: 'team_developer' };
  const { member_id } = await house.api<{ member_id: string }>('POST', `/teams/${id}/members`, member);
  await page.reload();
  const reasons = page.getByRole('alert').filter({ hasText: 'You cannot log in to any of your teams now' });
  await expect(reasons).toContainText('use up what this team lets you spend');
  await expect(reasons).toContainText('Without logins: This team does not allow logins.');
  await page.getByRole('button', { name: 'Deny' }).click();
  await expect(page.getByText('You can close this page.')).toBeVisible();
  expect(Object.fromEntries(heard())).toEqual({ error: 'access_denied', state: 's' });
  await house.api('DELETE', `/teams/${id}/members/${member_id}`);
  stop();
});

test('an address that names another place than this computer is refused before anything is asked', async ({ page }) => {
  await house.signIn(page, 'team_developer');
  for (const redirect_uri of [
    'https://evil.example/callback',
    'http://127.0.0.1.evil.example:4321/callback',
    'http://127.0.0.1:4321@evil.example/callback',
    'http://127.0.0.1:1023/callback',
    'http://127.0.0.1:4321?to=//evil.example',
    'http://127.0.0.1:4321/callback#x',
  ]) {
    await page.goto(`${house.url}/connect?${connectOf({ verifier: 'v', redirect_uri, device_name: 'x' })}`);
    await expect(page.getByText('This address is incomplete')).toBeVisible();
    await expect(page.getByRole('button', { name: /Approve|Deny/ })).toHaveCount(0);
  }
});

test('an owner sees the logins of the organization, switches codes off, and sets managed settings with their risks shown', async ({
  page,
}) => {
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=logins`);
  await expect(page.getByText('laptop', { exact: true })).toBeVisible();
  await page.getByRole('radio', { name: 'Only on the same computer' }).check();
  await expect(page.getByText('The allowed logins were changed.')).toBeVisible();
  await page.getByRole('button', { name: 'Set settings' }).click();
  const json = page.getByRole('dialog').getByLabel('Settings as JSON');
  await json.fill('{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}, "model": "smart"');
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Save' })).toBeDisabled();
  await json.fill('{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}, "model": "smart"}');
  await expect(page.getByRole('dialog').getByText('hooks.Stop')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('The managed settings were saved.')).toBeVisible();
  await expect(page.getByText(/"model": "smart"/)).toBeVisible();
  await page.getByRole('link', { name: 'Show them' }).click();
  await expect(page).toHaveURL(/kind=api/);
});
