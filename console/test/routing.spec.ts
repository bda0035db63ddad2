/** Routing strategies and sticky sessions: chosen at a route group, and shown on the page of a request. */
import { called, expect, test } from './support.ts';

test('a strategy is published at a route group, and the page of a request says how it compared', async ({ page, house }) => {
  const stamp = Date.now();
  const make = async (name: string, output: string) => {
    const prices = { input_per_million: '1', output_per_million: output };
    const body = { model: `${name}-${stamp}`, provider: 'fake', upstream_model: 'fake-small', prices };
    return (await house.api<{ id: string }>('POST', '/deployments', body)).id;
  };
  const [dear, cheap] = [await make('dear', '50'), await make('cheap', '1')];
  const key = `compared-${stamp}`;
  const members = [dear, cheap].map((deployment_id) => ({ deployment_id }));
  const { id } = await house.api<{ id: string }>('POST', '/route-groups', { key, members });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/route-groups/${id}`);
  const policy = page.getByRole('region', { name: 'Policy' });
  await policy.getByRole('combobox', { name: 'Strategy' }).click();
  await page.getByRole('option', { name: /^Cheapest/ }).click();
  await policy.getByRole('button', { name: 'Publish' }).click();
  await expect.poll(async () => await house.api('GET', `/route-groups/${id}`)).toMatchObject({ strategy: 'cheapest' });
  // Weights do not say who is first.
  await expect(page.getByRole('columnheader', { name: 'First choice' })).toHaveCount(0);

  await page.getByRole('button', { name: 'Fallbacks and sessions' }).click();
  await page.getByRole('dialog').getByRole('switch', { name: 'Sticky sessions' }).check({ force: true });
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await house.api('GET', `/route-groups/${id}`)).toMatchObject({ sticky: true });

  const organization = await house.api<{ id: string }>('POST', '/organizations', {
    ...{ slug: key, name: key, asset_access: { mode: 'all' } },
  });
  const team = await house.api<{ id: string }>('POST', `/organizations/${organization.id}/teams`, { name: 'Support' });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'app' });
  const { status, requestId } = await called(house, secret, key);
  expect(status).toBe(200);
  await expect
    .poll(async () => (await page.request.get(`${house.url}/api/v1/requests/${requestId}?content=false`)).status())
    .toBe(200);
  await page.goto(`${house.url}/requests/${requestId}`);
  const order = page.getByRole('list', { name: 'Order of the deployments' }).locator('> li');
  await expect(order).toHaveCount(2);
  await expect(order.first()).toContainText(/cheap-.*expected cost/);
  await expect(order.last()).toContainText(/dear-.*expected cost/);
  await expect(page.getByText('Ordered by strategy. Cheapest: the lowest cost of the request.')).toBeVisible();
});

test('a canary and both kinds of fallbacks are published with a policy, and rolled back; a model has them in its dialog', async ({
  page,
  house,
}) => {
  const stamp = Date.now();
  const make = async (name: string) => {
    const body = { model: `${name}-${stamp}`, provider: 'fake', upstream_model: 'fake-small', context_window: 8_000 };
    return (await house.api<{ id: string }>('POST', '/deployments', body)).id;
  };
  const [old, next] = [await make('old'), await make('next')];
  const members = [old, next].map((deployment_id) => ({ deployment_id }));
  const { id } = await house.api<{ id: string }>('POST', '/route-groups', { key: `canary-${stamp}`, members });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/route-groups/${id}`);
  const policy = page.getByRole('region', { name: 'Policy' });
  await policy.getByRole('combobox', { name: 'Canary' }).click();
  await page.getByRole('option', { name: new RegExp(`next-${stamp}`) }).click();
  await policy.getByRole('textbox', { name: 'Share' }).fill('2.5');
  await policy.getByRole('combobox', { name: 'Policy fallbacks' }).fill(`old-${stamp}`);
  await page.getByRole('option', { name: new RegExp(`old-${stamp}`) }).click();
  await policy.getByRole('button', { name: /^Simulate/ }).click();
  await expect(page.getByRole('status', { name: 'Simulation' })).toContainText('At the canary: 2.5%');
  await policy.getByRole('button', { name: 'Publish' }).click();
  const shown = { canary: { deployment_id: next, target: null, percent: 2.5 }, policy_fallbacks: [`old-${stamp}`] };
  await expect.poll(async () => await house.api('GET', `/route-groups/${id}`)).toMatchObject(shown);
  await expect(page.locator('dl', { hasText: 'Canary' })).toContainText(`2.5% to next-${stamp}`);
  await house.api('POST', `/route-groups/${id}/policy/rollback`, { version: 1 });
  expect(await house.api('GET', `/route-groups/${id}`)).toMatchObject({ canary: null, policy_fallbacks: [] });

  await page.goto(`${house.url}/models/${old}`);
  await expect(page.locator('dl', { hasText: 'Context window' })).toContainText('8,000');
  await page.getByRole('button', { name: 'Routing and fallbacks' }).click();
  await page.getByRole('dialog').getByRole('combobox', { name: 'Context fallbacks' }).fill(`next-${stamp}`);
  await page.getByRole('option', { name: new RegExp(`next-${stamp}`) }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  expect(await house.api('GET', `/models/old-${stamp}`)).toMatchObject({ context_fallbacks: [`next-${stamp}`], canary: null });
});

test('a mirror is published with a policy of a route group, and the page of a request shows its copy', async ({
  page,
  house,
}) => {
  const stamp = Date.now();
  const make = async (name: string) => {
    const body = { model: `${name}-${stamp}`, provider: 'fake', upstream_model: 'fake-small' };
    return (await house.api<{ id: string }>('POST', '/deployments', body)).id;
  };
  const [serving] = [await make('serving'), await make('copied')];
  const group = { key: `mirrored-${stamp}`, members: [{ deployment_id: serving }] };
  const { id } = await house.api<{ id: string }>('POST', '/route-groups', group);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/route-groups/${id}`);
  const policy = page.getByRole('region', { name: 'Policy' });
  await policy.getByRole('combobox', { name: 'Mirror' }).click();
  await page.getByRole('option', { name: 'Another model or route group' }).click();
  await policy.getByRole('combobox', { name: 'Target of copies' }).fill(`copied-${stamp}`);
  await page.getByRole('option', { name: new RegExp(`copied-${stamp}`) }).click();
  await policy.getByRole('textbox', { name: 'Share of copies' }).fill('100');
  await policy.getByRole('button', { name: /^Simulate/ }).click();
  await expect(page.getByRole('status', { name: 'Simulation' })).toContainText('Copied to the mirror: 100.0%');
  await policy.getByRole('button', { name: 'Publish' }).click();
  await expect(page.locator('dl', { hasText: 'Mirror' })).toContainText(`100% to copied-${stamp}`);
  const shown = { deployment_id: null, target: `copied-${stamp}`, percent: 100 };
  expect(await house.api('GET', `/route-groups/${id}`)).toMatchObject({ mirror: shown, canary: null });

  const tenant = { slug: `mirrored-${stamp}`, name: 'Mirrored', asset_access: { mode: 'all' }, mirroring: 'allow' };
  const organization = await house.api<{ id: string }>('POST', '/organizations', tenant);
  const team = await house.api<{ id: string }>('POST', `/organizations/${organization.id}/teams`, { name: 'One' });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'copied' });
  const answer = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: `mirrored-${stamp}`, messages: [{ role: 'user', content: 'hello' }] }),
  });
  const requestId = answer.headers.get('x-request-id');
  await answer.text();
  type Decided = { readonly mirror: { readonly outcome: string } | null };
  await expect.poll(async () => (await house.api<Decided>('GET', `/decisions/${requestId}`)).mirror?.outcome).toBe('answered');
  await page.goto(`${house.url}/requests/${requestId}`);
  await expect(page.getByText(/A copy went to the mirror .*answered, status 200/)).toBeVisible();
});
