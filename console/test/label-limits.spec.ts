/** Limits by tag and end user, set in the dialog of a team. */
import { expect, type Page, test } from './support.ts';

interface Made {
  readonly id: string;
}

const dialog = (page: Page) => page.getByRole('dialog');

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('a team gets limits of each end user and of a tag, only with what makes callers name them, and its page shows them', async ({
  page,
  house,
}) => {
  const slug = `labels-${Date.now()}`;
  const organization = await house.api<Made>('POST', '/organizations', { slug, name: 'Labelled' });
  const team = await house.api<Made>('POST', `/organizations/${organization.id}/teams`, { name: 'Chat' });
  await page.goto(`${house.url}/teams/${team.id}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).first().click();
  await dialog(page)
    .getByRole('button', { name: /^Limits by tag and end user/ })
    .click();
  await dialog(page).getByRole('button', { name: 'Add a limit by tag or end user' }).click();
  const first = dialog(page).getByRole('group', { name: 'Limit by label 1' });
  await first.getByRole('combobox', { name: 'Applies to' }).click();
  await page.getByRole('option', { name: 'Each end user' }).click();
  await first.getByRole('textbox', { name: 'Requests per minute' }).fill('20');
  await first.getByRole('button', { name: 'Add budget' }).click();
  await first.getByRole('textbox', { name: 'Amount' }).fill('2');
  await expect(first.getByRole('combobox', { name: 'Alert at' })).toHaveCount(0);
  await dialog(page).getByRole('button', { name: 'Add a limit by tag or end user' }).click();
  const second = dialog(page).getByRole('group', { name: 'Limit by label 2' });
  await second.getByRole('combobox', { name: 'Tag' }).fill('research');
  await second.getByRole('button', { name: 'Add budget' }).click();
  await second.getByRole('textbox', { name: 'Amount' }).fill('50');
  await second.getByText('Only alert').click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page).getByText(/whom callers can leave out: set `require_end_user`/)).toBeVisible();
  expect(await house.api('GET', `/teams/${team.id}`)).toMatchObject({ label_limits: [] });

  await dialog(page).getByRole('button', { name: /^Tags/ }).click();
  await dialog(page).getByRole('switch', { name: 'Requests must have an end user' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', `/teams/${team.id}`)).toMatchObject({
    require_end_user: true,
    label_limits: [
      { end_user: '*', tag: null, rate_limits: { rpm: 20 }, budgets: [{ amount: '2.00', action: 'block' }] },
      { end_user: null, tag: 'research', budgets: [{ amount: '50.00', action: 'alert' }] },
    ],
  });
  const facts = page.locator('dl', { hasText: 'Limits by tag and end user' });
  await expect(facts).toContainText('20 RPM for each end user');
  await expect(facts).toContainText('for research, only alerts');
  // The use of a tag's budget is on the page; that of end users is in usage.
  await expect(page.getByRole('heading', { name: 'Budgets' })).toBeVisible();
  await expect(page.getByText('research').first()).toBeVisible();
});
