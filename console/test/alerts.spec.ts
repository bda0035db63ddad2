/** Webhooks, alerts and jobs, as the people who use them meet them. */
import { openReceiver } from '../../server/test/jobs/receiver.ts';
import { call, expect, test } from './support.ts';

test('an owner makes a webhook, keeps its secret, sees a test event arrive and a passed threshold told in the bell', async ({
  page,
  house,
}) => {
  // The queue of a gateway that has just started is seconds from its first delivery where two cores draw a browser as well.
  test.setTimeout(120_000);
  const receiver = await openReceiver();
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=webhooks`);
  await page.getByRole('button', { name: 'Create webhook' }).first().click();
  await page.getByLabel('Name').fill('Finance');
  await page.getByLabel('URL').fill('http://hooks.example/x');
  await page.getByRole('dialog').getByRole('button', { name: 'Create webhook' }).click();
  await expect(page.getByText(/must begin with https:\/\//i)).toBeVisible();
  await page.getByLabel('URL').fill(receiver.url);
  await page.getByRole('dialog').getByRole('button', { name: 'Create webhook' }).click();
  await expect(page.getByRole('textbox', { name: 'Secret' })).toHaveValue(/^whsec_/);
  await page.getByRole('button', { name: 'I have stored it' }).click();

  await page.getByRole('button', { name: 'Actions for Finance' }).click();
  await page.getByRole('menuitem', { name: 'Send a test event' }).click();
  const sent = page.getByRole('dialog', { name: 'Sent to Finance' });
  await expect(sent.getByRole('row').filter({ hasText: 'Test' })).toContainText('Delivered', { timeout: 30_000 });
  expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual(['webhook.test']);
  await page.keyboard.press('Escape');

  const budgets = [{ amount: '0.000001', period: 'day', action: 'alert', thresholds: [100] }];
  const body = { team_id: house.teamId, name: 'Spender', budgets };
  const key = await house.api<{ secret: string }>('POST', '/keys', body);
  expect(await call(house, key.secret)).toBe(200);
  await expect.poll(() => receiver.received.length, { timeout: 45_000 }).toBe(2);
  await page.reload();
  await page.getByRole('button', { name: /^Alerts, \d+ new/ }).click();
  await expect(page.getByRole('dialog', { name: 'Newest alerts' })).toContainText(
    'Key Spender: 100% of the daily budget is spent',
  );
  await page.getByRole('link', { name: 'All alerts' }).click();
  await expect(page.getByRole('heading', { name: 'Alerts' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Alerts', exact: true })).toBeVisible();
  await receiver.down();
});

test('a platform admin runs a job now; an auditor sees that it ran, and why they may not run one', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/settings?tab=jobs`);
  await page.getByRole('button', { name: 'Run now: Partitions' }).click();
  const row = page.getByRole('row').filter({ hasText: 'Creates the database partitions of the next two months' });
  await expect(row).toContainText('Partitions exist until the end of', { timeout: 30_000 });
  await house.signIn(page, 'platform_auditor');
  await page.reload();
  await expect(row).toContainText('Done');
  const button = page.getByRole('button', { name: 'Run now: Partitions' });
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(button).toHaveAttribute('aria-description', 'Only a platform admin can do this.');
  const answer = await page.request.post(`${house.url}/api/v1/jobs/partitions/run`, { headers: { origin: house.url } });
  expect(answer.status()).toBe(403);
});
