/** The live test of a credential: each call with what was sent and said, no secret, and for an organization’s own ones too. */
import { graveFindingsHere } from './axe.ts';
import { expect, type House, type Page, test } from './support.ts';
import { openVendor, type Vendor } from './vendor.ts';

const WRONG = 'hk-Zq81kWm4Xe7Rt2Vb9Np3';

let vendor: Vendor;
test.beforeAll(async () => {
  vendor = await openVendor(['gpt-5', 'gpt-5-nano']);
});
test.afterAll(() => vendor.close());

async function openTest(page: Page, house: House, name: string, apiKey: string): Promise<void> {
  await house.api('POST', '/credentials', { name, provider: 'openai', api_key: apiKey, base_url: vendor.baseUrl });
  await page.goto(`${house.url}/credentials?search=${name}`);
  await page.getByRole('button', { name: `Actions for ${name}` }).click();
  await page.getByRole('menuitem', { name: 'Test with a free call' }).click();
}

const dialog = (page: Page) => page.getByRole('dialog', { name: /^Test / });

test('a credential that the provider accepts: the call, its headers without the key, and its answer', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await openTest(page, house, `good-${Date.now()}`, vendor.apiKey);
  await expect(dialog(page).getByText('The vendor accepts this credential, and lists 2 models.')).toBeVisible();
  const step = dialog(page).getByRole('region', { name: '1. Call the provider' });
  await expect(step).toContainText(`GET ${vendor.baseUrl}/models`);
  await expect(step).toContainText('HTTP 200');
  await step.getByRole('button', { name: 'Show headers and answer' }).click();
  await expect(step.getByRole('row', { name: /^authorization/ })).toContainText('Bearer [redacted]');
  await expect(step.getByRole('region', { name: 'Body of the answer' })).toContainText('gpt-5-nano');
  expect(await page.content()).not.toContain(vendor.apiKey);
  const before = vendor.listed();
  await dialog(page).getByRole('button', { name: 'Test again' }).click();
  await expect.poll(() => vendor.listed()).toBe(before + 1);
  await dialog(page).getByRole('button', { name: 'Close' }).last().click();
  await expect(page.getByRole('row', { name: /^good-/ }).getByText('Accepted')).toBeVisible();
});

test('one that it refuses: what it means is said first, on a phone too', async ({ page, house }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await house.signIn(page, 'platform_admin');
  await openTest(page, house, `bad-${Date.now()}`, WRONG);
  await expect(dialog(page).getByRole('alert')).toHaveText(
    'The vendor does not know this key. It is wrong, was revoked, or has ended.',
  );
  await expect(dialog(page).getByRole('region', { name: 'Body of the answer' })).toContainText('invalid_api_key');
  expect(await page.content()).not.toContain(WRONG.slice(0, 8));
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await graveFindingsHere(page)).toEqual([]);
});
