/** Service accounts of an organization: machines that call the admin API, with the person who answers for each and their tokens. */
import { expect, type House, type Page, test } from './support.ts';

const dialog = (page: Page) => page.getByRole('dialog');
const tab = (house: House) => `${house.url}/organizations/${house.organizationId}?tab=service-accounts`;
const rowOf = (page: Page, name: string) => page.getByRole('row', { name });
const idOf = async (house: House, name: string) => {
  const found = await house.api<{ data: { id: string }[] }>(
    'GET',
    `/organizations/${house.organizationId}/service-accounts?search=${encodeURIComponent(name)}`,
  );
  return found.data[0]?.id;
};

test('an owner makes one, gives it a token, renames it, disables it, takes that back, and deletes it with its token', async ({
  page,
  house,
}) => {
  test.setTimeout(120_000);
  const name = `deploys ${Date.now()}`;
  const { account } = await house.as('org_owner')<{ account: { name: string } }>('GET', '/session');
  await house.signIn(page, 'org_owner');
  await page.goto(tab(house));
  await page.getByRole('button', { name: 'Create service account' }).first().click();
  await expect(dialog(page).getByRole('combobox', { name: 'Responsible person' })).toHaveValue(account.name);
  await dialog(page).getByRole('button', { name: 'Create service account' }).click();
  await expect(dialog(page).getByText('Enter the name of the machine or program that uses it.')).toBeVisible();
  await dialog(page).getByLabel('Name').fill(name);
  await dialog(page).getByRole('button', { name: 'Create service account' }).click();
  await expect(rowOf(page, name)).toContainText(account.name);

  await page.getByRole('link', { name, exact: true }).click();
  await expect(page.getByRole('note')).toContainText(`Tokens of the service account ${name}.`);
  await page.getByRole('button', { name: 'Create admin token' }).first().click();
  await expect(dialog(page).getByRole('combobox', { name: 'Belongs to' })).toHaveValue(`Service account ${name}`);
  await dialog(page).getByLabel('Name', { exact: true }).fill('deploy token');
  await dialog(page).getByRole('button', { name: 'Create admin token' }).click();
  const token = await page.getByLabel('Token', { exact: true }).inputValue();
  const status = async () => {
    const path = `${house.url}/api/v1/organizations/${house.organizationId}`;
    return (await fetch(path, { headers: { authorization: `Bearer ${token}` } })).status;
  };
  expect(await status()).toBe(200);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await expect(rowOf(page, 'deploy token')).toContainText(`Responsible: ${account.name}`);
  await page.getByRole('button', { name: 'Show all tokens' }).click();
  await expect(page.getByRole('note')).toHaveCount(0);

  await page.goto(tab(house));
  const choose = async (item: string) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await choose('Edit…');
  await expect(dialog(page).getByRole('combobox', { name: 'Responsible person' })).toHaveValue(account.name);
  await dialog(page).getByLabel('Name').fill(`${name} again`);
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(rowOf(page, `${name} again`)).toBeVisible();
  await page.getByRole('button', { name: `Actions for ${name} again` }).click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await expect(page.getByText('is disabled: its admin tokens are refused.')).toBeVisible();
  expect(await status()).toBe(401);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone.')).toBeVisible();
  expect(await status()).toBe(200);

  await page.getByRole('button', { name: `Actions for ${name} again` }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await expect(dialog(page).getByText('Its admin token is revoked. Programs that use it are refused at once.')).toBeVisible();
  await expect(dialog(page).getByRole('button', { name: 'Delete service account' })).toBeDisabled();
  await dialog(page).getByRole('textbox').fill(`${name} again`);
  await dialog(page).getByRole('button', { name: 'Delete service account' }).click();
  await expect(rowOf(page, name)).toHaveCount(0);
  expect(await status()).toBe(401);
  expect(await idOf(house, name)).toBeUndefined();
});

test('an admin cannot name another responsible person, and reads why', async ({ page, house }) => {
  const name = `watched ${Date.now()}`;
  const path = `/organizations/${house.organizationId}/service-accounts`;
  const { account } = await house.as('org_owner')<{ account: { id: string } }>('GET', '/session');
  await house.api('POST', path, { name, responsible_account_id: account.id });
  const { account: admin } = await house.as('org_admin')<{ account: { name: string } }>('GET', '/session');
  await house.signIn(page, 'org_admin');
  await page.goto(tab(house));
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await dialog(page).getByRole('combobox', { name: 'Responsible person' }).fill(admin.name);
  await page.getByRole('option', { name: admin.name }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page).getByText('Only an owner or a platform admin can name another responsible person.')).toBeVisible();
});
