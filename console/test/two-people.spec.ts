/** Two people who change one thing of the gateway at once: both versions are shown, and nothing typed is lost. */
import type { Page } from '@playwright/test';
import { expect, test } from './support.ts';

interface Listed<T> {
  readonly data: readonly T[];
}

const dialog = (page: Page) => page.getByRole('dialog');
const conflictOf = (page: Page) => page.getByRole('dialog', { name: /was changed by someone else/ });

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('a deployment: what both changed is chosen field by field, what only they changed is taken over', async ({
  page,
  house,
}) => {
  const { id } = await house.api<{ id: string }>('POST', '/deployments', fake('edited-by-two'));
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog(page).getByLabel('Output', { exact: true }).fill('0.90');
  await dialog(page).getByLabel('Capacity: requests per minute').fill('70');
  await house.api('PATCH', `/deployments/${id}`, { limits: { rpm: 50, tpm: null }, tags: ['eu'] });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  const conflict = conflictOf(page);
  await expect(conflict.getByRole('radiogroup', { name: 'Capacity' })).toContainText('Requests per minute: 70');
  await expect(conflict.getByRole('radiogroup', { name: 'Capacity' })).toContainText('Requests per minute: 50');
  await expect(conflict.getByRole('radiogroup')).toHaveCount(1);
  await expect(conflict).toContainText('Also kept from the other change: Routing tags.');
  await conflict
    .getByRole('radiogroup', { name: 'Capacity' })
    .getByRole('radio', { name: /^Theirs/ })
    .check();
  await conflict.getByRole('button', { name: 'Use the chosen versions' }).click();
  await expect(dialog(page).getByLabel('Output', { exact: true })).toHaveValue('0.90');
  await expect(dialog(page).getByLabel('Capacity: requests per minute')).toHaveValue('50');
  expect(await house.api('GET', `/deployments/${id}`)).toMatchObject({ prices: { output_per_million: '0.40' } });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', `/deployments/${id}`)).toMatchObject({
    prices: { output_per_million: '0.90' },
    limits: { rpm: 50 },
    tags: ['eu'],
  });
});

test('a price: the second version is not added before its author has seen the first', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/deployments', fake('priced-by-two'));
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Add price version' }).click();
  await dialog(page).getByLabel('Output', { exact: true }).fill('0.75');
  await house.api('POST', '/prices', {
    deployment_id: id,
    prices: { input_per_million: '0.05', output_per_million: '0.60' },
  });
  await dialog(page).getByRole('button', { name: 'Add price version' }).click();
  await expect(conflictOf(page)).toContainText('Output: $0.75');
  await expect(conflictOf(page)).toContainText('Output: $0.60');
  expect((await house.api<Listed<object>>('GET', `/prices?deployment_id=${id}`)).data).toHaveLength(2);
  await conflictOf(page).getByRole('button', { name: 'Use the chosen versions' }).click();
  await dialog(page).getByRole('button', { name: 'Add price version' }).click();
  await expect(page.getByRole('table', { name: 'Price versions' }).getByRole('row', { name: /In force/ })).toContainText(
    '$0.75 out',
  );
});

test('a credential: a key that was replaced meanwhile is not replaced again unseen, and neither is shown', async ({
  page,
  house,
}) => {
  const { id } = await house.api<{ id: string }>('POST', '/credentials', {
    name: 'shared-by-two',
    provider: 'openai',
    api_key: 'sk-first-00001111',
  });
  await page.goto(`${house.url}/credentials?search=shared-by-two`);
  await page.getByRole('button', { name: 'Actions for shared-by-two' }).click();
  await page.getByRole('menuitem', { name: 'Edit or rotate' }).click();
  await dialog(page).getByLabel('Name').fill('shared, renamed');
  await dialog(page).getByLabel('New API key').fill('sk-mine-00003333');
  await house.api('PATCH', `/credentials/${id}`, { api_key: 'sk-theirs-00002222' });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  const keys = conflictOf(page).getByRole('radiogroup', { name: 'API key' });
  await expect(keys).toContainText('the key typed here');
  await expect(keys).toContainText('the stored key, …2222');
  await expect(keys).not.toContainText('3333');
  await keys.getByRole('radio', { name: /^Theirs/ }).check();
  await conflictOf(page).getByRole('button', { name: 'Use the chosen versions' }).click();
  await expect(dialog(page).getByLabel('New API key')).toHaveValue('');
  await expect(dialog(page).getByLabel('Name')).toHaveValue('shared, renamed');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', `/credentials/${id}`)).toMatchObject({ name: 'shared, renamed', last_four: '2222' });
});

test('an access group, a model’s routing and a route group’s fallbacks', async ({ page, house }) => {
  await house.api('POST', '/access-groups', { key: 'named-by-two', name: 'first' });
  await page.goto(`${house.url}/access-groups/named-by-two`);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await dialog(page).getByLabel('Name').fill('mine');
  await house.api('PATCH', '/access-groups/named-by-two', { name: 'theirs', description: 'What it is for.' });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(conflictOf(page)).toContainText('theirs');
  await conflictOf(page).getByRole('button', { name: 'Use the chosen versions' }).click();
  await expect(dialog(page).getByLabel('Description')).toHaveValue('What it is for.');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', '/access-groups/named-by-two')).toMatchObject({ name: 'mine', description: 'What it is for.' });

  const { id } = await house.api<{ id: string }>('POST', '/deployments', fake('routed-by-two'));
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Routing and fallbacks' }).click();
  await dialog(page).getByRole('combobox', { name: 'Fallbacks, in order' }).click();
  await page.getByRole('option', { name: 'fast', exact: true }).click();
  await house.api('PATCH', '/models/routed-by-two', { strategy: 'weighted' });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await conflictOf(page).getByRole('button', { name: 'Keep both changes' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', '/models/routed-by-two')).toMatchObject({ strategy: 'weighted', fallbacks: ['fast'] });
});

test('a policy: what is typed stays while another is published, and is published only over what was seen', async ({
  page,
  house,
}) => {
  const { id: deployment_id } = await house.api<{ id: string }>('POST', '/deployments', fake('policed'));
  const members = (weight: number) => [{ deployment_id, weight, priority: 0 }];
  const { id } = await house.api<{ id: string }>('POST', '/route-groups', {
    key: 'policed-by-two',
    strategy: 'weighted',
    members: members(1),
  });
  const weight = async () =>
    (await house.api<{ members: { weight: number }[] }>('GET', `/route-groups/${id}`)).members[0]?.weight;
  await page.goto(`${house.url}/route-groups/${id}`);
  const policy = page.getByRole('region', { name: 'Policy' });
  await policy.getByLabel('Weight').fill('7');
  await house.api('POST', `/route-groups/${id}/policy/publish`, { policy: { strategy: 'weighted', members: members(5) } });
  await policy.getByRole('button', { name: 'Publish' }).click();
  const conflict = conflictOf(page);
  await expect(conflict).toContainText('policed · fake-small: weight 7, priority 0');
  await expect(conflict).toContainText('policed · fake-small: weight 5, priority 0');
  expect(await weight()).toBe(5);
  await conflict.getByRole('button', { name: 'Back to editing' }).last().click();
  await expect(policy.getByText('Someone else published another policy')).toBeVisible();
  await expect(policy.getByLabel('Weight')).toHaveValue('7');
  await policy.getByRole('button', { name: 'Publish' }).click();
  await conflict.getByRole('button', { name: 'Use the chosen versions' }).click();
  await policy.getByRole('button', { name: 'Publish' }).click();
  await expect(policy.getByText('Not published')).toHaveCount(0);
  expect(await weight()).toBe(7);
});

test('a key that both moved: the teams and the owner are called by their names', async ({ page, house }) => {
  const team = (name: string) =>
    house.api<{ id: string; name: string }>('POST', `/organizations/${house.organizationId}/teams`, { name });
  const [mine, theirs] = [await team(`Mine ${Date.now()}`), await team(`Theirs ${Date.now()}`)];
  const { account } = await house.as('team_developer')<{ account: { id: string; name: string } }>('GET', '/session');
  await house.api('POST', `/teams/${theirs.id}/members`, { account_id: account.id, role: 'team_developer' });
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name: 'moved-by-two' });
  await page.goto(`${house.url}/keys/${id}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog(page).getByRole('combobox', { name: 'Team' }).click();
  await page.getByRole('option', { name: mine.name }).click();
  await house.api('PATCH', `/keys/${id}`, { team_id: theirs.id, owner: { account_id: account.id } });
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  const teams = conflictOf(page).getByRole('radiogroup', { name: 'Team' });
  await expect(teams).toContainText(mine.name);
  await expect(teams).toContainText(theirs.name);
  const owners = conflictOf(page).getByRole('radiogroup', { name: 'Owner' });
  await expect(owners).toContainText(`The default service account of ${mine.name}`);
  await expect(owners).toContainText(account.name);
  await expect(conflictOf(page)).not.toContainText(/(team|svc|acct)_/);
  await teams.getByRole('radio', { name: /^Theirs/ }).check();
  await owners.getByRole('radio', { name: /^Theirs/ }).check();
  await conflictOf(page).getByRole('button', { name: 'Use the chosen versions' }).click();
  await expect(dialog(page).getByRole('combobox', { name: 'Team' })).toHaveValue(theirs.name);
  expect(await house.api('GET', `/keys/${id}`)).toMatchObject({ team_id: theirs.id, owner: { account_id: account.id } });
});

test('labels: one takes a label and another gives one at the same time, and both hold', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/deployments', fake('labelled-by-two'));
  await house.api('PUT', '/callable-targets/labelled-by-two/access-groups', { access_groups: ['first', 'second'] });
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Access groups' }).click();
  await dialog(page).getByRole('combobox', { name: 'Access groups' }).fill('mine');
  await page.keyboard.press('Enter');
  await house.api('PUT', '/callable-targets/labelled-by-two/access-groups', { access_groups: ['first', 'theirs'] });
  await dialog(page).getByRole('button', { name: 'Save access groups' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', '/models/labelled-by-two')).toMatchObject({ access_groups: ['first', 'mine', 'theirs'] });
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
