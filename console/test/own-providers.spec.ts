/** The providers that an organization brings, as its admin and the platform see them. */
import type { Page } from '@playwright/test';
import { expect, test } from './support.ts';

const dialog = (page: Page) => page.getByRole('dialog');

test('an admin of the organization brings a credential and a deployment, and chooses to use only own ones', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'org_admin');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=providers`);
  const credentials = page.getByRole('region', { name: 'Credentials' });
  await credentials.getByRole('button', { name: 'Add credential' }).first().click();
  await dialog(page).getByLabel('Name').fill('own-account');
  await dialog(page).getByLabel('API key').first().fill('sk-own-canary-00001111');
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  await expect(credentials.getByText('…1111')).toBeVisible();
  const deployments = page.getByRole('region', { name: 'Deployments' });
  await deployments.getByRole('button', { name: 'Add deployment' }).first().click();
  await dialog(page).getByRole('combobox', { name: 'Credential' }).click();
  await page.getByRole('option', { name: /own-account/ }).click();
  await dialog(page).getByLabel('Upstream model').fill('gpt-4o');
  await dialog(page).getByRole('combobox', { name: 'Model', exact: true }).click();
  await page.getByRole('option', { name: 'smart', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Add deployment' }).click();
  await expect(deployments.getByText('gpt-4o')).toBeVisible();
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Only own deployments' }).click();
  await expect(page.getByText(/so is every route group/)).toBeVisible();
  const at = `/organizations/${house.organizationId}`;
  expect(await house.api('GET', `${at}/own-providers`)).toMatchObject({
    ...{ own_deployments: 'own_only', credential_count: 1, deployment_count: 1 },
  });
  expect(await page.content()).not.toContain('sk-own-canary');
  await house.api('PATCH', `${at}/own-providers`, { own_deployments: 'own_first' });
});

test('the platform sees whose a credential is, and changes it on the page of its organization', async ({ page, house }) => {
  const at = `/organizations/${house.organizationId}/own-credentials`;
  await house.api('POST', at, { name: 'theirs', provider: 'openai', api_key: 'sk-theirs-00002222' });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/credentials?owner=organizations`);
  const row = page.getByRole('row', { name: /theirs/ });
  await expect(row).toBeVisible();
  await expect(page.getByRole('button', { name: 'Actions for theirs' })).toHaveCount(0);
  await row.getByRole('link').first().click();
  await expect(page).toHaveURL(/tab=providers/);
  await expect(page.getByRole('button', { name: 'Actions for theirs' })).toBeVisible();
});

test('an own credential of a preset asks for its secret again when the platform moves the preset', async ({ page, house }) => {
  const preset = { id: 'acme-llm', name: 'Acme LLM', base_url: 'https://llm.acme.example/v1', auth: 'bearer' };
  await house.api('POST', '/presets', { ...preset, wires: { 'openai-chat': '/chat/completions' } });
  await house.signIn(page, 'org_admin');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=providers`);
  const credentials = page.getByRole('region', { name: 'Credentials' });
  await credentials.getByRole('button', { name: 'Add credential' }).first().click();
  await dialog(page).getByRole('combobox', { name: 'Provider' }).click();
  await page.getByRole('option', { name: /Acme LLM/ }).click();
  await expect(dialog(page).getByText('address of the preset: https://llm.acme.example/v1')).toBeVisible();
  await expect(dialog(page).getByLabel('Base URL')).toHaveCount(0);
  await dialog(page).getByLabel('Name').fill('acme-account');
  await dialog(page).getByLabel('API key').first().fill('sk-acme-canary-00003333');
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  const row = credentials.getByRole('row', { name: /acme-account/ });
  await expect(row).toContainText('https://llm.acme.example/v1');
  await expect(row.getByText('Secret needed')).toHaveCount(0);

  await house.api('PATCH', '/presets/acme-llm', { base_url: 'https://llm.other.example/v1' });
  await page.reload();
  await expect(row.getByText('Secret needed')).toBeVisible();
  await page.getByRole('button', { name: 'Actions for acme-account' }).click();
  await page.getByRole('menuitem', { name: /Edit/ }).click();
  await expect(dialog(page).getByRole('alert')).toContainText('https://llm.other.example/v1');
  await dialog(page).getByLabel('API key').first().fill('sk-acme-canary-00004444');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('https://llm.other.example/v1');
  await expect(row.getByText('Secret needed')).toHaveCount(0);
  expect(await page.content()).not.toContain('sk-acme-canary');
});
