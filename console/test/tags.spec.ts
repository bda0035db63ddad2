/** Tags: set on a deployment, an organization, a team and a key; named in the playground; shown in a request's decision and in usage. */
import { expect, type House, type Page, test } from './support.ts';

interface Made {
  readonly id: string;
}

const dialog = (page: Page) => page.getByRole('dialog');
const prices = { input_per_million: '1.00', output_per_million: '2.00' };

function deploy(house: House, model: string, tags: readonly string[]): Promise<Made> {
  return house.api('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat', prices, tags });
}

async function type(page: Page, label: string, ...tags: readonly string[]): Promise<void> {
  const field = dialog(page).getByRole('combobox', { name: label });
  for (const tag of tags) {
    await field.fill(tag);
    await field.press('Enter');
  }
  // The list of suggestions lies over the next field until it closes.
  await field.blur();
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('an organization, a team and a key are given tags in their dialogs, and their pages show them', async ({ page, house }) => {
  const slug = `tagged-${Date.now()}`;
  const organization = await house.api<Made>('POST', '/organizations', { slug, name: 'Tagged' });
  await page.goto(`${house.url}/organizations/${organization.id}?tab=settings`);
  await page.getByRole('button', { name: 'Edit', exact: true }).first().click();
  await type(page, 'Default tags', 'eu', 'eu west');
  await type(page, 'Required tags', 'zdr');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page).getByText(/^A tag must be 1 to 64 letters/)).toBeVisible();
  await dialog(page).getByRole('combobox', { name: 'Default tags' }).press('Backspace');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
  await expect(row('Default tags')).toContainText('eu');
  await expect(row('Required tags')).toContainText('zdr');

  const team = await house.api<Made>('POST', `/organizations/${organization.id}/teams`, { name: 'Taggers' });
  await page.goto(`${house.url}/teams/${team.id}`);
  await page.getByRole('button', { name: 'Edit', exact: true }).first().click();
  await dialog(page).getByRole('button', { name: /^Tags/ }).click();
  await type(page, 'Default tags', 'us');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await house.api('GET', `/teams/${team.id}`)).toMatchObject({ default_tags: ['us'], required_tags: [] });
  await expect(page.locator('dl', { hasText: 'Default tags' })).toContainText('us');

  await page.goto(`${house.url}/keys`);
  await page.getByRole('button', { name: 'Create key' }).first().click();
  await dialog(page).getByRole('combobox', { name: 'Team' }).fill('Taggers');
  await page.getByRole('option', { name: /Taggers/ }).click();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('tagged key');
  await dialog(page).getByRole('button', { name: /^Tags/ }).click();
  await type(page, 'Required tags', 'batch');
  await dialog(page).getByRole('combobox', { name: 'Tags that requests name' }).click();
  await page.getByRole('option', { name: 'Are labels only' }).click();
  await expect(dialog(page).getByRole('button', { name: /^Tags/ })).toContainText('Requires batch');
  await dialog(page).getByRole('button', { name: 'Create key' }).click();
  await expect(page.getByText('Key tagged key is ready')).toBeVisible();
  const { data } = await house.api<{ data: object[] }>('GET', `/keys?team_id=${team.id}`);
  expect(data).toMatchObject([{ default_tags: [], required_tags: ['batch'], caller_tags: 'attribute' }]);
});

test('a deployment that requests without tags pass over is told on the Models page until that is closed, and on its own', async ({
  page,
  house,
}) => {
  const model = `passed-${Date.now()}`;
  await deploy(house, model, []);
  const tagged = await deploy(house, model, ['eu']);
  await page.goto(`${house.url}/models`);
  const notice = page.getByRole('alert').filter({ hasText: /deployments? gets? only requests with/ });
  await expect(notice.getByRole('link', { name: new RegExp(`${model} · fake-small \\(eu\\)`) })).toBeVisible();
  await notice.getByRole('link', { name: 'Show only these' }).click();
  await expect(page.getByRole('row', { name: new RegExp(model) })).toHaveCount(1);
  await page.getByRole('button', { name: 'Remove the filter Only requests with tags' }).click();
  await notice.getByRole('button', { name: 'Close this notice' }).click();
  await expect(notice).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole('row', { name: new RegExp(model) })).toHaveCount(2);
  await expect(notice).toHaveCount(0);
  await page.goto(`${house.url}/models/${tagged.id}`);
  await expect(page.getByText(`Another deployment of ${model} has no tags, and gets every request without tags.`)).toBeVisible();
});

test('the playground names tags; the request shows what they left, and usage is grouped by them', async ({ page, house }) => {
  const model = `routed-${Date.now()}`;
  await deploy(house, model, []);
  const tagged = await deploy(house, model, ['eu']);
  const all = { slug: model, name: 'Names tags', asset_access: { mode: 'all' } };
  const { id: organizationId } = await house.api<Made>('POST', '/organizations', all);
  const team = await house.api<Made>('POST', `/organizations/${organizationId}/teams`, { name: 'Naming' });
  const key = await house.api<Made>('POST', '/keys', { team_id: team.id, name: 'names tags', default_tags: ['us'] });
  await page.goto(`${house.url}/playground?key=${key.id}&model=${model}`);
  const tags = page.getByRole('combobox', { name: 'Tags' });
  for (const tag of ['eu', 'project-x']) {
    await tags.fill(tag);
    await tags.press('Enter');
  }
  await page.getByLabel('Message', { exact: true }).fill('Hello');
  await page.getByLabel('Message', { exact: true }).press('Enter');
  const turn = page.getByRole('article', { name: 'Question 1' });
  await expect(turn.getByText(/\d+ in, \d+ out/)).toBeVisible();
  await turn.getByRole('link', { name: /^req_/ }).click();
  const left = page.getByRole('table', { name: 'Deployments that match the tags' });
  await expect(left.getByRole('row', { name: new RegExp(model) })).toContainText('eu');
  await expect(left.getByRole('link')).toHaveCount(1);
  await expect(left.getByRole('link')).toHaveAttribute('href', new RegExp(tagged.id));
  await expect(page.getByRole('region', { name: 'Tags' })).toContainText('project-x');
  await expect(page.getByRole('region', { name: 'Details' })).toContainText('project-x');

  await expect
    .poll(async () => {
      const { data } = await house.api<{ data: object[] }>('GET', `/usage?group_by=tag&key_id=${key.id}`);
      return data.length;
    })
    .toBeGreaterThan(1);
  await page.goto(`${house.url}/usage?group_by=tag&key_id=${key.id}&range=24h`);
  for (const tag of ['eu', 'project-x']) await expect(page.getByRole('row', { name: new RegExp(`^${tag}`) })).toBeVisible();
});
