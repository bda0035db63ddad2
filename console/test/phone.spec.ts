/** The lists of organizations, teams, people and keys on a phone: what matters of a row is in sight, its menu in reach, nothing lies beyond the edge. */
import { graveFindingsHere } from './axe.ts';
import { expect, type House, type Page, test } from './support.ts';

test.use({ viewport: { width: 390, height: 844 } });

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

const entries = (page: Page, list: string) => page.getByRole('list', { name: list, exact: true }).getByRole('listitem');

/** Nothing on the page is wider than the screen, not even inside something that scrolls. What is cut with dots ends where it is cut. */
async function expectNothingBeyondTheEdge(page: Page, list: string): Promise<void> {
  const widest = await page.getByRole('list', { name: list, exact: true }).evaluate((element) => {
    const endOf = (one: Element): number => {
      const { right } = one.getBoundingClientRect();
      const cutting = one.parentElement?.closest('[data-truncate]');
      return cutting ? Math.min(right, cutting.getBoundingClientRect().right) : right;
    };
    return Math.max(document.documentElement.scrollWidth, ...[...element.querySelectorAll('*')].map(endOf));
  });
  expect(widest).toBeLessThanOrEqual(390);
}

async function expectAccessible(page: Page): Promise<void> {
  expect(await graveFindingsHere(page)).toEqual([]);
}

for (const [path, list] of [
  ['/organizations', 'organizations'],
  ['/teams', 'teams'],
  ['/people', 'accounts'],
  ['/keys', 'keys'],
] as const) {
  test(`the list of ${list} fits a phone, and an entry opens by a tap beside its name`, async ({ page, house }) => {
    if (list === 'organizations') await makeLongName(house);
    await page.goto(house.url + path);
    const first = entries(page, list).first();
    await expect(first).toBeVisible();
    await expect(page.getByRole('table')).toHaveCount(0);
    await expectNothingBeyondTheEdge(page, list);
    await expectAccessible(page);
    await first.click({ position: { x: 345, y: 60 } });
    await expect(page).toHaveURL(new RegExp(`${path}/\\w+`));
  });
}

/** One whose name is as long as names may be, and whose standing has the longest word. */
async function makeLongName(house: House): Promise<void> {
  const { id } = await house.api<{ id: string }>('POST', '/organizations', {
    slug: `wide-${Date.now()}`,
    name: 'Wide and wider '.repeat(13).trim(),
    budgets: [{ amount: '1234567.89', period: 'month' }],
  });
  await house.api('POST', `/organizations/${id}/suspend`);
}

test('an organization is found, ordered, chosen and suspended on a phone', async ({ page, house }) => {
  for (const name of ['Pocket One', 'Pocket Two'])
    await house.api('POST', '/organizations', {
      slug: `pocket-${Date.now()}`,
      name,
      budgets: [{ amount: '20.00', period: 'month' }],
    });
  await page.goto(`${house.url}/organizations`);
  await page.getByRole('searchbox', { name: 'Name, slug or id' }).fill('Pocket');
  await expect(entries(page, 'organizations')).toHaveCount(2);
  await expect(entries(page, 'organizations').first()).toContainText('$20.00');
  await page.getByRole('combobox', { name: 'Order' }).click();
  await page.getByRole('option', { name: 'Organization, descending' }).click();
  await expect(page).toHaveURL(/sort=-name/);
  await expect(entries(page, 'organizations').first()).toContainText('Pocket Two');
  await page.getByRole('checkbox', { name: /Pocket One/ }).check();
  await expect(page.getByRole('region', { name: 'Selected organizations' })).toContainText('1');
  await expect(page).toHaveURL(/\/organizations\?/);
  await page.getByRole('button', { name: 'Actions for Pocket Two' }).click();
  await page.getByRole('menuitem', { name: 'Suspend' }).click();
  await expect(page.getByRole('dialog')).toContainText('Pocket Two');
});

test('a tab of an organization begins in sight, and the chosen one is not beyond the edge', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=limits`);
  await expect(page.getByRole('tab', { name: 'Limits & budgets' })).toBeInViewport({ ratio: 0.9 });
  await expect(page.getByRole('region', { name: 'Rate limits' }).getByRole('heading')).toBeInViewport();
  await expect(page.getByRole('region', { name: 'Requests and tokens now' })).toBeHidden();
  await page.getByRole('tab', { name: 'Overview' }).click();
  await expect(page.getByRole('region', { name: 'Requests and tokens now' })).toBeVisible();
});

test('an empty answer is said where there are no rows, and nowhere else', async ({ page, house }) => {
  const nothing = page.getByText('Nothing matches. Change the search or the filters.');
  for (const width of [390, 1360]) {
    await page.setViewportSize({ width, height: 844 });
    await page.goto(`${house.url}/keys`);
    await expect(page.getByRole('link', { name: 'demo', exact: true })).toBeVisible();
    await expect(nothing).toHaveCount(0);
    await page.goto(`${house.url}/keys?search=no-such-key`);
    await expect(nothing).toBeVisible();
  }
});
