/** What can be taken back is taken back from where it was said, and through the API: never a word without the deed. */
import { confirm, expect, PASSWORD, test } from './support.ts';

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('a key that was disabled is enabled again by Undo', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name: 'taken back' });
  const status = async () => (await house.api<{ status: string }>('GET', `/keys/${id}`)).status;
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await confirm(page, 'Disable key');
  await expect(page.getByText('taken back is disabled: its requests are refused.')).toBeVisible();
  expect(await status()).toBe('disabled');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone.')).toBeVisible();
  expect(await status()).toBe('active');
  await expect(page.getByRole('button', { name: 'Disable' })).toBeVisible();
});

test('a deployment, a label and a team', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/deployments', fake('undone'));
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await confirm(page, 'Disable deployment');
  await expect.poll(async () => house.api('GET', `/deployments/${id}`)).toMatchObject({ enabled: false });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => house.api('GET', `/deployments/${id}`)).toMatchObject({ enabled: true });

  await house.api('PUT', '/callable-targets/undone/access-groups', { access_groups: ['undoable', 'kept'] });
  await page.goto(`${house.url}/access-groups/undoable`);
  await page.getByRole('button', { name: 'Remove undone from the group' }).click();
  await confirm(page, 'Remove from the group');
  await expect.poll(async () => house.api('GET', '/models/undone')).toMatchObject({ access_groups: ['kept'] });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => house.api('GET', '/models/undone')).toMatchObject({ access_groups: ['kept', 'undoable'] });
  await expect(page.getByRole('button', { name: 'Remove undone from the group' })).toBeVisible();

  const team = await house.api<{ id: string }>('POST', `/organizations/${house.organizationId}/teams`, { name: 'Undone team' });
  await page.goto(`${house.url}/teams/${team.id}`);
  await page.getByRole('button', { name: 'Suspend' }).click();
  await confirm(page, 'Suspend team');
  await expect.poll(async () => house.api('GET', `/teams/${team.id}`)).toMatchObject({ status: 'suspended' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => house.api('GET', `/teams/${team.id}`)).toMatchObject({ status: 'active' });
});

test('an archived organization that was reactivated is archived again, not merely suspended', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/organizations', { name: 'Put away', slug: 'put-away' });
  const status = async () => (await house.api<{ status: string }>('GET', `/organizations/${id}`)).status;
  await house.api('POST', `/organizations/${id}/archive`);
  await page.goto(`${house.url}/organizations/${id}`);
  await page.getByRole('button', { name: 'Reactivate' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Reactivate' }).click();
  await expect.poll(status).toBe('active');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(status).toBe('archived');
});

test('an account that was disabled is enabled again by Undo, and signs in anew', async ({ page, house }) => {
  const { account } = await house.as('org_billing')<{ account: { id: string; name: string } }>('GET', '/session');
  const status = async () => (await house.api<{ status: string }>('GET', `/accounts/${account.id}`)).status;
  const signIn = async () => {
    const response = await fetch(`${house.url}/api/v1/session/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: house.url },
      body: JSON.stringify({ email: house.emailOf('org_billing'), password: PASSWORD }),
    });
    return response.status;
  };
  await page.goto(`${house.url}/people/${account.id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill(account.name);
  await page.getByRole('dialog').getByRole('button', { name: 'Disable account' }).click();
  await expect(page.getByText(`${account.name} was disabled.`)).toBeVisible();
  expect(await status()).toBe('disabled');
  expect(await signIn()).not.toBe(200);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone.')).toBeVisible();
  expect(await status()).toBe('active');
  expect(await signIn()).toBe(200);

  await house.api('PATCH', `/accounts/${account.id}`, { status: 'disabled' });
  await page.reload();
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByText(`${account.name} can sign in again.`)).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(status).toBe('disabled');
  await expect(page.getByRole('button', { name: 'Enable' })).toBeVisible();
  await house.api('PATCH', `/accounts/${account.id}`, { status: 'active' });
});

test('labels go back to what they were, and what somebody else gave meanwhile stays', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/deployments', fake('relabelled'));
  await house.api('POST', '/deployments', fake('labelled-too'));
  const label = (access_groups: string[]) => house.api('PUT', '/callable-targets/relabelled/access-groups', { access_groups });
  const labels = async () => (await house.api<{ access_groups: string[] }>('GET', '/models/relabelled')).access_groups;
  const groups = async () =>
    (await house.api<{ data: { key: string }[] }>('GET', '/access-groups?search=made-')).data.map(({ key }) => key).sort();
  const dialog = page.getByRole('dialog');
  const giveAndSave = async (...given: string[]) => {
    await page.goto(`${house.url}/models/${id}`);
    await page.getByRole('button', { name: 'Access groups' }).click();
    for (const key of given) {
      await dialog.getByRole('combobox', { name: 'Access groups' }).fill(key);
      await page.keyboard.press('Enter');
    }
    await dialog.getByRole('button', { name: 'Save access groups' }).click();
    await expect(dialog).toHaveCount(0);
  };
  await label(['was-there']);
  await giveAndSave('made-for-one', 'made-for-two');
  expect(await labels()).toEqual(['made-for-one', 'made-for-two', 'was-there']);
  await label(['made-for-one', 'made-for-two', 'theirs', 'was-there']);
  await house.api('PUT', '/callable-targets/labelled-too/access-groups', { access_groups: ['made-for-two'] });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone.')).toBeVisible();
  expect(await labels()).toEqual(['theirs', 'was-there']);
  await expect(page.getByRole('main').getByText('theirs', { exact: true })).toBeVisible();
  // The group that the save made goes with it, unless somebody uses it by now.
  expect(await groups()).toEqual(['made-for-two']);
});

test('an Undo that is refused says so', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name: 'revoked meanwhile' });
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await confirm(page, 'Disable key');
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await house.api('DELETE', `/keys/${id}`);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Not undone')).toBeVisible();
  await expect(page.getByText('Undone.', { exact: true })).toHaveCount(0);
});

function fake(model: string) {
  return {
    model,
    provider: 'fake',
    upstream_model: 'fake-small',
    mode: 'chat',
    prices: { input_per_million: '0.05', output_per_million: '0.40' },
  };
}
