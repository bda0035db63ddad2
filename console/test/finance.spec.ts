/** Comparing periods, a monthly statement and saved views, as a person of finance meets them. */
import { call, expect, type House, test } from './support.ts';

async function makeUse(house: House): Promise<void> {
  const { id, secret } = await house.api<{ id: string; secret: string }>('POST', '/keys', {
    team_id: house.teamId,
    name: 'Invoices',
  });
  expect(await call(house, secret)).toBe(200);
  await expect
    .poll(async () => (await house.api<{ total: { requests: number } }>('GET', `/usage?key_id=${id}`)).total.requests)
    .toBe(1);
}

test('usage is compared with the period before, and a view of it is saved, opened, renamed and deleted with undo', async ({
  page,
  house,
}) => {
  await makeUse(house);
  await house.signIn(page, 'org_billing');
  await page.goto(`${house.url}/usage?range=this_month&group_by=key`);
  await page.getByRole('switch', { name: 'Compare with the period before' }).click();
  await expect(page).toHaveURL(/compare=on/);
  await expect(page.getByRole('row', { name: /Invoices/ }).first()).toContainText('new');
  await expect(page.getByText(/^Compared with/)).toBeVisible();

  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByLabel('Save this view as').fill('This month by key');
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.keyboard.press('Escape');
  await page.goto(`${house.url}/usage`);
  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('link', { name: 'This month by key' }).click();
  await expect(page).toHaveURL(/range=this_month&group_by=key&compare=on/);

  await page.getByRole('button', { name: 'Views' }).click();
  await page.getByRole('button', { name: 'Rename the view This month by key' }).click();
  await page.getByLabel('New name of the view').fill('By key');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Delete the view By key' }).click();
  await expect(page.getByText('No saved views yet', { exact: false })).toBeVisible();
  await page.getByRole('alert').filter({ hasText: 'Deleted the view' }).getByRole('button', { name: 'Undo' }).click();
  // A click elsewhere closes the list.
  await page.getByRole('button', { name: 'Views' }).click();
  await expect(page.getByRole('link', { name: 'By key' })).toBeVisible();
});

test('the statements of an organization are found from usage without a filter', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/usage`);
  await page.getByRole('button', { name: 'Statements' }).click();
  await page.getByRole('combobox', { name: 'Statements of which organization?' }).click();
  await page.getByRole('option', { name: 'Acme', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/organizations/${house.organizationId}/statements`));
  await expect(page.getByRole('heading', { name: /^Statement of/ })).toBeVisible();
});

test('a statement is read, printed without the frame of the console, exported, and scheduled as a mail', async ({
  page,
  house,
}) => {
  await makeUse(house);
  await house.signIn(page, 'org_billing');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=usage`);
  await page.getByRole('link', { name: 'Monthly statements' }).click();
  await expect(page.getByRole('heading', { name: /^Statement of/ })).toBeVisible();
  await expect(page.getByText('Still running')).toBeVisible();
  await expect(page.getByRole('table', { name: 'By key' })).toContainText('Invoices');

  await page.emulateMedia({ media: 'print' });
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Print' })).toBeHidden();
  await expect(page.getByRole('table', { name: 'By key' })).toBeVisible();
  await page.emulateMedia({ media: 'screen' });

  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  await page.getByRole('menuitem', { name: 'CSV' }).click();
  expect((await saved).suggestedFilename()).toMatch(/^statement-\d{4}-\d\d\.csv$/);

  await page.getByRole('button', { name: 'Schedule e-mail' }).click();
  const dialog = page.getByRole('dialog', { name: 'Schedule e-mail' });
  await expect(dialog.getByText('No mail server is configured')).toBeVisible();
  await dialog.getByRole('button', { name: 'Schedule e-mail' }).click();
  const mails = page.getByRole('region', { name: 'Scheduled e-mails' });
  await expect(mails).toContainText('On day 1 of every month');
  await mails.getByRole('button', { name: 'Send me a test' }).click();
  await expect(page.getByText(/no mail server is configured: set HEADGATE_SMTP_URL/)).toBeVisible();
});
