/** The status of an object and the gauges beside it: the same figures, so that neither contradicts the other. */
import { call, expect, type House, type Page, test } from './support.ts';

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly teamId: string;
  readonly secret: string;
}

let made = 0;

/** An organization, a team and a key, each with the same limits. */
async function tenantWith(house: House, limits: object): Promise<Tenant & { readonly keyId: string }> {
  made += 1;
  const name = `Standing ${made}`;
  const access = { asset_access: { mode: 'all', targets: [], access_groups: [] } };
  const { id } = await house.api<{ id: string }>('POST', '/organizations', {
    ...{ name, slug: `standing-${made}` },
    ...access,
    ...limits,
  });
  const team = await house.api<{ id: string }>('POST', `/organizations/${id}/teams`, { name: `${name} team`, ...limits });
  const key = await house.api<{ id: string; secret: string }>('POST', '/keys', {
    ...{ team_id: team.id, name: `${name} key` },
    ...limits,
  });
  return { id, name, teamId: team.id, secret: key.secret, keyId: key.id };
}

async function callTimes(house: House, secret: string, times: number): Promise<void> {
  for (let at = 0; at < times; at += 1) expect(await call(house, secret)).toBe(200);
}

/** What the page says at one moment: its status, and the highest percentage of its gauges. */
async function seenOn(page: Page) {
  return page.evaluate(() => {
    const main = document.querySelector('main');
    const status = main?.querySelector('h1')?.parentElement?.textContent ?? '';
    const texts = [...(main?.querySelectorAll('*') ?? [])].map(({ textContent }) => textContent ?? '');
    const percents = texts.flatMap((text) => Number(/^(\d+)%$/.exec(text)?.[1] ?? 0));
    return { isNear: /near limit|over budget/i.test(status), status, used: Math.max(0, ...percents) };
  });
}

/** Looks every 50 ms until the gauge shows this, and fails on the first contradiction. */
async function neverContradicts(page: Page, until: (used: number) => boolean): Promise<void> {
  await expect
    .poll(
      async () => {
        const { isNear, used, status } = await seenOn(page);
        if (isNear !== used >= 80) throw new Error(`the status says “${status}” beside a gauge at ${used}%`);
        return until(used);
      },
      { intervals: [50], timeout: 20_000 },
    )
    .toBe(true);
}

const pages = {
  organization: ({ id }: Tenant) => `/organizations/${id}`,
  team: ({ teamId }: Tenant) => `/teams/${teamId}`,
  key: ({ keyId }: Tenant & { readonly keyId: string }) => `/keys/${keyId}`,
};

for (const [kind, addressOf] of Object.entries(pages))
  test(`the page of a ${kind} says near its limit exactly while a gauge is at 80 % or more`, async ({ page, house }) => {
    const tenant = await tenantWith(house, { rate_limits: { rpd: 10 } });
    await page.goto(house.url + addressOf(tenant));
    await expect(page.getByText('0%', { exact: true }).first()).toBeVisible();
    await callTimes(house, tenant.secret, 7);
    await neverContradicts(page, (used) => used === 70);
    await callTimes(house, tenant.secret, 2);
    await neverContradicts(page, (used) => used === 90);
    await expect(page.getByText('90% of the limit of 10 requests per day is used.')).toBeVisible();
    const path = { organization: `/organizations/${tenant.id}`, team: `/teams/${tenant.teamId}`, key: `/keys/${tenant.keyId}` };
    await house.api('PATCH', path[kind as keyof typeof path], { rate_limits: { rpd: 100 } });
    await neverContradicts(page, (used) => used === 9);
  });

test('in the list of organizations a status is that of the row’s own gauges', async ({ page, house }) => {
  const tenant = await tenantWith(house, { rate_limits: { rpd: 10 } });
  await callTimes(house, tenant.secret, 9);
  await page.goto(`${house.url}/organizations?search=standing-${made}`);
  const row = page.getByRole('row').filter({ hasText: tenant.name });
  await expect(row).toContainText('90%');
  await expect(row.getByText('Near limit')).toBeVisible({ timeout: 500 });
  await row.getByText('Near limit').hover();
  await expect(page.getByRole('tooltip')).toContainText('90% of the limit of 10 requests per day is used.');
});
