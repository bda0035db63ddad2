/** How the console looks, as far as it can be measured: its font, its sizes of text, and the scope of its pages. */
import { watchShifts } from './measures/in-page.ts';
import { answerLate } from './measures/late.ts';
import { expect, type Page, test } from './support.ts';

const SIZES_PX = [12, 14, 16, 20, 24];

test('letters are the console’s own, figures have one width, and pages use five sizes of text', async ({ page, house }) => {
  const fonts: string[] = [];
  page.on('request', (request) => request.resourceType() === 'font' && fonts.push(new URL(request.url()).origin));
  await house.signIn(page, 'platform_admin');
  const pages = ['/', '/organizations', `/organizations/${house.organizationId}`, '/usage', '/requests', '/models', '/settings'];
  for (const address of pages) {
    await page.goto(house.url + address);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('[aria-label="Loading"], .mantine-Skeleton-root')).toHaveCount(0);
    expect([address, (await sizesOn(page)).filter((size) => !SIZES_PX.includes(size))]).toEqual([address, []]);
  }
  expect(new Set(fonts)).toEqual(new Set([house.url]));
  // The file of the usual letters, and no other: the one of rarer signs is loaded where a page has one.
  const loaded = await page.evaluate(() =>
    [...document.fonts].filter(({ status }) => status === 'loaded').map(({ family }) => family),
  );
  expect(loaded.map((family) => family.replaceAll('"', ''))).toContain('Inter Variable');
  const [ones, eights] = await page.evaluate(() =>
    ['1111111111', '8888888888'].map((figures) => {
      const span = document.body.appendChild(document.createElement('span'));
      span.textContent = figures;
      const { width } = span.getBoundingClientRect();
      span.remove();
      return width;
    }),
  );
  expect(ones).toBe(eights);
});

test('the switcher narrows every page to one organization, and one click leaves it', async ({ page, house }) => {
  const name = `Apart ${Date.now()}`;
  const other = await house.api<{ id: string }>('POST', '/organizations', { name, slug: `apart-${Date.now()}` });
  await house.api('POST', `/organizations/${other.id}/teams`, { name: 'Team apart' });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/teams`);
  await expect(page.getByRole('link', { name: 'Support' }).first()).toBeVisible();
  await page.getByRole('combobox', { name: 'Scope of all pages' }).fill(name);
  await page.getByRole('option', { name }).click();
  await expect(page).toHaveURL(new RegExp(`/teams\\?organization_id=${other.id}$`));
  await expect(page.getByRole('link', { name: 'Team apart' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Support' })).toHaveCount(0);
  // It stays when one goes on, and when one changes a filter.
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'API keys' }).click();
  await expect(page.getByRole('heading', { name: 'No keys yet' }).or(page.getByText('Nothing matches'))).toBeVisible();
  const scope = page.getByRole('group', { name: 'Scope of all pages' }).first();
  await expect(scope).toContainText(`Only ${name}`);
  await scope.getByRole('button', { name: 'Show all organizations' }).click();
  await expect(page).toHaveURL(/\/keys$/);
  await expect(page.getByRole('combobox', { name: 'Scope of all pages' })).toBeVisible();
});

test('what follows a part that is still loading does not move when it arrives', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.addInitScript(watchShifts);
  const settled = await answerLate(page);
  const organization = `/organizations/${house.organizationId}`;
  for (const address of [`${organization}/statements`, `${organization}?tab=security`]) {
    await page.goto(house.url + address);
    await settled();
    const { total, sources } = await page.evaluate(() => window.headgateShifts);
    expect(total, `${address}: ${sources.join(' | ')}`).toBeLessThanOrEqual(0.02);
  }
});

/** Every size of text that somebody sees on the page, in pixels. */
function sizesOn(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const sizes = new Set<number>();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element === null || node.textContent?.trim() === '' || !element.checkVisibility()) continue;
      const { width, height } = element.getBoundingClientRect();
      if (width > 1 && height > 1) sizes.add(Number.parseFloat(getComputedStyle(element).fontSize));
    }
    return [...sizes];
  });
}
