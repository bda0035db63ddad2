/** The lists of the gateway and of operations on a phone: entries of two lines with what matters of a row, and nothing beyond the edge. */
import { call, expect, type House, test } from './support.ts';

const WIDTH = 390;
test.use({ viewport: { width: WIDTH, height: 844 } });

for (const [path, list, seen] of [
  ['/models', 'deployments', 'Unused'],
  ['/credentials', 'credentials', 'nothing'],
  ['/route-groups', 'route-groups', '2 deployments'],
  ['/access-groups', 'access-groups', 'Targets'],
  ['/requests', 'requests', 'Succeeded'],
  ['/audit', 'audit-events', 'created'],
  ['/settings?tab=prices', 'prices', 'Output'],
  ['/settings?tab=tokens', 'admin-tokens', 'hgadm_'],
] as const) {
  test(`the list of ${list}`, async ({ page, house }) => {
    if (list === 'credentials')
      await house.api('POST', '/credentials', { name: 'pocket', provider: 'openai', api_key: 'sk-0123456789' });
    if (list === 'requests') await oneRequest(house);
    await house.signIn(page, 'platform_admin');
    await page.goto(house.url + path);
    const entries = page.getByRole('list', { name: list, exact: true });
    await expect(entries).toContainText(seen);
    await expect(page.getByRole('table')).toHaveCount(0);
    const widest = await entries.evaluate((element) =>
      Math.max(
        document.documentElement.scrollWidth,
        ...[...element.querySelectorAll('*')].map((one) => one.getBoundingClientRect().right),
      ),
    );
    expect(widest).toBeLessThanOrEqual(WIDTH);
  });
}

test('the buttons of a long dialog stay in sight', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/models?new=1`);
  const dialog = page.getByRole('dialog', { name: 'Add deployment' });
  await expect(dialog.getByRole('button', { name: 'Add deployment' })).toBeInViewport({ ratio: 1 });
  await expect(dialog.getByLabel('Enabled: it gets requests')).not.toBeInViewport();
});

/** Calls a model with a key of its own and waits until the request is listed. */
async function oneRequest(house: House): Promise<void> {
  const { id, secret } = await house.api<{ id: string; secret: string }>('POST', '/keys', {
    team_id: house.teamId,
    name: 'pocket',
  });
  await call(house, secret);
  await expect.poll(async () => (await house.api<{ data: unknown[] }>('GET', `/requests?key_id=${id}`)).data.length).toBe(1);
}
