/** ⌘K: everything by its name, with the keyboard alone, and nothing that one may not see. */
import { expect, type Page, test } from './support.ts';

async function openPalette(page: Page) {
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('textbox', { name: 'Search everything' })).toBeFocused();
}

test('a page, an object and an action are reached without the mouse', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(house.url);
  await openPalette(page);
  await page.keyboard.type('audit');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/audit$/);
  await openPalette(page);
  await page.keyboard.type('acme');
  await expect(page.getByRole('dialog').getByText('Organization · acme')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/organizations/${house.organizationId}`));
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Acme');
  await openPalette(page);
  await page.keyboard.type('create org');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: /Create organization/ })).toBeVisible();
});

test('while the search of what was typed is out, Enter takes nothing that was found for fewer letters', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(house.url);
  await openPalette(page);
  await page.keyboard.type('a');
  await expect(page.getByRole('dialog').getByText('Organization · acme')).toBeVisible();
  await page.route('**/api/v1/search?*', () => {});
  await page.keyboard.type('udit');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/audit$/);
});

test('a team is begun from anywhere by who may make one, and not offered to who may not', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/audit`);
  await openPalette(page);
  await page.keyboard.type('create team');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/teams\?new=team/);
  const dialog = page.getByRole('dialog', { name: 'Create team' });
  await expect(dialog.getByRole('textbox', { name: 'Name' })).toBeFocused();
  await house.signIn(page, 'team_admin');
  await page.goto(house.url);
  await openPalette(page);
  await page.keyboard.type('create team');
  await expect(page.getByRole('dialog').getByText('No results.')).toBeVisible();
});

test('what was opened lately is offered first, and Escape gives the page back', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations/${house.organizationId}`);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Acme');
  // Remembered once its name has come, which no reader would outrun.
  await expect.poll(() => page.evaluate(() => sessionStorage.getItem('headgate-recent'))).toContain('Acme');
  await page.goto(`${house.url}/audit`);
  await openPalette(page);
  await expect(page.getByRole('dialog').getByRole('button').first()).toContainText('Acme');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/organizations/${house.organizationId}`));
  await openPalette(page);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toBeHidden();
});

test('the theme is changed and the session ended from the keyboard', async ({ page, house }) => {
  const someone = await house.as('org_billing');
  await someone('GET', '/session');
  await house.signIn(page, 'org_billing');
  await page.goto(house.url);
  const scheme = () => page.locator('html').getAttribute('data-mantine-color-scheme');
  const before = await scheme();
  await openPalette(page);
  await page.keyboard.type('theme');
  await page.keyboard.press('Enter');
  await expect.poll(scheme).not.toBe(before);
  await openPalette(page);
  await page.keyboard.type('sign out');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/sign-in/);
});

test('nobody is offered what they may not do, nor finds what is not theirs', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/organizations', { slug: 'hidden-house', name: 'Hidden house' });
  await house.signIn(page, 'org_owner');
  await page.goto(house.url);
  await openPalette(page);
  const dialog = page.getByRole('dialog');
  await expect(dialog).not.toContainText('Create organization');
  await expect(dialog).not.toContainText('Credentials');
  for (const wanted of ['Hidden', id]) {
    await page.getByRole('textbox', { name: 'Search everything' }).fill(wanted);
    await expect(dialog).toContainText('No results.');
  }
});
