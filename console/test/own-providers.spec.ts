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
