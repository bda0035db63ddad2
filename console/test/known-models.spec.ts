/** The page Known models: what lists name, and the way from there to a deployment. */
import { readFile } from 'node:fs/promises';
import { expect, test } from './support.ts';
import { openVendor } from './vendor.ts';

test('a known model becomes a deployment: the form is filled in, and its price is that of the list', async ({ page, house }) => {
  const vendor = await openVendor(['gpt-5-nano']);
  const credential = { name: 'known-vendor', provider: 'openai', api_key: vendor.apiKey, base_url: vendor.baseUrl };
  await house.api('POST', '/credentials', credential);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/known-models?search=gpt-5-nano&provider=openai`);
  const row = page.getByRole('row', { name: /gpt-5-nano/ });
  await expect(row).toContainText('$0.05 in · $0.40 out');
  await expect(row).toContainText('None');
  await row.click();
  await expect(page.getByRole('dialog', { name: 'gpt-5-nano' })).toContainText('Web search, each');
  await page.keyboard.press('Escape');
  await row.getByRole('button', { name: 'Add deployment of gpt-5-nano' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add deployment' });
  await expect(dialog.getByRole('combobox', { name: 'Upstream model' })).toHaveValue('gpt-5-nano');
  await expect(dialog.getByLabel('Input', { exact: true })).toHaveValue('0.05');
  await dialog.getByRole('combobox', { name: 'Credential' }).click();
  await page.getByRole('option', { name: /known-vendor/ }).click();
  await dialog.getByRole('button', { name: 'Add deployment' }).click();
  await expect(page).toHaveURL(/\/models\/dep_/);
  await page.goto(`${house.url}/known-models?search=gpt-5-nano&deployed=true`);
  await expect(page.getByRole('row', { name: /gpt-5-nano/ })).toContainText('1 deployment');
});

test('the list is exported with its filters', async ({ page, house }) => {
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/known-models?search=gpt-5-nano&provider=openai`);
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'CSV' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^known-models-.*\.csv$/);
  const lines = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
  expect(lines[0]).toMatch(/^provider,upstream_model,context_window/);
  expect(lines.slice(1).every((line) => line.startsWith('openai,') && line.includes('gpt-5-nano'))).toBe(true);
  expect(lines.length).toBeGreaterThan(1);
});

test('who may only read sees the list, and why they may not add a deployment', async ({ page, house }) => {
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/known-models?search=gpt-5-nano&provider=openai`);
  const add = page.getByRole('button', { name: 'Add deployment of gpt-5-nano' });
  await expect(add).toHaveAttribute('aria-disabled', 'true');
});

test('a vendor’s own list is read and compared, and a listed model becomes a deployment with that credential', async ({
  page,
  house,
}) => {
  const vendor = await openVendor(['gpt-4.1-nano', 'house-model']);
  const credential = { name: 'listing-vendor', provider: 'openai', api_key: vendor.apiKey, base_url: vendor.baseUrl };
  const { id } = await house.api<{ id: string }>('POST', '/credentials', credential);
  const gone = { model: 'was-there', provider: 'openai', upstream_model: 'gpt-withdrawn', credential_id: id };
  await house.api('POST', '/deployments', gone);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/known-models?tab=vendors&credential=${id}`);
  await expect(page.getByText('Not read yet')).toBeVisible();
  await page.getByRole('button', { name: 'Read the list now' }).click();
  await expect(page.getByRole('row', { name: /gpt-withdrawn/ })).toContainText('Gone');
  await expect(page.getByRole('row', { name: /house-model/ })).toContainText('Unpriced');
  await page.getByRole('button', { name: /^Not deployed/ }).click();
  await expect(page.getByRole('row', { name: /house-model/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Add deployment of gpt-4.1-nano' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add deployment' });
  await expect(dialog.getByRole('combobox', { name: 'Credential' })).toHaveValue(/listing-vendor/);
  await expect(dialog.getByLabel('Input', { exact: true })).toHaveValue('0.10');
  await dialog.getByRole('button', { name: 'Add deployment' }).click();
  await expect(page).toHaveURL(/\/models\/dep_/);
  vendor.close();
  await page.goto(`${house.url}/known-models?tab=vendors&credential=${id}`);
  await expect(page.getByRole('row', { name: /gpt-4.1-nano/ })).toContainText('In use');
  await page.getByRole('button', { name: 'Read the list now' }).click();
  await expect(page.getByRole('alert')).toContainText('The list could not be read');
  await expect(page.getByRole('row', { name: /gpt-withdrawn/ })).toBeVisible();
});

test('prices are imported from a file: first what would change, then the models and the prices of deployments', async ({
  page,
  house,
}) => {
  const { id: credential_id } = await house.api<{ id: string }>('POST', '/credentials', {
    ...{ name: 'import-vendor', provider: 'openai', api_key: 'sk-0123456789abcdef' },
  });
  const deployment = { model: 'import-me', provider: 'openai', upstream_model: 'house-import', credential_id, prices: null };
  const { id } = await house.api<{ id: string }>('POST', '/deployments', deployment);
  const cost = { litellm_provider: 'openai', input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 };
  const list = { 'house-import': cost, 'house-wrong': { ...cost, output_cost_per_token: 1e30 } };
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/known-models`);
  await page.getByRole('button', { name: 'Import prices' }).click();
  const dialog = page.getByRole('dialog', { name: 'Import prices' });
  const choose = async (text: string) => {
    const chooser = page.waitForEvent('filechooser');
    await dialog.getByRole('button', { name: 'Choose a file…' }).click();
    await (await chooser).setFiles({ name: 'prices.json', mimeType: 'application/json', buffer: Buffer.from(text) });
  };
  await choose('nonsense');
  await expect(dialog.getByRole('alert')).toHaveText('The file is no JSON.');
  await choose(JSON.stringify(list));
  await dialog.getByRole('textbox', { name: 'Version' }).fill('7');
  await dialog.getByRole('combobox', { name: 'Set the prices of deployments' }).click();
  await page.getByRole('option', { name: 'Of those without a price in force' }).click();
  await expect(dialog.getByText(/not plausible/)).toBeVisible();
  await expect(dialog.getByText('1 deployment gets a new price, in force now.')).toBeVisible();
  expect(await house.api('GET', `/deployments/${id}`)).toMatchObject({ prices: null });
  await dialog.getByRole('button', { name: 'Import prices' }).click();
  await expect(dialog).toHaveCount(0);
  expect(await house.api('GET', `/deployments/${id}`)).toMatchObject({ prices: { input_per_million: '1.00' } });
  await page.goto(`${house.url}/known-models?tab=lists`);
  await page.getByRole('button', { name: 'Delete price list LiteLLM' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('LiteLLM');
  await page.getByRole('dialog').getByRole('button', { name: 'Delete price list' }).click();
  await expect(page.getByRole('button', { name: 'Delete price list LiteLLM' })).toHaveCount(0);
});
