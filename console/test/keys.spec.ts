/** Keys, as people use the console: made, shown once, used, explained, changed, rotated, stopped. */
import {
  call,
  confirm,
  expect,
  expectHistory,
  expectNoHistory,
  type House,
  type Page,
  type Role,
  spendOnce,
  test,
} from './support.ts';

interface Key {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly rate_limits: { readonly rpm: number | null };
}

const dialog = (page: Page) => page.getByRole('dialog');

async function newKey(house: House, name: string): Promise<Key & { readonly secret: string }> {
  return house.api('POST', '/keys', { team_id: house.teamId, name });
}

async function keysNamed(house: House, name: string): Promise<readonly Key[]> {
  return (await house.api<{ data: Key[] }>('GET', `/keys?search=${encodeURIComponent(name)}`)).data;
}

async function teamName(house: House): Promise<string> {
  return (await house.api<{ name: string }>('GET', `/teams/${house.teamId}`)).name;
}

async function chooseTeam(page: Page, name: string): Promise<void> {
  await dialog(page).getByRole('combobox', { name: 'Team' }).click();
  // Organizations of other tests have teams of this name.
  await page.getByRole('option', { name: new RegExp(`^${name}( · Acme)?$`) }).click();
}

test('a key is made with the keyboard alone, its secret is shown once and works at once', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys`);
  await expect(page.getByRole('table')).toBeVisible();
  await page.keyboard.press('n');
  await expect(dialog(page).getByRole('combobox', { name: 'Team' })).toBeFocused();
  await page.keyboard.type(await teamName(house));
  // Teams of other names go from the list a moment after the name is typed. Other organizations may have one of this name.
  await expect(page.getByRole('option').first()).toHaveText(new RegExp(`${await teamName(house)} · Acme`));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await dialog(page).getByRole('textbox', { name: 'Name' }).focus();
  await page.keyboard.type('made by keyboard');
  await page.keyboard.press('Enter');
  const secret = await page.getByRole('textbox', { name: 'Secret' }).inputValue();
  expect(secret).toMatch(/^sk-hg-/);
  await expect(page.getByLabel('curl example', { exact: true })).toContainText(secret);
  await expect(page.getByLabel('curl example', { exact: true })).toContainText('"model": "');
  await page.getByRole('tab', { name: 'Anthropic Python' }).click();
  await expect(page.getByLabel('Anthropic Python example', { exact: true })).toContainText('from anthropic import Anthropic');
  // A slip of the finger does not take the secret away.
  await page.keyboard.press('Escape');
  await expect(page.getByRole('textbox', { name: 'Secret' })).toBeVisible();
  expect(await call(house, secret)).toBe(200);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByRole('link', { name: 'made by keyboard' }).click();
  await expect(page.getByRole('heading', { name: 'made by keyboard' })).toBeVisible();
  await expect(page.getByText(secret)).toBeHidden();
});

/** Tests before this one may have given the person keys, which count. */
async function revokeKeysOf(house: House, role: Role): Promise<void> {
  const { account } = await house.as(role)<{ account: { id: string } }>('GET', '/session');
  const { data } = await house.api<{ data: Key[] }>('GET', `/keys?account_id=${account.id}&status=active`);
  for (const { id } of data) await house.api('DELETE', `/keys/${id}`);
}

test('two clicks on create make one key', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys?new=key`);
  await chooseTeam(page, await teamName(house));
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('clicked twice');
  await dialog(page).getByRole('button', { name: 'Create key' }).dblclick();
  await expect(page.getByRole('textbox', { name: 'Secret' })).toBeVisible();
  expect(await keysNamed(house, 'clicked twice')).toHaveLength(1);
});

test('the caps above stand beside each limit, with what holds in the end', async ({ page, house }) => {
  await house.api('PATCH', `/teams/${house.teamId}`, { rate_limits: { rpm: 200 } });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys?new=key`);
  await chooseTeam(page, await teamName(house));
  await dialog(page)
    .getByRole('button', { name: /^Rate limits/ })
    .click();
  await dialog(page).getByLabel('Requests per minute').fill('500');
  await expect(dialog(page).getByText(/Team 200 · effective 200/)).toBeVisible();
});

test('a developer makes a key of their own within the team’s self-service, and is told why not beyond it', async ({
  page,
  house,
}) => {
  const selfService = (policy: object) => house.api('PATCH', `/teams/${house.teamId}`, { self_service: policy });
  await revokeKeysOf(house, 'team_developer');
  await selfService({ enabled: false });
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/keys?new=key`);
  await expect(dialog(page).getByText(/does not let its members create/)).toBeVisible();
  await selfService({ enabled: true, max_keys_per_member: 1, max_expiry_days: 30, max_budget: '5.00' });
  await page.reload();
  await expect(dialog(page).getByText(/at most 1 key per person; each key expires within 30 days/)).toBeVisible();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('my own');
  await dialog(page).getByRole('button', { name: 'Create key' }).click();
  const secret = await page.getByRole('textbox', { name: 'Secret' }).inputValue();
  expect(await call(house, secret)).toBe(200);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.goto(`${house.url}/keys?new=key`);
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('one too many');
  await dialog(page).getByRole('button', { name: 'Create key' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('the most keys that a member of this team may have: 1.');
  expect(await keysNamed(house, 'one too many')).toHaveLength(0);
});

test('who may not make keys sees the button with its reason', async ({ page, house }) => {
  await house.signIn(page, 'team_viewer');
  await page.goto(`${house.url}/keys`);
  const button = page.getByRole('button', { name: 'Create key' }).first();
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await button.hover();
  await expect(page.getByRole('tooltip')).toContainText('To create keys, ask a team admin to make you a developer.');
});

test('a key is rotated with an overlap, disabled, enabled and revoked by its name', async ({ page, house }) => {
  const { id, secret } = await newKey(house, 'to be stopped');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Rotate' }).click();
  await dialog(page).getByRole('button', { name: 'Create new secret' }).click();
  const rotated = await page.getByRole('textbox', { name: 'Secret' }).inputValue();
  expect(rotated).not.toBe(secret);
  expect(await call(house, rotated)).toBe(200);
  expect(await call(house, secret)).toBe(200);
  await page.getByRole('button', { name: 'I have stored it' }).click();

  await page.getByRole('button', { name: 'Disable' }).click();
  await confirm(page, 'Disable key');
  await expect(page.getByRole('button', { name: 'Enable' })).toBeVisible();
  await expect.poll(() => call(house, rotated)).toBe(403);
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect.poll(() => call(house, rotated)).toBe(200);

  await page.getByRole('button', { name: 'Revoke…' }).click();
  await dialog(page).getByRole('textbox').fill('to be');
  await expect(dialog(page).getByRole('button', { name: 'Revoke key' })).toBeDisabled();
  await dialog(page).getByRole('textbox').fill('to be stopped');
  await dialog(page).getByRole('button', { name: 'Revoke key' }).click();
  await expect(page.getByText('Revoked', { exact: true }).first()).toBeVisible();
  await expect.poll(() => call(house, rotated)).toBe(401);
});

test('what a key can call is listed with the grant, and each no with the level that removed it', async ({ page, house }) => {
  const { id } = await newKey(house, 'narrowed');
  await house.api('PATCH', `/keys/${id}`, { asset_access: { mode: 'restrict', targets: ['fast'], access_groups: [] } });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys/${id}?tab=access`);
  await expect(page.getByText(/It can call 1 of \d+ targets/)).toBeVisible();
  await expect(page.getByRole('row', { name: /^fast Model Yes/ })).toContainText('Through the key itself: granted by name.');
  await expect(page.getByRole('row', { name: /No Excluded by the key itself/ }).first()).toBeVisible();
});

test('two people who change one key see both versions, and nothing typed is lost', async ({ page, house }) => {
  const { id } = await newKey(house, 'edited by two');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('mine');
  await house.api('PATCH', `/keys/${id}`, { name: 'theirs', rate_limits: { rpm: 7 } });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  const conflict = page.getByRole('dialog', { name: /changed by someone else/ });
  await expect(conflict).toContainText('theirs');
  await expect(conflict).toContainText('mine');
  await conflict.getByRole('button', { name: 'Use the chosen versions' }).click();
  await expect(dialog(page).getByRole('textbox', { name: 'Name' })).toHaveValue('mine');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'mine' })).toBeVisible();
  const stored = await house.api<Key>('GET', `/keys/${id}`);
  expect(stored).toMatchObject({ name: 'mine', rate_limits: { rpm: 7 } });
});

test('a key is moved to another team of its organization, and what it loses there is said before', async ({ page, house }) => {
  const { id } = await newKey(house, 'on the move');
  const narrow = await house.api<{ id: string; name: string }>('POST', `/organizations/${house.organizationId}/teams`, {
    name: `Narrow ${Date.now()}`,
    asset_access: { mode: 'restrict', targets: ['fast'], access_groups: [] },
  });
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await chooseTeam(page, narrow.name);
  await expect(dialog(page).getByText(/can no longer be called: .*support-fast/)).toBeVisible();
  await expect(dialog(page)).toContainText('The key then counts against the limits and budgets of that team.');
  expect(await house.api('GET', `/keys/${id}`)).toMatchObject({ team_id: house.teamId });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('main').getByRole('link', { name: narrow.name })).toBeVisible();
  expect(await house.api('GET', `/keys/${id}`)).toMatchObject({ team_id: narrow.id, owner: { account_id: null } });
});

test('a key’s budget shows what was spent period by period, and only to who may see spend', async ({ page, house }) => {
  const { id, secret } = await newKey(house, 'with a history');
  await house.signIn(page, 'team_admin');
  await page.goto(`${house.url}/keys/${id}`);
  await expect(page.getByText('No budget is set here.')).toBeVisible();
  await house.api('PATCH', `/keys/${id}`, { budgets: [{ amount: '21.00', period: 'month' }] });
  const spent = await spendOnce(house, secret, `/keys/${id}`);
  await page.reload();
  await expectHistory(page, '$21.00 per month', spent);
  await house.signIn(page, 'team_viewer');
  await expectNoHistory(page, `${house.url}/keys/${id}`, '$21.00 per month');
});

test('the filters of the list stand in the address and come back with it', async ({ page, house }) => {
  const { id } = await newKey(house, 'kept aside');
  await house.api('POST', `/keys/${id}/disable`);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/keys?status=disabled`);
  await expect(page.getByRole('link', { name: 'kept aside' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'demo', exact: true })).toBeHidden();
  await page.getByRole('button', { name: 'Remove the filter Status' }).click();
  await expect(page.getByRole('link', { name: 'demo', exact: true })).toBeVisible();
  await expect(page).toHaveURL(`${house.url}/keys`);
});
