/** `headgate login` as a person uses it: the command in a process of its own, the page in a browser, and an agent’s settings afterwards. */
import { ADDRESS, newHome, run, start } from '../../server/test/cli/login-support.ts';
import { chooseTeam } from './login-steps.ts';
import { expect, type House, openPublicHouse, test } from './support.ts';

let house: House;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  house = await openPublicHouse();
  await house.api('PATCH', `/teams/${house.teamId}`, { self_service: { enabled: true } });
});
test.afterAll(async () => {
  await house?.gateway.stop();
});

test('a person approves the command in the browser, and the terminal goes on with their login', async ({ page }) => {
  test.setTimeout(120_000);
  await house.signIn(page, 'team_developer');
  const home = newHome();
  const login = start(home, ['login', '--no-browser', '--url', house.url, '--name', 'my laptop']);
  const [, address = ''] = await login.says(ADDRESS);
  await page.goto(address);
  await expect(page.getByText('my laptop', { exact: true })).toBeVisible();
  await expect(page.getByText('headgate-cli')).toBeVisible();
  await chooseTeam(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByRole('heading', { name: 'You are signed in' })).toBeVisible();
  const { code, err } = await login.ended;
  expect([code, err]).toEqual([0, expect.stringContaining(`You are signed in at ${house.url} as `)]);
  const token = (await run(home, 'token')).out.trim();
  const models = await fetch(`${house.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
  expect(models.status).toBe(200);
  expect((await run(home, 'logout')).code).toBe(0);
  await page.goto(`${house.url}/profile`);
  await expect(page.getByRole('region', { name: 'Logins' }).getByText('No logins yet')).toBeVisible();
});

test('the page proposes the team that the command names', async ({ page }) => {
  test.setTimeout(120_000);
  await house.signIn(page, 'team_developer');
  const { name } = (await house.api('GET', `/teams/${house.teamId}`)) as { name: string };
  for (const [asked, shown] of [
    [name, name],
    ['No such team', ''],
  ] as const) {
    const login = start(newHome(), ['login', '--no-browser', '--url', house.url, '--team', asked]);
    const [, address = ''] = await login.says(ADDRESS);
    await page.goto(address);
    await expect(page.getByRole('combobox', { name: 'Team' })).toHaveValue(shown);
    await page.getByRole('button', { name: 'Deny' }).click();
    await expect(page.getByRole('heading', { name: 'You are not signed in' })).toBeVisible();
    expect(await login.ended).toMatchObject({
      code: 3,
      err: expect.stringContaining('The login was not approved. You refused it.'),
    });
  }
});

test('the page of a code proposes the team too, and never the code', async ({ page }) => {
  test.setTimeout(120_000);
  await house.signIn(page, 'team_developer');
  const { name } = (await house.api('GET', `/teams/${house.teamId}`)) as { name: string };
  for (const [asked, shown] of [
    [name, name],
    ['No such team', ''],
  ] as const) {
    const login = start(newHome(), ['login', '--device', '--url', house.url, '--team', asked]);
    const [, address = '', code = ''] = await login.says(/Open (\S+) on any device, and type this code:\s+(\S+)/);
    await page.goto(address);
    const field = page.getByLabel('Code');
    await expect(field).toHaveValue('');
    await field.fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByRole('combobox', { name: 'Team' })).toHaveValue(shown);
    await page.getByRole('button', { name: 'Deny' }).click();
    await expect(page.getByText('The device was denied')).toBeVisible();
    expect((await login.ended).code).toBe(3);
  }
});
