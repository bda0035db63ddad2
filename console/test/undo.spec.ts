/** What can be taken back is taken back from where it was said, and through the API: never a word without the deed. */
import { expect, test } from './support.ts';

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('a key that was disabled is enabled again by Undo', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name: 'taken back' });
  const status = async () => (await house.api<{ status: string }>('GET', `/keys/${id}`)).status;
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByText('taken back is disabled: its requests are refused.')).toBeVisible();
  expect(await status()).toBe('disabled');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone.')).toBeVisible();
  expect(await status()).toBe('active');
  await expect(page.getByRole('button', { name: 'Disable' })).toBeVisible();
});

test('a deployment, a label and a team', async ({ page, house }) => {
  const prices = { input_per_million: '0.05', output_per_million: '0.40' };
  const { id } = await house.api<{ id: string }>('POST', '/deployments', {
    model: 'undone',
    provider: 'fake',
    upstream_model: 'fake-small',
    mode: 'chat',
    prices,
  });
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect.poll(async () => house.api('GET', `/deployments/${id}`)).toMatchObject({ enabled: false });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => house.api('GET', `/deployments/${id}`)).toMatchObject({ enabled: true });

  await house.api('PUT', '/callable-targets/undone/access-groups', { access_groups: ['undoable', 'kept'] });
  await page.goto(`${house.url}/access-groups/undoable`);
  await page.getByRole('button', { name: 'Take the label from undone' }).click();
  await expect.poll(async () => house.api('GET', '/models/undone')).toMatchObject({ access_groups: ['kept'] });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => house.api('GET', '/models/undone')).toMatchObject({ access_groups: ['kept', 'undoable'] });
  await expect(page.getByRole('button', { name: 'Take the label from undone' })).toBeVisible();

  const team = await house.api<{ id: string }>('POST', `/organizations/${house.organizationId}/teams`, { name: 'Undone team' });
  await page.goto(`${house.url}/teams/${team.id}`);
  await page.getByRole('button', { name: 'Suspend' }).click();
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

test('an Undo that is refused says so', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name: 'revoked meanwhile' });
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByRole('button', { name: 'Undo' })).toBeVisible();
  await house.api('DELETE', `/keys/${id}`);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Not undone')).toBeVisible();
  await expect(page.getByText('Undone.')).toHaveCount(0);
});
