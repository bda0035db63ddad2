/** Failures and refusals as their pages explain them: what was tried, in the provider's words, and what to do next. */
import { graveFindings } from './axe.ts';
import { called, expect, type House, type Page, test } from './support.ts';

const dialog = (page: Page) => page.getByRole('dialog');

interface Made {
  readonly id: string;
}

interface Tenant {
  readonly organizationId: string;
  readonly teamId: string;
  readonly keyId: string;
  readonly secret: string;
}

/** An organization of its own with one key. `key` is sent with the key's request. */
async function makeTenant(
  house: House,
  { organization = {}, team = {}, key = {} }: Record<string, object> = {},
): Promise<Tenant> {
  const slug = `explained-${Math.random().toString(36).slice(2, 10)}`;
  const made = await house.api<Made>('POST', '/organizations', {
    slug,
    name: slug,
    asset_access: { mode: 'all' },
    ...organization,
  });
  const { id: teamId } = await house.api<Made>('POST', `/organizations/${made.id}/teams`, { name: 'Support', ...team });
  const { id: keyId, secret } = await house.api<Made & { secret: string }>('POST', '/keys', {
    team_id: teamId,
    name: 'app',
    ...key,
  });
  return { organizationId: made.id, teamId, keyId, secret };
}

/** A deployment of the fake provider with this behaviour. */
async function makeFake(house: House, model: string, upstream_model: string, more: object = {}): Promise<string> {
  const body = { model, provider: 'fake', upstream_model, ...more };
  return (await house.api<Made>('POST', '/deployments', body)).id;
}

async function openRequest(page: Page, house: House, requestId: string): Promise<void> {
  await expect
    .poll(async () => (await page.request.get(`${house.url}/api/v1/requests/${requestId}?content=false`)).status())
    .toBe(200);
  await page.goto(`${house.url}/requests/${requestId}`);
  await page.getByRole('heading', { level: 1, name: 'Request' }).waitFor();
}

const section = (page: Page, name: string) => page.getByRole('region', { name, exact: true });

test.describe('a refusal', () => {
  test('by a limit opens the field for who may raise it, and the call passes', async ({ page, house }) => {
    const tenant = await makeTenant(house, { organization: { rate_limits: { rpm: 1 } } });
    await called(house, tenant.secret);
    const { status, requestId } = await called(house, tenant.secret);
    expect(status).toBe(429);
    await house.signIn(page, 'platform_admin');
    await openRequest(page, house, requestId);
    await section(page, 'What to do').getByRole('link', { name: 'Raise this limit' }).click();
    const field = dialog(page).getByRole('textbox', { name: /^Requests per minute/ });
    await expect(field).toBeFocused();
    await expect(field).toHaveValue('1');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('60');
    await page.keyboard.press('Enter');
    await expect(dialog(page)).toBeHidden();
    expect((await called(house, tenant.secret)).status).toBe(200);
  });

  test('by limits of the team and the key opens each of them, with its section open', async ({ page, house }) => {
    const tenant = await makeTenant(house, {
      team: { budgets: [{ amount: '0.00', period: 'month', action: 'block' }] },
      key: { rate_limits: { rph: 0 } },
    });
    const { requestId } = await called(house, tenant.secret);
    await house.signIn(page, 'platform_admin');
    await openRequest(page, house, requestId);
    const todo = section(page, 'What to do');
    await expect(todo.getByText('The request was refused for each of these 2 reasons.', { exact: false })).toBeVisible();
    await todo.getByRole('link', { name: 'Raise this budget' }).click();
    await expect(dialog(page).getByRole('textbox', { name: 'Amount' })).toBeFocused();
    await page.goBack();
    await section(page, 'What to do').getByRole('link', { name: 'Raise this limit' }).click();
    await expect(dialog(page).getByRole('textbox', { name: /^Requests per hour/ })).toBeFocused();
  });

  test('names who can raise the limit, for who may not', async ({ page, house }) => {
    await house.signIn(page, 'org_owner');
    const { id: teamId } = await house.api<Made>('POST', `/organizations/${house.organizationId}/teams`, {
      name: 'Small',
      rate_limits: { rpm: 0 },
    });
    const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: teamId, name: 'small app' });
    const { requestId } = await called(house, secret);
    await openRequest(page, house, requestId);
    await expect(section(page, 'What to do').getByRole('link', { name: 'Raise this limit' })).toBeVisible();
    // Billing may read the request and the members, and changes nothing.
    await house.signIn(page, 'org_billing');
    await openRequest(page, house, requestId);
    const todo = section(page, 'What to do');
    await expect(todo.getByRole('link')).toHaveCount(1);
    await expect(todo).toContainText(/Only an owner or admin of the organization can raise this limit: .*Org Owner \(owner\)/);
  });

  test('of a model that is not granted opens the grants, and a tenant learns that the platform grants', async ({
    page,
    house,
  }) => {
    const model = `private-${Date.now()}`;
    await makeFake(house, model, 'fake-small');
    const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: house.teamId, name: 'curious' });
    const { status, requestId } = await called(house, secret, model);
    expect(status).toBe(404);
    await house.signIn(page, 'org_owner');
    await openRequest(page, house, requestId);
    await expect(section(page, 'What to do')).toContainText('Only a platform admin can grant this model.');
    await house.signIn(page, 'platform_admin');
    await openRequest(page, house, requestId);
    await section(page, 'What to do').getByRole('link', { name: 'Grant this model' }).click();
    await expect(dialog(page).getByRole('radio', { name: 'Selected' })).toBeFocused();
  });
});

test.describe('a failed request', () => {
  test('tells its attempts in order, the provider’s words, and why no other was tried', async ({ page, house }) => {
    const model = `failing-${Date.now()}`;
    await makeFake(house, model, 'fake-500', { priority: 0 });
    await makeFake(house, model, 'fake-429', { priority: 1 });
    await house.api('PATCH', `/models/${model}`, { strategy: 'priority' });
    const { secret } = await makeTenant(house);
    const { status, requestId } = await called(house, secret, model);
    expect(status).toBe(429);
    await house.signIn(page, 'platform_admin');
    await openRequest(page, house, requestId);
    const failed = page.getByRole('alert', { name: 'Failed', exact: true });
    await expect(failed).toContainText(/2 attempts in .*All of them failed\..*The client got HTTP 429/);
    const attempts = section(page, 'Attempts').getByRole('list', { name: 'Attempts, in order' }).locator('> li');
    await expect(attempts).toHaveCount(2);
    await expect(attempts.first()).toContainText(/Attempt 1.*Provider error.*HTTP 500/);
    await expect(attempts.first()).toContainText('The server had an error while processing your request.');
    await expect(attempts.first()).toContainText(/The request fell back to /);
    await expect(attempts.last()).toContainText(/HTTP 429.*Rate limit reached for fake-429/);
    await expect(attempts.last()).toContainText('No other deployment was left to try.');
    await expect(section(page, 'What to do').getByRole('link', { name: 'Open routing and fallbacks' })).toBeVisible();
    expect(await graveFindings(page, 'a failed request')).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });

  test('by a timeout opens the deployment at its timeout', async ({ page, house }) => {
    const model = `hanging-${Date.now()}`;
    const deploymentId = await makeFake(house, model, 'fake-hangs', { timeout_ms: 300 });
    const { secret } = await makeTenant(house);
    const { status, requestId } = await called(house, secret, model);
    expect(status).toBe(504);
    await house.signIn(page, 'platform_admin');
    await openRequest(page, house, requestId);
    await section(page, 'What to do').getByRole('link', { name: 'Raise the timeout' }).click();
    await expect(page).toHaveURL(new RegExp(deploymentId));
    await expect(dialog(page).getByRole('textbox', { name: 'Timeout, seconds' })).toBeFocused();
  });
});

test.describe('a deployment', () => {
  test('shows that it fails, its last error, and the request', async ({ page, house }) => {
    const model = `sick-${Date.now()}`;
    const deploymentId = await makeFake(house, model, 'fake-500');
    const { secret } = await makeTenant(house);
    await called(house, secret, model);
    await house.signIn(page, 'platform_admin');
    await expect(async () => {
      await page.goto(`${house.url}/models/${deploymentId}`);
      await expect(page.getByText('Failing', { exact: true }).first()).toBeVisible({ timeout: 2_000 });
    }).toPass();
    const health = section(page, 'Health');
    await expect(health).toContainText(/\d+ of \d+ attempts? failed since/);
    await expect(health).toContainText(/HTTP 500 unavailable/);
    await expect(health).toContainText('The server had an error while processing your request.');
    await health.getByRole('link', { name: 'Open the request' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Request' })).toBeVisible();
    await expect(page.getByText('Failed', { exact: true }).first()).toBeVisible();
    await page.goto(`${house.url}/models?search=${model}&state=failing&sort=-error_rate&error_rate_min=0.5`);
    await expect(page.getByRole('row', { name: new RegExp(model) })).toContainText(/Failing.*100%.*unavailable · 500/);
    await page.goto(`${house.url}/models?search=${model}&state=in_service`);
    await expect(page.getByText('Nothing matches.')).toBeVisible();
  });

  test('remembers its last test call', async ({ page, house }) => {
    const deploymentId = await makeFake(house, `tested-${Date.now()}`, 'fake-small');
    await house.signIn(page, 'platform_admin');
    await page.goto(`${house.url}/models/${deploymentId}`);
    await expect(section(page, 'Health')).toContainText('Not tested yet.');
    await page.getByRole('button', { name: 'Test call' }).click();
    await expect(section(page, 'Health')).toContainText(/Answered in .*Platform Admin/);
    await page.reload();
    await expect(section(page, 'Health')).toContainText(/Answered in .*Platform Admin/);
    expect(await graveFindings(page, 'a deployment')).toEqual([]);
  });
});

test('a stored conversation is shown as messages, its hostile content as text, and as stored behind a switch', async ({
  page,
  house,
}) => {
  const tenant = await makeTenant(house, { organization: { audit: { content: 'full' } } });
  const evil = '<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'fast',
      stream: true,
      max_tokens: 40,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: evil },
      ],
    }),
  });
  expect(await response.text()).toContain('[DONE]');
  const requestId = response.headers.get('x-request-id') as string;
  await house.signIn(page, 'platform_admin');
  await openRequest(page, house, requestId);
  await page.getByRole('button', { name: 'Show content' }).click();
  const messages = page.getByRole('list', { name: 'Conversation' }).locator('> li');
  await expect(messages).toHaveCount(3);
  await expect(messages.nth(0)).toContainText('System');
  await expect(messages.nth(1)).toContainText(evil);
  await expect(messages.nth(2)).toContainText('Assistant');
  await expect(messages.nth(2)).toContainText(/stop|length/);
  await expect(page).not.toHaveTitle('owned');
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  expect(await graveFindings(page, 'a conversation')).toEqual([]);
  await page.getByRole('switch', { name: 'Show the raw JSON' }).check();
  await expect(page.getByText('chat.completion.chunk').first()).toBeVisible();
});
