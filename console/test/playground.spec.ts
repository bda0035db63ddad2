/** The playground: a target called as a key, its answer streamed and stopped, its refusal explained, and nothing beyond the caller's reach. */
import type { Page } from '@playwright/test';
import { expect, type House, test } from './support.ts';

interface NewKey {
  readonly id: string;
  readonly name: string;
}

function makeKey(house: House, name: string, more: object = {}): Promise<NewKey> {
  return house.api<NewKey>('POST', '/keys', { team_id: house.teamId, name, ...more });
}

const message = (page: Page) => page.getByLabel('Message', { exact: true });

async function ask(page: Page, text: string): Promise<void> {
  await message(page).fill(text);
  await message(page).press('Enter');
}

test('an answer is streamed, with its cost, tokens, deployment, decision and a link to its request', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'playground answers');
  await page.goto(`${house.url}/playground`);
  await page.getByRole('combobox', { name: 'Key' }).fill('playground ans');
  await page.getByRole('option', { name: 'playground answers' }).click();
  await page.getByRole('combobox', { name: 'Model or route group' }).click();
  await page.getByRole('option', { name: 'fast', exact: true }).click();
  await ask(page, 'Hello, who is there?');
  const turn = page.getByRole('article', { name: 'Question 1' });
  await expect(turn.getByTestId('answer')).not.toBeEmpty();
  await expect(turn.getByText('Cost')).toBeVisible();
  await expect(turn.getByText(/\d+ in, \d+ out/)).toBeVisible();
  await turn.getByRole('button', { name: 'Show the decision' }).click();
  await expect(turn.getByText(/^Admitted/)).toBeVisible();
  await turn.getByRole('link', { name: /^req_/ }).click();
  await expect(page.getByRole('heading', { name: 'Request', exact: true })).toBeVisible();
  const { data } = await house.api<{ data: { key_id: string; stream: boolean }[] }>('GET', `/requests?key_id=${key.id}`);
  expect(data).toHaveLength(1);
  expect(data[0]).toMatchObject({ key_id: key.id, stream: true });
});

test('a conversation carries what was said before, and begins anew when it is cleared', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'playground talks');
  await page.goto(`${house.url}/playground?key=${key.id}&model=fast`);
  await ask(page, 'First question');
  await expect(page.getByRole('article', { name: 'Question 1' }).getByText(/ in, \d+ out/)).toBeVisible();
  await ask(page, 'Second question');
  await expect(page.getByRole('article', { name: 'Question 2' }).getByText(/ in, \d+ out/)).toBeVisible();
  const { data } = await house.api<{ data: { input_tokens: number }[] }>('GET', `/requests?key_id=${key.id}`);
  const [second, first] = data.map(({ input_tokens: tokens }) => tokens);
  expect(second).toBeGreaterThan((first ?? 0) * 2);
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(page.getByText('No calls yet')).toBeVisible();
});

test('a call is stopped before its answer, and the page is ready for the next one', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'playground stops');
  const { id } = await house.api<{ id: string }>('POST', '/deployments', {
    model: 'never-answers',
    provider: 'fake',
    upstream_model: 'fake-hangs',
    prices: { input_per_million: '0.05', output_per_million: '0.40' },
  });
  await house.api('PATCH', `/organizations/${house.organizationId}`, {
    asset_access: { targets: ['smart', 'embed', 'flaky', 'never-answers'] },
  });
  await house.api('PATCH', `/teams/${house.teamId}`, { asset_access: { mode: 'inherit' } });
  await page.goto(`${house.url}/playground?key=${key.id}&model=never-answers`);
  await ask(page, 'Are you there?');
  await expect(page.getByText('Waiting for never-answers…')).toBeVisible();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByText(/^You stopped this answer\./)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeVisible();
  await house.api('PATCH', `/deployments/${id}`, { enabled: false });
});

test('a refusal is a sentence with when it passes; the limit is raised and the same call passes', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'playground limited', { rate_limits: { rpm: 1 } });
  await page.goto(`${house.url}/playground?key=${key.id}&model=fast`);
  await ask(page, 'One');
  await expect(page.getByRole('article', { name: 'Question 1' }).getByText('Cost')).toBeVisible();
  await ask(page, 'Two');
  const second = page.getByRole('article', { name: 'Question 2' });
  await expect(second.getByText(/^Refused/)).toBeVisible();
  await expect(second.getByText(/The same request w(ill|ould) pass/)).toBeVisible();
  await expect(second.getByText(/rate_limit_exceeded/)).toBeVisible();
  await expect(second.getByTestId('answer')).toHaveCount(0);
  await house.api('PATCH', `/keys/${key.id}`, { rate_limits: { rpm: 100 } });
  await second.getByRole('button', { name: 'Send again' }).click();
  await expect(page.getByRole('article', { name: 'Question 3' }).getByTestId('answer')).not.toBeEmpty();
});

test('a target outside the key’s access is refused with the level that removed it', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  const key = await makeKey(house, 'playground narrow', {
    asset_access: { mode: 'restrict', targets: ['embed'], access_groups: [] },
  });
  await page.goto(`${house.url}/playground?key=${key.id}`);
  await expect(page.getByText('The key can call 1 target.')).toBeVisible();
  await page.getByRole('combobox', { name: 'Model or route group' }).fill('fast');
  await ask(page, 'May I?');
  await expect(page.getByText(/^Refused/).first()).toContainText('key');
  await expect(page.getByText(/model_not_allowed/)).toBeVisible();
});

test('a developer plays with their own key only; whoever manages no key has no playground', async ({ page, browser, house }) => {
  const key = await makeKey(house, 'playground foreign');
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/playground?key=${key.id}&model=fast`);
  await ask(page, 'Is this mine?');
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByTestId('answer')).toHaveCount(0);
  const { data } = await house.api<{ data: unknown[] }>('GET', `/requests?key_id=${key.id}`);
  expect(data).toEqual([]);
  const context = await browser.newContext();
  const other = await context.newPage();
  await house.signIn(other, 'org_billing');
  await other.goto(house.url);
  await expect(other.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Overview' })).toBeVisible();
  await expect(other.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Playground' })).toHaveCount(0);
  await context.close();
});
