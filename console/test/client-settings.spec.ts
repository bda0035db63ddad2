/** Settings of clients: for the opened model, with this gateway's address and the names that the key can call, ready to paste. */
import { CLIENTS } from '../src/pages/callable-models/client-settings.ts';
import { expect, type House, test } from './support.ts';

async function makeKey(house: House, name: string): Promise<string> {
  return (await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name })).id;
}

test('each client has its setting, with the address and the names of this key', async ({ page, context, house }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'client settings');
  await page.goto(`${house.url}/callable-models?key_id=${key}&name=fast`);
  const drawer = page.getByRole('dialog', { name: 'fast' });
  await expect(drawer.getByLabel('Setting of Claude Code: shell', { exact: true })).toContainText(
    `export ANTHROPIC_BASE_URL="${house.url}"`,
  );
  const { data: targets } = await house.api<{ data: { name: string }[] }>('GET', `/keys/${key}/callable-targets?mode=chat`);
  const others = targets.map(({ name }) => name).filter((name) => name !== 'fast');
  for (const { name, texts } of CLIENTS) {
    await drawer.getByRole('combobox', { name: 'Client' }).click();
    await page.getByRole('option', { name, exact: true }).click();
    for (const { where, text } of texts) {
      const wanted = text({ baseUrl: house.url, models: ['fast', ...others] });
      await expect(drawer.getByLabel(`Setting of ${name}: ${where}`, { exact: true })).toHaveText(wanted);
      await drawer.getByRole('button', { name: `Copy the setting: ${where}`, exact: true }).click();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(wanted);
    }
  }
  await expect(page).toHaveURL(/client=open-webui/);
});

test('a model for embeddings has no settings of chat clients', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'client settings of embeddings');
  await page.goto(`${house.url}/callable-models?key_id=${key}&name=embed`);
  const drawer = page.getByRole('dialog', { name: 'embed' });
  await expect(drawer.getByRole('heading', { name: 'Prices' })).toBeVisible();
  await expect(drawer.getByRole('combobox', { name: 'Client' })).toHaveCount(0);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test('a setting scrolls within its box', async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
    const key = await makeKey(house, 'client settings pocket');
    await page.goto(`${house.url}/callable-models?key_id=${key}&name=fast&client=vercel-ai-sdk`);
    await expect(page.getByLabel('Setting of Vercel AI SDK: OpenAI Responses')).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});
