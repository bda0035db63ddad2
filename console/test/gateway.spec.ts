/** Models, credentials, route groups, access groups and the access explorer, as a platform admin uses them and as others may not. */
import type { Page } from '@playwright/test';
import { answerUnsaved, call, confirm, expect, type House, test } from './support.ts';
import { openVendor } from './vendor.ts';

const dialog = (page: Page) => page.getByRole('dialog');

interface Listed<T> {
  readonly data: readonly T[];
}

const keyNamed = async (house: House, name: string) =>
  (await house.api<Listed<{ id: string }>>('GET', `/keys?search=${name}`)).data[0]?.id as string;

test.describe('as a platform admin', () => {
  test.beforeEach(async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
  });

  test('a credential is tried before it is saved, refused with the provider’s words, and its secret never comes back', async ({
    page,
    house,
  }) => {
    const vendor = await openVendor(['gpt-4o-mini', 'house-model']);
    await page.goto(`${house.url}/credentials`);
    await page.getByRole('button', { name: 'Add credential' }).first().click();
    await dialog(page).getByLabel('Name').fill('vendor-main');
    await dialog(page)
      .getByLabel(/^API key/)
      .fill('sk-wrong-0123456789');
    await dialog(page).getByLabel('Base URL').fill(vendor.baseUrl);
    await dialog(page).getByRole('button', { name: 'Test' }).click();
    await expect(dialog(page).getByRole('alert')).toBeVisible();
    await expect(dialog(page).getByRole('alert')).not.toContainText('sk-wrong');
    await dialog(page)
      .getByLabel(/^API key/)
      .fill(vendor.apiKey);
    await expect(dialog(page).getByRole('alert')).toHaveCount(0);
    await dialog(page).getByRole('button', { name: 'Test' }).click();
    await expect(dialog(page).getByText(/^Accepted by the provider/)).toBeVisible();
    await dialog(page).getByRole('button', { name: 'Add credential' }).click();
    await expect(page.getByRole('cell', { name: /vendor-main/ }).first()).toBeVisible();
    await expect(dialog(page)).toHaveCount(0);
    expect(await page.content()).not.toContain(vendor.apiKey);
    await expect(page.getByRole('row', { name: /vendor-main/ }).getByText('nothing', { exact: true })).toBeVisible();

    await page.goto(`${house.url}/models`);
    await page.getByRole('button', { name: 'Add deployment' }).first().click();
    await dialog(page).getByRole('combobox', { name: 'Credential' }).click();
    await page.getByRole('option', { name: /vendor-main/ }).click();
    await expect(dialog(page).getByText('2 models, from the provider.')).toBeVisible();
    await dialog(page).getByRole('combobox', { name: 'Upstream model' }).click();
    await page.getByRole('option', { name: 'gpt-4o-mini' }).click();
    await expect(dialog(page).getByRole('textbox', { name: 'Model', exact: true })).toHaveValue('gpt-4o-mini');
    await expect(dialog(page).getByLabel('Input', { exact: true })).toHaveValue('0.15');
    await dialog(page).getByRole('button', { name: 'Test call' }).click();
    await expect(dialog(page).getByText(/^Answered in/)).toBeVisible();
    expect(vendor.answered()).toBe(1);
    const { data: before } = await house.api<Listed<object>>('GET', '/deployments?model=gpt-4o-mini');
    expect(before).toEqual([]);
    // Two clicks make one deployment.
    await dialog(page).getByRole('button', { name: 'Add deployment' }).dblclick();
    await expect(page.getByRole('heading', { name: 'gpt-4o-mini', exact: true })).toBeVisible();
    const { data: after } = await house.api<Listed<object>>('GET', '/deployments?model=gpt-4o-mini');
    expect(after).toHaveLength(1);
    vendor.close();
  });

  test('what a deployment takes in the present minute stands beside its capacity, and moves by itself', async ({
    page,
    house,
  }) => {
    const { id } = await house.api<{ id: string }>('POST', '/deployments', { ...fake('bounded'), limits: { rpm: 3, tpm: null } });
    await page.goto(`${house.url}/models?search=bounded`);
    const bar = page.getByRole('row', { name: /bounded/ }).getByLabel(/of 3 requests per minute used/);
    await expect(bar).toHaveAttribute('aria-label', '0 of 3 requests per minute used');
    await house.api('PUT', '/callable-targets/bounded/access-groups', { access_groups: ['support'] });
    const { secret } = await house.api<{ secret: string }>('POST', '/keys', {
      team_id: house.teamId,
      name: 'fills a deployment',
    });
    // A minute may end between a call and the look at it; then the next call is seen.
    await expect(async () => {
      expect(await call(house, secret, 'bounded')).toBe(200);
      await expect(bar).toHaveAttribute('aria-label', /^[1-3] of 3 requests per minute used/, { timeout: 8_000 });
    }).toPass();
    await page.goto(`${house.url}/models/${id}`);
    await expect(async () => {
      await call(house, secret, 'bounded');
      await expect(page.getByText(/^[1-9]\d* of 3 requests$/)).toBeVisible({ timeout: 8_000 });
    }).toPass();
  });

  test('a price version is added and what was charged before stays in the list', async ({ page, house }) => {
    const made = await house.api<{ id: string }>('POST', '/deployments', fake('priced'));
    await page.goto(`${house.url}/models/${made.id}`);
    await page.getByRole('button', { name: 'Add price version' }).click();
    await dialog(page).getByLabel('Output', { exact: true }).fill('0.75');
    await dialog(page).getByRole('button', { name: 'Add price version' }).click();
    const versions = page.getByRole('table', { name: 'Price versions' });
    await expect(versions.getByRole('row')).toHaveCount(3);
    await expect(versions.getByRole('row', { name: /In force/ })).toContainText('$0.75 out');
    await expect(versions.getByRole('row', { name: /\$0\.40 out/ })).not.toContainText('In force');
  });

  test('a field that the server refuses says so at its place, and nothing typed is lost', async ({ page, house }) => {
    await page.goto(`${house.url}/models`);
    await page.getByRole('button', { name: 'Add deployment' }).first().click();
    await dialog(page).getByRole('combobox', { name: 'Provider' }).click();
    await page.getByRole('option', { name: 'Fake provider', exact: true }).click();
    await dialog(page).getByRole('combobox', { name: 'Upstream model' }).fill('fake-small');
    await dialog(page).getByRole('textbox', { name: 'Model', exact: true }).fill('support-fast');
    await dialog(page).getByLabel('Input', { exact: true }).fill('cheap');
    await dialog(page).getByRole('button', { name: 'Add deployment' }).click();
    await expect(dialog(page).getByLabel('Input', { exact: true })).toHaveAttribute('aria-invalid', 'true');
    await dialog(page).getByLabel('Input', { exact: true }).fill('0.05');
    await dialog(page).getByRole('button', { name: 'Add deployment' }).click();
    // The name is a route group's: refused, and the dialog keeps what was typed.
    await expect(dialog(page).getByRole('textbox', { name: 'Model', exact: true })).toHaveAttribute('aria-invalid', 'true');
    await expect(dialog(page).getByText('Is already the name of a route group.')).toBeVisible();
    await expect(dialog(page).getByRole('textbox', { name: 'Model', exact: true })).toHaveValue('support-fast');
    await page.keyboard.press('Escape');
    await answerUnsaved(page, 'Keep editing');
    await expect(dialog(page)).toBeVisible();
  });

  test('fallbacks and labels are kept at the model’s name', async ({ page, house }) => {
    const made = await house.api<{ id: string }>('POST', '/deployments', fake('labelled'));
    await page.goto(`${house.url}/models/${made.id}`);
    await page.getByRole('button', { name: 'Access groups' }).click();
    await dialog(page).getByRole('combobox', { name: 'Access groups' }).fill('fresh-group');
    await page.keyboard.press('Enter');
    await expect(dialog(page).getByText('Anyone with fresh-group can call labelled as soon as you save.')).toBeVisible();
    await dialog(page).getByRole('button', { name: 'Save access groups' }).click();
    await expect(page.getByRole('link', { name: 'fresh-group' })).toBeVisible();
    await page.getByRole('button', { name: 'Routing and fallbacks' }).click();
    await dialog(page).getByRole('combobox', { name: 'Fallbacks, in order' }).click();
    await page.getByRole('option', { name: 'fast', exact: true }).click();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await expect(page.getByText('fast, if the caller may call them')).toBeVisible();
    expect(await house.api('GET', '/models/labelled')).toMatchObject({ fallbacks: ['fast'], access_groups: ['fresh-group'] });
  });

  test('an access group whose key is a routing tag warns; a target is labelled and unlabelled', async ({ page, house }) => {
    await page.goto(`${house.url}/access-groups`);
    await page.getByRole('button', { name: 'Create access group' }).first().click();
    await dialog(page).getByLabel('Key').fill('eu');
    await dialog(page).getByRole('button', { name: 'Create access group' }).click();
    await expect(page.getByText(/^"eu" is also a routing tag/)).toBeVisible();
    await expect(page.getByText('No one yet.')).toBeVisible();
    await page.getByRole('combobox', { name: 'Add a target' }).click();
    await page.getByRole('option', { name: 'slow', exact: true }).click();
    await page.getByRole('button', { name: 'Add target' }).click();
    await expect(page.getByText('slow', { exact: true }).first()).toBeVisible();
    expect(await house.api('GET', '/access-groups/eu')).toMatchObject({ members: ['slow'] });
    expect(await house.api('GET', '/models/slow')).toMatchObject({ access_groups: ['beta', 'eu'] });
    await page.getByRole('button', { name: 'Remove slow from the group' }).click();
    await confirm(page, 'Remove from the group');
    await expect(page.getByRole('button', { name: 'Remove slow from the group' })).toHaveCount(0);
    expect(await house.api('GET', '/models/slow')).toMatchObject({ access_groups: ['beta'] });
  });

  test('a route group’s policy is simulated, published, in force at once, and rolled back', async ({ page, house }) => {
    const { data } = await house.api<Listed<{ id: string; members: { weight: number }[] }>>(
      'GET',
      '/route-groups?search=support-fast',
    );
    const group = data[0] as { id: string };
    const weights = async () =>
      (await house.api<{ members: { weight: number }[] }>('GET', `/route-groups/${group.id}`)).members
        .map(({ weight }) => weight)
        .sort();
    await page.goto(`${house.url}/route-groups/${group.id}`);
    const policy = page.getByRole('region', { name: 'Policy' });
    await policy.getByRole('group', { name: 'Member 1' }).getByLabel('Weight').fill('9');
    await expect(policy.getByText('Not published')).toBeVisible();
    await policy.getByRole('button', { name: /^Simulate/ }).click();
    await expect(page.getByRole('status', { name: 'Simulation' })).toContainText('90');
    expect(await weights()).toEqual([1, 3]);
    await policy.getByRole('button', { name: 'Publish' }).click();
    await expect(policy.getByText('Not published')).toHaveCount(0);
    expect(await weights()).toEqual([1, 9]);
    await page
      .getByRole('button', { name: /^Roll back to/ })
      .first()
      .click();
    await dialog(page).getByRole('button', { name: 'Roll back' }).click();
    await expect.poll(weights).toEqual([1, 3]);
  });

  test('a policy typed as JSON says what is wrong with it and is not published', async ({ page, house }) => {
    const { data } = await house.api<Listed<{ id: string }>>('GET', '/route-groups?search=support-fast');
    await page.goto(`${house.url}/route-groups/${data[0]?.id}`);
    const policy = page.getByRole('region', { name: 'Policy' });
    await policy.getByText('JSON').click();
    await policy.getByLabel('Policy as JSON').fill('{"strategy": "fastest", "members": []}');
    await expect(policy.getByText('"strategy" must be one of "weighted", "priority",')).toBeVisible();
    await expect(policy.getByRole('button', { name: 'Publish' })).toBeDisabled();
  });

  test('the explorer says what a key can call and which level says no', async ({ page, house }) => {
    await page.goto(`${house.url}/access?key=${await keyNamed(house, 'helpdesk')}`);
    const answer = page.getByRole('table', { name: 'What the key can call' });
    await expect(answer.getByRole('row', { name: /^fast/ })).toContainText('Yes');
    await expect(answer.getByRole('row', { name: /^fast/ })).toContainText('Access group support');
    await expect(answer.getByRole('row', { name: /^smart/ })).toContainText('the team’s restriction excludes it');
    await answer.getByRole('link', { name: 'fast', exact: true }).click();
    await page.getByRole('tab', { name: /^Keys/ }).click();
    await expect(
      page.getByRole('table', { name: 'Keys that can call fast' }).getByRole('link', { name: 'helpdesk app' }),
    ).toBeVisible();
  });

  test('the explorer says of a target who cannot call it, each with the level that says no', async ({ page, house }) => {
    await house.api('POST', '/organizations', { name: 'Granted nothing', slug: 'granted-nothing' });
    await page.goto(`${house.url}/access?ask=target&target=smart`);
    await page.getByText('Who cannot, and why').click();
    await expect(page).toHaveURL(/who=cannot/);
    await expect(
      page.getByRole('table', { name: 'Organizations that cannot call smart' }).getByRole('row', { name: /Granted nothing/ }),
    ).toContainText('The organization is not granted it.');
    await page.getByRole('tab', { name: /^Keys/ }).click();
    const keys = page.getByRole('table', { name: 'Keys that cannot call smart' });
    await expect(keys.getByRole('row', { name: /helpdesk app/ })).toContainText('the team’s restriction excludes it');
    await page.getByText('Who can', { exact: true }).click();
    const able = page.getByRole('table', { name: 'Keys that can call smart' });
    await expect(able.getByRole('row').nth(1)).toBeVisible();
    await expect(able.getByRole('row', { name: /helpdesk app/ })).toHaveCount(0);
  });
});

test('a platform auditor sees everything of the gateway and changes nothing', async ({ page, house }) => {
  await house.signIn(page, 'platform_auditor');
  for (const [address, name] of [
    ['/models', 'Add deployment'],
    ['/credentials', 'Add credential'],
    ['/route-groups', 'Create route group'],
    ['/access-groups', 'Create access group'],
  ] as const) {
    await page.goto(house.url + address);
    const button = page.getByRole('button', { name }).first();
    await expect(button).toHaveAttribute('aria-disabled', 'true');
    await button.click({ force: true });
    await expect(dialog(page)).toHaveCount(0);
  }
});

test('the page of models says to a member that they may not read them, and does not ask without an end', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'org_member');
  const asked = new Map<string, number>();
  page.on('request', (request) => {
    if (request.url().includes('/deployments')) asked.set(request.url(), (asked.get(request.url()) ?? 0) + 1);
  });
  await page.goto(`${house.url}/models`);
  await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeVisible();
  const failed = page.getByRole('alert', { name: 'Not allowed' });
  await expect(failed.getByText('Ask an admin for a role that has it')).toBeVisible();
  await page.waitForTimeout(3_000);
  expect(Math.max(...asked.values())).toBeLessThanOrEqual(3);
  const sum = () => [...asked.values()].reduce((all, count) => all + count, 0);
  const before = sum();
  await failed.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(sum).toBeGreaterThan(before);
});

test('the gateway’s pages are not in the navigation of an organization’s owner', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  await page.goto(house.url);
  const navigation = page.getByRole('navigation', { name: 'Main' });
  await expect(navigation.getByRole('link', { name: 'Access explorer' })).toBeVisible();
  for (const name of ['Models', 'Credentials', 'Route groups', 'Access groups'])
    await expect(navigation.getByRole('link', { name, exact: true })).toHaveCount(0);
});

function fake(model: string) {
  return {
    model,
    provider: 'fake',
    upstream_model: 'fake-small',
    mode: 'chat',
    prices: { input_per_million: '0.05', output_per_million: '0.40' },
  };
}
