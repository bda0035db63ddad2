/** Fields, filters and figures say what the server does: no number is read as another, and nothing is claimed before it is known. */
import { call, expect, type Page, test } from './support.ts';

interface Made {
  readonly id: string;
}

const dialog = (page: Page) => page.getByRole('dialog');

/** Pastes text into a field, as a person does who copied it elsewhere. */
async function paste(page: Page, label: string, text: string): Promise<void> {
  const search = dialog(page).getByLabel('Name', { exact: true });
  await search.fill(text);
  await search.selectText();
  await page.keyboard.press('ControlOrMeta+x');
  const field = dialog(page).getByLabel(label).first();
  await field.selectText();
  await page.keyboard.press('ControlOrMeta+v');
}

test('1,000 is one thousand where only whole numbers are, and refused as a price', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/teams/${house.teamId}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).first().click();
  await dialog(page).getByRole('combobox', { name: 'Developers can' }).click();
  await page.getByRole('option', { name: 'Log in, and create their own keys' }).click();
  await paste(page, 'Keys per person', '1,000');
  await expect(dialog(page).getByLabel('Keys per person')).toHaveValue('1000');
  await paste(page, 'Keys per person', '2.000');
  await expect(dialog(page).getByLabel('Keys per person')).toHaveValue('2000');

  const prices = { input_per_million: '2.00', output_per_million: '2.00' };
  const { id } = await house.api<Made>('POST', '/deployments', {
    ...{ model: 'comma', provider: 'fake', upstream_model: 'fake-small', mode: 'chat', prices },
  });
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Add price version' }).click();
  const input = dialog(page).getByLabel('Input', { exact: true });
  await input.fill('1,000');
  await dialog(page).getByRole('button', { name: 'Add price version' }).click();
  await expect(input).toHaveAttribute('aria-invalid', 'true');
  expect(await house.api('GET', `/deployments/${id}`)).toMatchObject({ prices });
  await input.fill('1,5');
  await dialog(page).getByRole('button', { name: 'Add price version' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', `/deployments/${id}`)).toMatchObject({ prices: { input_per_million: '1.50' } });
});

test('a weight typed behind a 0, and a temperature below 1, are what was typed', async ({ page, house }) => {
  const { data } = await house.api<{ data: Made[] }>('GET', '/route-groups?search=support-fast');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/route-groups/${data[0]?.id}`);
  const weight = page.getByRole('group', { name: 'Member 1' }).getByLabel('Weight');
  await weight.fill('0');
  await weight.press('End');
  await weight.pressSequentially('5');
  await expect(weight).toHaveValue('5');
  // Another address typed by hand: the browser asks, with a question of its own.
  page.on('dialog', (question) => void question.accept());
  await page.goto(`${house.url}/playground`);
  const temperature = page.getByLabel('Temperature');
  await temperature.pressSequentially('0.7');
  await expect(temperature).toHaveValue('0.7');
});

test('members without a weight show whom the gateway takes, and the shares add up to 100', async ({ page, house }) => {
  const ids: string[] = [];
  for (const tag of ['one', 'two', 'three']) {
    const body = { model: 'weighed', provider: 'fake', upstream_model: 'fake-small', mode: 'chat', tags: [] as string[] };
    ids.push((await house.api<Made>('POST', '/deployments', { ...body, upstream_model: `fake-${tag}` })).id);
  }
  const members = (weight: number) => ids.map((deployment_id) => ({ deployment_id, weight, priority: 0 }));
  const group = await house.api<Made>('POST', '/route-groups', { key: 'weighed-group', members: members(0) });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/route-groups/${group.id}`);
  const shares = () => page.getByRole('table', { name: 'Members' }).locator('tbody tr td:last-child').allTextContents();
  await expect.poll(async () => (await shares()).sort()).toEqual(['0%', '0%', '100%']);
  await page.getByRole('button', { name: /^Simulate/ }).click();
  const simulated = page.getByRole('status', { name: 'Simulation' });
  await expect(simulated).toContainText('100.0%');
  const first = page.getByRole('group', { name: 'Member 1' }).getByLabel('Weight');
  for (const member of [1, 2, 3])
    await page
      .getByRole('group', { name: `Member ${member}` })
      .getByLabel('Weight')
      .fill('1');
  await expect(first).toHaveValue('1');
  await expect(page.getByRole('group', { name: 'Member 1' })).toContainText('34%');
  await page.getByRole('button', { name: 'Publish' }).click();
  await expect.poll(async () => (await shares()).sort()).toEqual(['33%', '33%', '34%']);
});

test('sums that do not agree are not called none before the server says so', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  let answer: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route('**/api/v1/jobs/drifts*', async (route) => {
    await held;
    await route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"detail": "No."}' });
  });
  await page.goto(`${house.url}/settings?tab=health`);
  const fact = page.locator('dl').getByText('Sums that differ from the ledger').locator('xpath=following::dd[1]');
  await expect(fact).toHaveText('Loading…');
  answer();
  await expect(fact).toHaveText('Not known');
  await page.unroute('**/api/v1/jobs/drifts*');
  await page.reload();
  await expect(fact).toHaveText('None');
});

test('a budget of 0 that only alerts says that it never alerts', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations`);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await dialog(page).getByRole('button', { name: 'Add budget' }).click();
  const budget = dialog(page).getByRole('group', { name: 'Budget 1' });
  await budget.getByLabel('Amount').fill('0');
  await expect(budget).toContainText('A budget of 0 refuses every request that costs money.');
  await budget.getByText('Only alert').click();
  await expect(budget).toContainText('A budget of 0 never sends an alert.');
});

test('a member’s limit for one model says for which, in use and in its tooltip', async ({ page, house }) => {
  const { data } = await house.api<{ data: { id: string; account_id: string; email: string }[] }>(
    'GET',
    `/organizations/${house.organizationId}/members?limit=200`,
  );
  await house.signIn(page, 'org_owner');
  const member = data[0] ?? { id: '', account_id: '' };
  const path = `/organizations/${house.organizationId}/members/${member.id}`;
  await house.api('PATCH', path, { model_limits: [{ target: 'fast', rate_limits: { rpm: 7 } }] });
  await page.goto(`${house.url}/people/${member.account_id}?organization_id=${house.organizationId}&member_id=${member.id}`);
  await expect(page.getByLabel('0 of 7 requests per minute for fast used')).toBeVisible();
  await expect(page.getByText('7 RPM for fast')).toBeVisible();
  await house.api('PATCH', path, { model_limits: [] });
});

test('the filter for a routing tag follows the address', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/models?tag=eu`);
  const filter = page.getByLabel('Routing tag', { exact: true });
  await expect(filter).toHaveValue('eu');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Models', exact: true }).click();
  await expect(page).not.toHaveURL(/tag=/);
  await expect(filter).toHaveValue('');
  await page.goBack();
  await expect(filter).toHaveValue('eu');
});

test('members of another organization are shown from their beginning', async ({ page, house }) => {
  const other = await house.api<Made>('POST', '/organizations', { slug: `second-${Date.now()}`, name: 'The second' });
  await house.signIn(page, 'org_admin');
  // A second member of the first organization.
  await house.as('org_owner')('GET', '/session');
  const { account } = await house.as('org_admin')<{ account: Made }>('GET', '/session');
  const path = `/accounts/${account.id}`;
  const { address_proof } = await house.api<{ address_proof: object | null }>('GET', path);
  if (address_proof === null) await house.api('POST', `${path}/vouch`, { reason: 'Known in person.' });
  await house.api('POST', `/organizations/${other.id}/members`, { account_id: account.id, role: 'org_admin' });
  await page.goto(`${house.url}/people?organization_id=${house.organizationId}&members_limit=1`);
  await page.getByRole('button', { name: 'Next' }).click();
  await expect(page).toHaveURL(/members_cursor=/);
  await page.getByRole('combobox', { name: 'Organization' }).click();
  await page.getByRole('option', { name: 'The second' }).click();
  await expect(page).not.toHaveURL(/members_cursor=/);
  await expect(page.getByText('1 in total')).toBeVisible();
  await expect(page.locator('tbody tr')).toHaveCount(1);
});

test('a deployment is called in service only after it answered', async ({ page, house }) => {
  const model = `silent-${Date.now()}`;
  const prices = { input_per_million: '0.05', output_per_million: '0.40' };
  await house.api('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-small', prices });
  await house.api('PUT', `/callable-targets/${model}/access-groups`, { access_groups: ['support'] });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: house.teamId, name: model });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/models?search=${model}`);
  const row = page.locator('tbody tr').first();
  await expect(row).toContainText('Unused');
  expect(await call(house, secret, model)).toBe(200);
  await expect(row).toContainText('In service');
});
