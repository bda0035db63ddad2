/** What each role may do: the table, its search, its form on a phone, and the places that lead to it. */
import { expect, type House, test } from './support.ts';

interface RoleTable {
  readonly roles: readonly { readonly role: string }[];
  readonly permissions: readonly {
    readonly permission: string;
    readonly means: string;
    readonly held_by: readonly { readonly role: string; readonly reach: 'all' | 'own_team' | 'own' }[];
  }[];
}

const WORDS = { all: 'All', own_team: 'Own team', own: 'Own' };
const tableOf = (house: House) => house.as('org_member')<RoleTable>('GET', '/roles');

test('a member reads every permission with what each role has of it', async ({ page, house }) => {
  await house.signIn(page, 'org_member');
  await page.goto(`${house.url}/roles`);
  const { roles, permissions } = await tableOf(house);
  const rows = page.getByRole('table').locator('tbody tr');
  await expect(rows).toHaveCount(permissions.length);
  const shown = await rows.evaluateAll((all) =>
    all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent)),
  );
  const expected = permissions.map(({ held_by }) =>
    roles.map(({ role }) => {
      const held = held_by.find((one) => one.role === role);
      return held === undefined ? expect.stringMatching(/^—/) : WORDS[held.reach];
    }),
  );
  expect(shown).toEqual(expected);
});

test('a search and a role narrow the table, and stay in the address', async ({ page, house }) => {
  await house.signIn(page, 'org_member');
  await page.goto(`${house.url}/roles`);
  const rows = page.getByRole('table').locator('tbody tr');
  await page.getByRole('textbox', { name: 'Search permissions' }).fill('request log');
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText('usage.read');
  await page.getByRole('textbox', { name: 'Search permissions' }).fill('no such word');
  await expect(page.getByText('No permission matches')).toBeVisible();
  await page.getByRole('textbox', { name: 'Search permissions' }).fill('');
  await page.getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: 'Developer' }).click();
  const { permissions } = await tableOf(house);
  const held = permissions.filter(({ held_by }) => held_by.some(({ role }) => role === 'team_developer'));
  await expect(rows).toHaveCount(held.length);
  await expect(page).toHaveURL(/\/roles\?role=team_developer$/);
  await page.reload();
  await expect(rows).toHaveCount(held.length);
});

test('it opens beside the form in which a role is given, and from the members', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=members`);
  const link = page.getByRole('tabpanel').getByRole('link', { name: 'What may each role do?' });
  await expect(link).toHaveAttribute('href', '/roles');
  await page.getByRole('button', { name: 'Add person' }).first().click();
  const opened = page.context().waitForEvent('page');
  await page.getByRole('dialog').getByRole('link', { name: 'What may each role do?' }).click();
  const other = await opened;
  await expect(other.getByRole('heading', { level: 1, name: 'What may each role do?' })).toBeVisible();
  await other.close();
  // The form that is half filled in is still there.
  await expect(page.getByRole('dialog').getByLabel('E-mail')).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('each permission names the roles that have it, and nothing is cut off', async ({ page, house }) => {
    await house.signIn(page, 'org_member');
    await page.goto(`${house.url}/roles`);
    const row = page.getByRole('listitem').filter({ hasText: 'keys.manage_own' });
    await expect(row).toContainText('Own: Platform admin, Owner, Admin, Team admin, Developer');
    await expect(page.getByRole('table')).toHaveCount(0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});
