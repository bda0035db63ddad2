import { expect, test } from './support.ts';

const SCRIPT_BYTES_MAX = 300_000;
/** The bar is for a page that has the machine to itself, as the prove gives it; beside other tests only what is stuck is told. */
const INTERACTION_MS_MAX = process.env.HEADGATE_ALONE === undefined ? 5_000 : 200;

test('the first page loads less than 300 kB of packed script, and no chart', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const scripts: string[] = [];
  page.on('response', (response) => {
    if (response.url().endsWith('.js')) scripts.push(response.url());
  });
  await page.goto(`${house.url}/organizations`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  let bytes = 0;
  for (const url of scripts) {
    const packed = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'br' } });
    bytes += Number(packed.headers.get('content-length'));
  }
  console.log(`measured: first page ${scripts.length} scripts, ${Math.round(bytes / 1000)} kB packed`);
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(SCRIPT_BYTES_MAX);
});

test('an interaction on a list of 200 keys is painted soon', async ({ page, house }) => {
  test.setTimeout(120_000);
  for (let at = 0; at < 210; at += 1) await house.api('POST', '/keys', { team_id: house.teamId, name: `many ${at}` });
  await house.signIn(page, 'platform_admin');
  // As the browser measures it: from the input to the next paint, in steps of 8 ms.
  await page.addInitScript(() => {
    const seen: number[] = [];
    Object.assign(window, { interactions: seen });
    new PerformanceObserver((list) => seen.push(...list.getEntries().map((entry) => entry.duration))).observe({
      type: 'event',
      durationThreshold: 16,
      buffered: true,
    } as PerformanceObserverInit);
  });
  await page.goto(`${house.url}/keys?limit=200`);
  await page.getByText('many 209').waitFor();
  await page.getByRole('searchbox', { name: /name/i }).first().click();
  await page.keyboard.type('many 1', { delay: 60 });
  await page.getByText('many 199').waitFor();
  await page.getByRole('button', { name: 'Next' }).hover();
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'Teams' }).first().click();
  await page.getByRole('heading', { level: 1, name: 'Teams' }).waitFor();
  await page.waitForTimeout(300);
  const interactions = await page.evaluate(() => (window as unknown as { interactions: number[] }).interactions);
  const worst = Math.max(0, ...interactions);
  console.log(`measured: slowest of ${interactions.length} interactions on 200 rows painted after ${worst} ms`);
  expect(worst).toBeLessThan(INTERACTION_MS_MAX);
});
