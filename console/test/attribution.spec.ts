/** Who is served: usage by end user and client, their requests, and how an organization stores end users. */
import { expect, test } from './support.ts';

test('usage is grouped by end user and client, leads to their requests, and an organization says how end users are stored', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'platform_admin');
  const organization = await house.api<{ id: string }>('POST', '/organizations', {
    slug: `served-${Date.now()}`,
    name: 'Served',
    end_users: 'kept',
    asset_access: { mode: 'all', targets: [], access_groups: [] },
  });
  const team = await house.api<{ id: string }>('POST', `/organizations/${organization.id}/teams`, { name: 'Serving' });
  const key = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'served' });
  const say = async (user: string, agent: string) => {
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json', 'user-agent': agent },
      body: JSON.stringify({ model: 'fast', user, max_tokens: 20, messages: [{ role: 'user', content: 'hello' }] }),
    });
    expect(response.status).toBe(200);
  };
  for (const user of ['Łucja', 'Łucja', 'bob']) await say(user, 'OpenAI/Python 2.24.0');
  await say('bob', 'mine/1');

  await page.goto(`${house.url}/usage?organization_id=${organization.id}&group_by=end_user`);
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
  await expect(row('Łucja')).toContainText('2');
  await expect(page.getByText(/Callers name these/)).toBeVisible();
  await page.getByRole('combobox', { name: 'Group by' }).click();
  await page.getByRole('option', { name: 'Client' }).click();
  await expect(row('openai-python')).toContainText('3');
  await expect(row('other')).toContainText('1');
  await page.goBack();
  await page.goto(`${house.url}/usage?organization_id=${organization.id}&group_by=end_user`);
  await page.getByRole('link', { name: 'Requests of bob' }).click();
  await expect(page).toHaveURL(/end_user=bob/);
  await expect(page.getByRole('row')).toHaveCount(3);
  await page.getByRole('row').nth(1).getByRole('link').first().click();
  await expect(page.locator('dl', { hasText: 'End user' })).toContainText('bob');

  await page.goto(`${house.url}/organizations/${organization.id}?tab=settings`);
  await expect(page.getByRole('row', { name: 'End users' })).toContainText('Stored as the caller names them');
  await page.getByRole('button', { name: 'Change end users' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'As pseudonyms' }).check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('row', { name: 'End users' })).toContainText('Stored as pseudonyms');
  await say('Łucja', 'codex_cli_rs/0.169.0');
  const pseudonyms = async () => {
    const at = `/usage?organization_id=${organization.id}&group_by=end_user`;
    const { data } = await house.api<{ data: { end_user: string | null }[] }>('GET', at);
    return data.filter(({ end_user: name }) => /^h_[\w-]{22}$/.test(name ?? '')).length;
  };
  // A request is in the ledger within a second.
  await expect.poll(pseudonyms).toBe(1);
});
