/** What a developer finds in the console: what their key can call and how, and who can make a key for them. */
import { expect, test } from './support.ts';

test('a developer finds what a key can call, with its price and a call to paste', async ({ page, house }) => {
  const { account } = await house.as('team_developer')<{ account: { id: string } }>('GET', '/session');
  const owner = { account_id: account.id };
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name: 'finds models', owner });
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/keys/${id}`);
  await expect(page.getByRole('heading', { name: 'Recent requests' })).toBeVisible();
  await page.getByRole('link', { name: 'Models it can call, with prices and examples' }).click();
  const row = page.getByRole('row', { name: /^fast/ });
  await expect(row).toContainText('Chat');
  await page.getByRole('button', { name: 'fast', exact: true }).click();
  const drawer = page.getByRole('dialog', { name: 'fast' });
  const example = drawer.getByLabel('curl example', { exact: true });
  await expect(example).toContainText(`${house.url}/v1/chat/completions`);
  await expect(example).toContainText('Bearer $HEADGATE_KEY');
  for (const sdk of ['OpenAI Python', 'OpenAI JS', 'Anthropic Python', 'Anthropic JS']) {
    await drawer.getByRole('tab', { name: sdk }).click();
    await expect(drawer.getByLabel(`${sdk} example`, { exact: true })).toContainText('fast');
  }
  await expect(page).toHaveURL(/name=fast/);
});

test('whom the policy of their team lets make no key is told so, and whom to ask', async ({ page, house }) => {
  const role = 'team_developer';
  await house.api('PATCH', `/teams/${house.teamId}`, { self_service: { enabled: false } });
  await house.signIn(page, role);
  await page.goto(`${house.url}/keys`);
  const create = page.getByRole('button', { name: 'Create key' }).first();
  await expect(create).toHaveAttribute('aria-description', /may not create their own keys/);
  await create.hover();
  await expect(page.getByRole('tooltip')).toHaveText(/Ask .+/);
});
