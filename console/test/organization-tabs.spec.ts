/** The tabs of an organization's page: all in reach, in one line that does not scroll on a laptop. */
import { expect, type House, type Page, test } from './support.ts';

const MORE = ['Files and batches', 'Security', 'Sign-in', 'Service accounts', 'Own providers', 'Webhooks'];
const pageOf = ({ url, organizationId }: House, tab = '') => `${url}/organizations/${organizationId}${tab}`;
const more = (page: Page) => page.getByRole('button', { name: 'More', exact: true });

/** Reports whether the line of tabs is as wide as it needs to be. */
const fits = (page: Page) =>
  page.getByRole('tablist').evaluate(({ parentElement: line }) => line !== null && line.scrollWidth <= line.clientWidth);

test.describe('at 1280 pixels', () => {
  test.use({ viewport: { width: 1280, height: 800 } });

  test('fit into one line, also while one of the menu is open, and each is found', async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
    await page.goto(pageOf(house));
    await expect(page.getByRole('tab')).toHaveCount(10);
    expect(await fits(page)).toBe(true);
    for (const name of MORE) {
      await more(page).click();
      await page.getByRole('menuitem', { name, exact: true }).click();
      await expect(page.getByRole('tab', { name, exact: true })).toHaveAttribute('aria-selected', 'true');
      await expect(page.getByRole('tabpanel', { name })).toBeVisible();
      expect(await fits(page), name).toBe(true);
    }
    await page.getByRole('tab', { name: 'Settings' }).click();
    await expect(page.getByRole('tab', { name: 'Webhooks' })).toHaveCount(0);
  });

  test('open by the keyboard', async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
    await page.goto(pageOf(house));
    await more(page).focus();
    await page.keyboard.press('Enter');
    const menu = page.getByRole('menu');
    await expect(menu).toBeVisible();
    // The menu takes the focus when it has opened, also from an item that has it already.
    await expect.poll(() => menu.evaluate((list) => list.contains(document.activeElement))).toBe(true);
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('menuitem', { name: MORE[0] ?? '' })).toBeFocused();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('menuitem', { name: MORE[1] ?? '' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('tab', { name: 'Security' })).toHaveAttribute('aria-selected', 'true');
    await expect(page).toHaveURL(/\?tab=security$/);
  });
});

test('an address from before opens its tab, in the menu or not', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  for (const [tab, name] of [
    ['webhooks', 'Webhooks'],
    ['service-accounts', 'Service accounts'],
    ['sign-in', 'Sign-in'],
    ['files', 'Files and batches'],
    ['keys', 'Keys'],
  ]) {
    await page.goto(pageOf(house, `?tab=${tab}`));
    await expect(page.getByRole('tab', { name: name ?? '', exact: true })).toHaveAttribute('aria-selected', 'true');
  }
});

test('who may see one of the menu has it as a tab, and who may see none has no menu', async ({ page, house }) => {
  await house.signIn(page, 'org_billing');
  await page.goto(pageOf(house));
  await expect(page.getByRole('tab', { name: 'Files and batches' })).toBeVisible();
  await expect(more(page)).toHaveCount(0);
  await house.signIn(page, 'org_member');
  await page.goto(pageOf(house));
  await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
  await expect(more(page)).toHaveCount(0);
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });

  test('the menu stays beside the line that scrolls', async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
    await page.goto(pageOf(house, '?tab=settings'));
    await expect(page.getByRole('tab', { name: 'Settings' })).toBeInViewport();
    await expect(more(page)).toBeInViewport({ ratio: 1 });
    await more(page).click();
    await page.getByRole('menuitem', { name: 'Webhooks' }).click();
    await expect(page.getByRole('tab', { name: 'Webhooks' })).toBeInViewport();
  });
});
