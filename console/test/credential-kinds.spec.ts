/** Credentials of clouds, and a rotation in which two secrets count, as a platform admin sees them. */
import type { Page } from '@playwright/test';
import { expect, test } from './support.ts';

const dialog = (page: Page) => page.getByRole('dialog');

async function choose(page: Page, label: string, option: string): Promise<void> {
  await dialog(page).getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/credentials`);
});

test('a credential of a cloud asks for what its kind needs, says what is wrong at its field, and shows no secret', async ({
  page,
  house,
}) => {
  await page.getByRole('button', { name: 'Add credential' }).first().click();
  await choose(page, 'Provider', 'Amazon Bedrock');
  await dialog(page).getByLabel('Name').fill('cloud-frankfurt');
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  await expect(dialog(page).getByText('This is needed.')).toHaveCount(3);
  await dialog(page).getByLabel('Region').fill('eu-central-1.evil.example');
  await dialog(page).getByLabel('Access key id').fill('AKIAIOSFODNN7EXAMPLE');
  await dialog(page).getByLabel('Secret access key').first().fill('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  await expect(dialog(page).getByLabel('Region')).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog(page).getByText(/must be a region of AWS/i)).toBeVisible();
  await dialog(page).getByLabel('Region').fill('eu-central-1');
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  const row = page.getByRole('row', { name: /cloud-frankfurt/ });
  await expect(row).toContainText('Access key · eu-central-1');
  await expect(row).toContainText('…MPLE');
  expect(await page.content()).not.toContain('wJalrXUtnFEMI');
  const { data } = await house.api<{ data: readonly { kind: string; settings: object }[] }>(
    'GET',
    '/credentials?search=cloud-frankfurt',
  );
  expect(data).toMatchObject([{ kind: 'aws_static', settings: { region: 'eu-central-1' } }]);
});

test('a key file of another type is refused at its field', async ({ page }) => {
  await page.getByRole('button', { name: 'Add credential' }).first().click();
  await choose(page, 'Provider', 'Google Vertex AI');
  await dialog(page).getByLabel('Name').fill('cloud-foreign-file');
  await dialog(page).getByLabel('Project').fill('acme-prod');
  await dialog(page).getByLabel('Location').fill('europe-west4');
  await dialog(page).getByLabel('Key file').fill('{"type":"external_account","token_url":"https://evil.example/token"}');
  await dialog(page).getByRole('button', { name: 'Add credential' }).click();
  await expect(dialog(page).getByLabel('Key file')).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog(page).getByText(/^Must be service_account/)).toBeVisible();
});

test('after a rotation both secrets count, until the time or the person ends it', async ({ page, house }) => {
  await house.api('POST', '/credentials', { name: 'turns-over', provider: 'openai', api_key: 'sk-before-00001111' });
  await page.goto(`${house.url}/credentials?search=turns-over`);
  await page.getByRole('button', { name: 'Actions for turns-over' }).click();
  await page.getByRole('menuitem', { name: 'Edit or rotate' }).click();
  await expect(dialog(page).getByLabel('Keep the old secret')).toHaveCount(0);
  await dialog(page).getByLabel('New API key').fill('sk-after-00002222');
  await choose(page, 'Keep the old secret', 'for 72 hours');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  const row = page.getByRole('row', { name: /turns-over/ });
  await expect(row).toContainText('…2222');
  await expect(row).toContainText(/…1111 too, until/);
  await page.getByRole('button', { name: 'Actions for turns-over' }).click();
  await page.getByRole('menuitem', { name: 'End the old secret' }).click();
  await dialog(page).getByRole('button', { name: 'End the old secret' }).click();
  await expect(row).not.toContainText('1111');
  const { data } = await house.api<{ data: readonly { previous_secret: unknown }[] }>('GET', '/credentials?search=turns-over');
  expect(data).toMatchObject([{ previous_secret: null }]);
});
