/** ⌘K: everything by its name, with the keyboard alone, and nothing that one may not see. */
import { called, expect, type Page, test } from './support.ts';

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

test('a request that was opened lately is called by its time, not by its id', async ({ page, house }) => {
  const key = await house.api<{ secret: string }>('POST', '/keys', { team_id: house.teamId, name: 'opened lately' });
  const { requestId } = await called(house, key.secret);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/requests/${requestId}`);
  await expect(page.getByText(requestId).first()).toBeVisible();
  await openPalette(page);
  const offer = page.getByRole('dialog').getByRole('button').first();
  await expect(offer).toContainText(`· …${requestId.slice(-6)}`);
  await expect(offer).toContainText(/\d:\d\d:\d\d/);
  await expect(offer).not.toContainText('req_');
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

test('words in any order find it, and a verb before or after the name opens its dialog, never acts', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(house.url);
  const wanted = page.getByRole('textbox', { name: 'Search everything' });
  const palette = page.getByRole('dialog', { name: 'Search everything' });
  await openPalette(page);
  await wanted.fill('jobs sett');
  await expect(palette.getByText('Settings: Jobs')).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/settings\?tab=jobs$/);
  await openPalette(page);
  await wanted.fill('suspend acme');
  await expect(palette.getByText('Suspend Acme', { exact: true })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Suspend Acme?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(new RegExp(`/organizations/${house.organizationId}$`));
  await openPalette(page);
  await wanted.fill('usage of cme');
  await expect(palette.getByText('View usage of Acme', { exact: true })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/usage\\?organization_id=${house.organizationId}`));
  expect((await house.api<{ status: string }>('GET', `/organizations/${house.organizationId}`)).status).toBe('active');
  // Who may not is told who can, and Enter does nothing.
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams`);
  await openPalette(page);
  await wanted.fill('acme suspend');
  await expect(palette.getByText('Only a platform admin can do this.').first()).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/teams$/);
});

test('the keys: a skip link first, ? shows them, g jumps, j and Enter open a row; an unknown tab, id or address has a way on', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=nonsense`);
  await expect(page.getByRole('tab', { name: 'Overview' })).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(keys).toContainText('Go to a page');
  await page.keyboard.press('Escape');
  await expect(keys).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await expect(page).toHaveURL(/\/keys$/);
  await expect(page.locator('[data-list-row]').first()).toBeVisible();
  // In a field, letters are letters.
  await page.keyboard.press('/');
  await page.keyboard.type('j');
  await expect(page.getByRole('searchbox')).toHaveValue('j');
  await page.getByRole('searchbox').fill('');
  await page.getByRole('searchbox').blur();
  await expect(page.locator('[data-list-row]').nth(1)).toBeVisible();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await expect(page.locator('[data-list-row]').nth(1)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/keys\/key_/);

  await page.goto(`${house.url}/keys/key_nothing`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No such key');
  await expect(page.getByText('key_nothing')).toBeVisible();
  expect((await page.goto(`${house.url}/no/such/page`))?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Page not found');
  await expect(page.getByText('/no/such/page')).toBeVisible();
  await page.getByRole('link', { name: 'Go to the overview' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview');
});
