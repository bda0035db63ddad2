/** Presets, as a platform admin adds, uses, edits and deletes them, and as others may not. */
import type { Page } from '@playwright/test';
import { confirm, expect, test } from './support.ts';
import { openVendor } from './vendor.ts';

const dialog = (page: Page) => page.getByRole('dialog');

test('an admin adds a vendor as a preset, and a credential and a deployment of it work at once', async ({ page, house }) => {
  const vendor = await openVendor(['house-model']);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/presets`);
  await expect(page.getByRole('row', { name: /Groq/ })).toContainText('Proven by a recording');
  await expect(page.getByRole('row', { name: /Cerebras/ })).toContainText('Not proven');
  await page.getByRole('button', { name: 'Add preset' }).click();
  await dialog(page).getByLabel(/^Id/).fill('openai');
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('House vendor');
  await dialog(page).getByLabel('Base URL').fill(vendor.baseUrl);
  await dialog(page).getByRole('button', { name: 'Add preset' }).click();
  await expect(dialog(page).getByText(/is the name of a provider|no known provider/)).toBeVisible();
  await dialog(page).getByLabel(/^Id/).fill('house-vendor');
  await dialog(page).getByRole('button', { name: 'Add preset' }).click();
  await expect(dialog(page)).toHaveCount(0);
  await expect(page.getByRole('row', { name: /house-vendor/ })).toContainText('Added here');

  await page.goto(`${house.url}/credentials?new=openai`);
  await dialog(page).getByRole('combobox', { name: 'Provider' }).fill('House');
  await page.getByRole('option', { name: 'House vendor · not proven by a recording' }).click();
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('house-main');
  await dialog(page)
    .getByLabel(/^API key/)
    .fill(vendor.apiKey);
  await dialog(page).getByRole('button', { name: 'Test' }).click();
  await expect(dialog(page).getByText(/^Accepted by the provider/)).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  await expect(page.getByRole('row', { name: /house-main/ })).toContainText(vendor.baseUrl);
  await expect(page.getByRole('row', { name: /house-main/ })).toContainText('House vendor');

  await page.goto(`${house.url}/models`);
  await page.getByRole('button', { name: 'Add deployment' }).first().click();
  await dialog(page).getByRole('combobox', { name: 'Provider' }).fill('House');
  await page.getByRole('option', { name: /House vendor/ }).click();
  await dialog(page).getByRole('combobox', { name: 'Credential' }).click();
  await page.getByRole('option', { name: /house-main/ }).click();
  await dialog(page).getByRole('combobox', { name: 'Upstream model' }).fill('house-model');
  await dialog(page).getByRole('button', { name: 'Test call' }).click();
  await expect(dialog(page).getByText(/^Answered in/)).toBeVisible();

  await page.goto(`${house.url}/presets`);
  await page.getByRole('button', { name: 'Actions for House vendor' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('House vendor 2');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /House vendor 2/ })).toContainText('1 credential');
  const { data } = await house.api<{ data: { id: string; name: string }[] }>('GET', '/credentials?search=house-main');
  await house.api('DELETE', `/credentials/${data[0]?.id}`);
  await page.reload();
  await page.getByRole('button', { name: 'Actions for House vendor 2' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await dialog(page).getByRole('textbox').fill('House vendor 2');
  await confirm(page, 'Delete preset');
  await expect(page.getByRole('row', { name: /house-vendor/ })).toHaveCount(0);
  vendor.close();
});

test('an auditor sees the presets and changes none', async ({ page, house }) => {
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/presets`);
  await expect(page.getByRole('row', { name: /Groq/ })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add preset' }).first()).toHaveAttribute('aria-disabled', 'true');
});
