/** While a new answer is on its way, the rows before stay only where they still mean what the page says. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { called, expect, type House, type Page, test } from './support.ts';

interface Usage {
  readonly data: readonly { readonly spend: string | null }[];
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

/** Teams with a key each, and a call of each key. */
async function teamsThatCall(house: House, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const team = await house.api<{ id: string }>('POST', `/organizations/${house.organizationId}/teams`, { name });
    const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: `${name} key` });
    expect((await called(house, secret)).status).toBe(200);
  }
}

/** Holds the answers to questions whose address contains a text until it is let go. */
async function held(page: Page, text: string): Promise<() => void> {
  let go = () => {};
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  await page.route(
    (url) => url.pathname === '/api/v1/usage' && url.search.includes(text),
    async (route) => {
      await gone;
      await route.continue();
    },
  );
  return go;
}

const rowsOf = (page: Page) => page.locator('main table').first().locator('tbody tr');

test('another grouping of the usage shows no row of the one before, neither meanwhile nor afterwards', async ({
  page,
  house,
}) => {
  await teamsThatCall(house, ['Anvil', 'Bellows', 'Crucible']);
  const byTeam = async () => (await house.api<Usage>('GET', '/usage?group_by=team')).data.length;
  await expect.poll(byTeam).toBeGreaterThanOrEqual(3);
  await page.goto(`${house.url}/usage?group_by=team`);
  await expect(rowsOf(page).filter({ hasText: 'Anvil' })).toHaveCount(1);
  const letGo = await held(page, 'group_by=model');
  await page.getByRole('combobox', { name: 'Group by' }).click();
  await page.getByRole('option', { name: 'Model', exact: true }).click();
  await expect(page).toHaveURL(/group_by=model/);
  await expect(rowsOf(page)).toHaveCount(0);
  letGo();
  const { data } = await house.api<Usage>('GET', '/usage?group_by=model');
  await expect(rowsOf(page)).toHaveCount(data.length);
  await expect(rowsOf(page).filter({ hasText: /^no /i })).toHaveCount(0);
});

test('another range of the same grouping keeps its rows until the answer is here', async ({ page, house }) => {
  await page.goto(`${house.url}/usage?group_by=model`);
  await expect(rowsOf(page).first()).toBeVisible();
  const before = await rowsOf(page).count();
  const letGo = await held(page, 'group_by=model');
  await page.getByRole('combobox', { name: 'Time range' }).click();
  await page.getByRole('option', { name: 'Last 7 days' }).click();
  await expect(page).toHaveURL(/range=7d/);
  await expect(rowsOf(page)).toHaveCount(before);
  letGo();
});

test('no list or chart keeps an answer by another rule', () => {
  const folder = path.resolve(import.meta.dirname, '../src');
  const kept = globSync('**/*.{ts,tsx}', { cwd: folder }).flatMap((file) =>
    readFileSync(path.join(folder, file), 'utf8')
      .split('\n')
      .filter((line) => /placeholderData:|keepPreviousData/.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  expect(kept.length).toBeGreaterThan(5);
  expect(kept.filter((line) => !line.includes('keptWithin(['))).toEqual([]);
});
