/** From the printed link to the first answered request, on a gateway with nothing on it. */
import { expect, type Page, test } from '@playwright/test';
import { type Gateway, startGateway } from '../../server/test/prove/gateway.ts';
import { PASSWORD } from './support.ts';
import { openVendor } from './vendor.ts';

// Each begins with the start of a gateway on an empty directory, and they come last: in one piece, one of two workers would wait for them.
test.setTimeout(120_000);
test.describe.configure({ mode: 'parallel' });

let gateway: Gateway;
test.beforeEach(async () => {
  gateway = await startGateway();
});
test.afterEach(async () => {
  // One that did not come up ends with this process.
  await gateway?.stop();
});

async function enterByPrintedLink(page: Page): Promise<void> {
  const link = /http\S+\/first-admin\?token=\S+/.exec(gateway.output())?.[0];
  if (link === undefined) throw new Error(`no link was printed:\n${gateway.output()}`);
  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada Lovelace');
  await page.getByLabel('E-mail').fill('ada@headgate.test');
  await page.locator('input[type=password]').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create the account' }).click();
  // Not in a wizard at once: the overview says what is done and what is next.
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  const card = page.getByRole('region', { name: 'Set up' });
  await expect(card.getByRole('heading')).toHaveText('Set up: 0 of 6 done');
  await card.getByRole('link', { name: 'Next: connect a provider' }).click();
  await expect(page.getByRole('heading', { name: 'First steps' })).toBeVisible();
}

test('with a provider of one’s own: tested, models priced, organization, team, key, and the first call seen as it arrives', async ({
  page,
}) => {
  const vendor = await openVendor(['gpt-4o-mini', 'house-model', 'text-embedding-3-small']);
  await enterByPrintedLink(page);
  await page.getByLabel(/^API key/).fill('sk-wrong-0123456789');
  await page.getByLabel('Base URL').fill(vendor.baseUrl);
  await page.getByRole('button', { name: 'Test and continue' }).click();
  await expect(page.getByText('The provider did not accept it')).toBeVisible();
  expect((await gateway.admin<{ data: unknown[] }>('GET', '/credentials')).data).toEqual([]);
  await page.getByLabel(/^API key/).fill(vendor.apiKey);
  await page.getByRole('button', { name: 'Test and continue' }).click();

  await expect(page.getByRole('heading', { name: 'Choose models' })).toBeVisible();
  await page.getByRole('checkbox', { name: 'gpt-4o-mini' }).check();
  await expect(page.getByText('$0.15 in · $0.6 out per million tokens').or(page.getByText(/\$0\.15 in/))).toBeVisible();
  await page.getByRole('checkbox', { name: 'house-model' }).check();
  await page.getByLabel('Input price of house-model').fill('1');
  await page.getByLabel('Output price of house-model').fill('2');
  await page.getByRole('button', { name: 'Add 2 models' }).click();

  await expect(page.getByRole('heading', { name: 'Create an organization' })).toBeVisible();
  await page.getByLabel('Name', { exact: false }).first().fill('Acme');
  await page.getByRole('button', { name: 'Create organization' }).click();
  await expect(page.getByRole('heading', { name: 'Add a team' })).toBeVisible();
  // Back and forth loses nothing that was made.
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('heading', { name: 'Create an organization' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Add a team' })).toBeVisible();
  await page.reload();
  await page.getByRole('button', { name: 'Add team' }).click();
  await page.getByRole('button', { name: 'Create key' }).click();

  await expect(page.getByText('Waiting for the first request…')).toBeVisible();
  const secret = await page.getByRole('textbox', { name: 'Secret' }).inputValue();
  await expect(page.getByLabel('curl example', { exact: true })).toContainText(secret);
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Say hello.' }] }),
  });
  expect(response.status).toBe(200);
  await expect(page.getByText('The first request was answered')).toBeVisible();
  await page.getByRole('link', { name: /^See why it was admitted/ }).click();
  await expect(page.getByText(/^Admitted/)).toBeVisible();
  const { data: organizations } = await gateway.admin<{ data: { name: string; budgets: { amount: string }[] }[] }>(
    'GET',
    '/organizations',
  );
  expect(organizations.map(({ name }) => name)).toEqual(['Acme']);
  expect(organizations[0]?.budgets[0]?.amount).toBe('100.00');
  vendor.close();
});

test('with the fake provider it takes one click, and a call from the page turns into the request', async ({ page }) => {
  await enterByPrintedLink(page);
  await page.getByRole('button', { name: 'Try it with the fake provider' }).click();
  await expect(page.getByText('Waiting for the first request…')).toBeVisible();
  await page.getByRole('button', { name: 'Send a test request' }).click();
  await expect(page.getByText('The first request was answered')).toBeVisible();
  // A reload keeps the step but not the secret, which was shown once.
  await page.reload();
  await expect(page.getByText('The first request was answered')).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Secret' })).toHaveCount(0);
  await page.goto(`${gateway.base}/start`);
  await expect(page.getByRole('img', { name: 'done' })).toHaveCount(5);
  await expect(page.getByRole('heading', { name: 'Everything is set up' })).toBeVisible();
  await page.getByRole('link', { name: 'Go to the overview' }).click();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Your keys' }).or(page.getByText('Requests').first())).toBeVisible();
  await expect(page.getByRole('region', { name: 'Set up' })).toHaveCount(0);
});

test('an owner has a path of their own, which says who does what they may not', async ({ page }) => {
  const ask = gateway.admin;
  const { id } = await ask<{ id: string }>('POST', '/organizations', { slug: 'globex', name: 'Globex' });
  const { link } = await ask<{ link: string }>('POST', '/invitations', {
    email: 'owner@headgate.test',
    organization_id: id,
    role: 'org_owner',
  });
  const accepted = await fetch(`${gateway.base}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gateway.base },
    body: JSON.stringify({ token: new URL(link).searchParams.get('token'), name: 'Grace Hopper', password: PASSWORD }),
  });
  const session = /headgate_session=([^;]+)/.exec(accepted.headers.get('set-cookie') ?? '')?.[1] ?? '';
  await page.context().addCookies([{ name: 'headgate_session', value: decodeURIComponent(session), url: gateway.base }]);
  await page.goto(gateway.base);
  const card = page.getByRole('region', { name: 'Set up' });
  await expect(card.getByRole('heading')).toHaveText('Set up: 0 of 5 done');
  await expect(card).toContainText('Get models: Ask a platform admin to grant models to your organization.');
  await card.getByRole('link', { name: 'Next: create a team' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create team' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Research');
  await dialog.getByRole('button', { name: 'Create team' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Research');
  await page.goto(gateway.base);
  await expect(card.getByRole('heading')).toHaveText('Set up: 1 of 5 done');
  await card.getByRole('button', { name: 'Hide the setup' }).click();
  await expect(card).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Overview' })).toBeVisible();
  await expect(card).toHaveCount(0);
});
