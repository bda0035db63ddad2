/** Organizations, as people use the console: listed, made in one dialog, opened, changed with the effect shown, and never changed unseen by two. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { answerUnsaved, call, expect, type House, test } from './support.ts';

interface Organization {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly rate_limits: Readonly<Record<string, number | null>>;
  readonly budgets: readonly { readonly amount: string; readonly period: string }[];
  readonly asset_access: {
    readonly mode: string;
    readonly targets: readonly string[];
    readonly access_groups: readonly string[];
  };
}

async function create(house: House, name: string, body: object = {}): Promise<Organization> {
  const slug = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${Date.now()}`.slice(0, 63);
  return await house.api<Organization>('POST', '/organizations', { slug, name, ...body });
}

const read = (house: House, id: string) => house.api<Organization>('GET', `/organizations/${id}`);
const dialog = (page: Page) => page.getByRole('dialog');
/** The organization's own limit, which stands before those for models. */
const limitField = (page: Page, label: string) => dialog(page).getByRole('textbox', { name: label }).first();
const save = (page: Page) => dialog(page).getByRole('button', { name: /^Save/ });

/** One call of the demo key. Returns the status. */
async function callDemo(house: House, model: string): Promise<number> {
  const key = /sk-hg-\w+/.exec(readFileSync(path.join(house.gateway.dataDir, 'demo-key.txt'), 'utf8'))?.[0];
  return call(house, key ?? '', model);
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('an organization is made in one dialog with its budget, limits and access, and opened', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations`);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Globex Research');
  await expect(dialog(page).getByLabel('Slug')).toHaveValue('globex-research');
  await dialog(page).getByRole('button', { name: 'Add budget' }).click();
  await dialog(page).getByLabel('Amount').fill('250.00');
  await expect(dialog(page).getByText(/^Next reset:/)).toContainText('(UTC)');
  await limitField(page, 'Requests per minute').fill('300');
  await expect(dialog(page).getByText('At most 300 in any 60 seconds.')).toBeVisible();
  await limitField(page, 'Tokens per day').fill('0');
  await expect(dialog(page).getByText('Blocked: every request is refused.')).toBeVisible();
  await expect(dialog(page).getByText('This organization can call 0 targets.')).toBeVisible();
  await dialog(page).getByRole('radio', { name: 'Selected' }).check();
  await dialog(page)
    .getByRole('checkbox', { name: /^smart/ })
    .check();
  await dialog(page).getByRole('searchbox', { name: 'Search access groups' }).fill('later');
  await dialog(page)
    .getByRole('checkbox', { name: /^later/ })
    .check();
  await expect(dialog(page).getByText('This organization can call 1 target.')).toBeVisible();
  await dialog(page).getByRole('radio', { name: 'Metadata' }).check();
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  await expect(page.getByRole('heading', { name: 'Globex Research' })).toBeVisible();
  const id = page.url().split('/').at(-1)?.split('?')[0] ?? '';
  const stored = await read(house, id);
  expect(stored.rate_limits).toMatchObject({ rpm: 300, tpm: null, tpd: 0 });
  expect(stored.budgets).toMatchObject([{ amount: '250.00', period: 'month' }]);
  expect(stored.asset_access).toMatchObject({ mode: 'selected', targets: ['smart'], access_groups: ['later'] });
});

test('whoever types a new access group that is a routing tag too is told that tags authorize nothing', async ({
  page,
  house,
}) => {
  const warning = page.getByText('"us" is also a routing tag.', { exact: false });
  await page.goto(`${house.url}/organizations?create=organization`);
  await dialog(page).getByRole('radio', { name: 'Selected' }).check();
  const search = dialog(page).getByRole('searchbox', { name: 'Search access groups' });
  await search.fill('us');
  await expect(warning).toBeVisible();
  await dialog(page).getByRole('checkbox', { name: /^us/ }).check();
  await expect(warning).toBeVisible();
  await search.fill('usable');
  await expect(dialog(page).getByRole('checkbox', { name: /^usable/ })).toBeVisible();
  await expect(page.getByText(/is also a routing tag/)).toBeHidden();
  await page.goto(`${house.url}/access-groups`);
  await page.getByRole('button', { name: 'Create access group' }).click();
  await dialog(page).getByLabel('Key').fill('us');
  await expect(warning).toBeVisible();
  await dialog(page).getByLabel('Key').fill('use');
  await expect(page.getByText(/is also a routing tag/)).toBeHidden();
});

test('a double click on create makes one organization', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations?create=organization`);
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Twice Once');
  await dialog(page).getByRole('button', { name: 'Create organization' }).dblclick();
  await expect(page.getByRole('heading', { name: 'Twice Once' })).toBeVisible();
  const { data } = await house.api<{ data: Organization[] }>('GET', '/organizations?search=Twice%20Once');
  expect(data).toHaveLength(1);
});

test('what the server refuses stands at its field, and nothing typed is lost', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations?create=organization`);
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Bad Slug');
  await dialog(page).getByLabel('Slug').fill('Not A Slug');
  await limitField(page, 'Requests per minute').fill('7');
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  await expect(dialog(page).getByText(/must be 1 to 63 lower-case/i)).toBeVisible();
  await expect(limitField(page, 'Requests per minute')).toHaveValue('7');
  await dialog(page).getByLabel('Slug').fill('acme');
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  await expect(dialog(page).getByRole('alert').first()).toBeVisible();
  const { data } = await house.api<{ data: Organization[] }>('GET', '/organizations?search=Bad%20Slug');
  expect(data).toHaveLength(0);
});

test('a half-filled dialog asks before it is closed', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations?create=organization`);
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Half');
  await page.keyboard.press('Escape');
  await answerUnsaved(page, 'Keep editing');
  await expect(dialog(page).getByLabel('Name', { exact: false }).first()).toHaveValue('Half');
  await page.keyboard.press('Escape');
  await answerUnsaved(page, 'Discard changes');
  await expect(dialog(page)).toBeHidden();
});

test('the effect is shown before a change is saved, and nothing is stored until then', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations/${house.organizationId}?edit=organization`);
  const before = await read(house, house.organizationId);
  await dialog(page).getByRole('button', { name: 'Remove smart' }).click();
  await expect(dialog(page).getByText(/can no longer be called: smart/)).toBeVisible();
  await expect(save(page)).toHaveText('Save and apply');
  expect((await read(house, house.organizationId)).asset_access).toEqual(before.asset_access);
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await answerUnsaved(page, 'Discard changes');
  expect((await read(house, house.organizationId)).asset_access).toEqual(before.asset_access);
});

// promise: `If-Match` is optional; the console always sends it.
test('two people editing the same organization see both versions and lose nothing', async ({ page, house }) => {
  const { id } = await create(house, 'Contested');
  await page.goto(`${house.url}/organizations/${id}?edit=organization`);
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Mine');
  await limitField(page, 'Requests per minute').fill('100');
  await house.api('PATCH', `/organizations/${id}`, { name: 'Theirs', rate_limits: { tpm: 5_000 } });
  await save(page).click();
  const conflict = page.getByRole('dialog', { name: /was changed by someone else/ });
  await expect(conflict.getByText('Theirs', { exact: true })).toBeVisible();
  await expect(conflict.getByText('Mine', { exact: true })).toBeVisible();
  await conflict
    .getByRole('group', { name: 'Name' })
    .or(conflict.getByRole('radiogroup', { name: 'Name' }))
    .getByLabel('Theirs (already saved)')
    .check();
  await conflict.getByRole('button', { name: 'Use the chosen versions' }).click();
  await expect(dialog(page).getByLabel('Name', { exact: false }).first()).toHaveValue('Theirs');
  await save(page).click();
  await expect(dialog(page)).toBeHidden();
  const stored = await read(house, id);
  expect(stored.name).toBe('Theirs');
  expect(stored.rate_limits.rpm).toBe(100);
});

test('the list filters by standing on the server, with counts, and keeps it in the address', async ({ page, house }) => {
  const { id, name } = await create(house, 'Sleeping Beauty');
  await house.api('POST', `/organizations/${id}/suspend`);
  await page.goto(`${house.url}/organizations`);
  const pill = page.getByRole('group', { name: 'Status' }).getByRole('button', { name: /^Suspended/ });
  await expect(pill).not.toHaveText('Suspended0', { timeout: 20_000 });
  await pill.click();
  await expect(page).toHaveURL(/status=suspended/);
  await expect(page.getByRole('link', { name })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Acme', exact: true })).toHaveCount(0);
  await page.reload();
  await expect(pill).toHaveAttribute('aria-pressed', 'true');
});

test('several are suspended at once, and it is undone', async ({ page, house }) => {
  const made = [await create(house, 'Bulk One'), await create(house, 'Bulk Two')];
  await page.goto(`${house.url}/organizations?search=Bulk`);
  for (const { name } of made)
    await page
      .getByRole('row', { name: new RegExp(name) })
      .getByRole('checkbox')
      .check();
  await page.getByRole('region', { name: 'Selected organizations' }).getByRole('button', { name: 'Suspend' }).click();
  await page.getByRole('button', { name: 'Suspend 2 organizations' }).click();
  await expect(page.getByText('2 organizations suspended.')).toBeVisible();
  for (const { id } of made) expect((await read(house, id)).status).toBe('suspended');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(async () => (await read(house, made[0]?.id ?? '')).status).toBe('active');
});

test('archiving wants the name, and an archived one can be deleted with a report of what goes', async ({ page, house }) => {
  const { id, name } = await create(house, 'Doomed');
  await page.goto(`${house.url}/organizations/${id}`);
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Archive' }).click();
  const confirm = dialog(page).getByRole('button', { name: 'Archive' });
  await expect(confirm).toBeDisabled();
  await dialog(page).getByLabel(/Type/).fill(name);
  await confirm.click();
  await expect.poll(async () => (await read(house, id)).status).toBe('archived');
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete permanently' }).click();
  await expect(dialog(page).getByText(/0 teams, 0 memberships, 0 keys/)).toBeVisible();
  await dialog(page).getByLabel(/Type/).fill(name);
  await dialog(page).getByRole('button', { name: 'Delete permanently' }).click();
  await expect(page).toHaveURL(/\/organizations$/);
  await expect(read(house, id)).rejects.toThrow(/404/);
});

test('the gauges of an organization move while one looks', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations/${house.organizationId}`);
  const gauges = page.getByRole('region', { name: 'Requests and tokens now' });
  await expect(gauges.getByText('Live')).toBeVisible();
  const before = await gauges.textContent();
  expect(await callDemo(house, 'fast')).toBe(200);
  await expect.poll(() => gauges.textContent()).not.toBe(before);
  await expect(gauges.getByText(/^[1-9]\d* used/).first()).toBeVisible();
});

test('what was spent by model stands as a chart by day, and as a table, with every digit on hover', async ({ page, house }) => {
  expect(await callDemo(house, 'fast')).toBe(200);
  const path = `/organizations/${house.organizationId}/usage?group_by=model&interval=day`;
  const linesOf = async () => (await house.api<{ data: { model: string | null; spend: string }[] }>('GET', path)).data;
  await expect.poll(async () => (await linesOf()).length).toBeGreaterThan(0);
  await page.goto(`${house.url}/organizations/${house.organizationId}`);
  const panel = page.getByRole('region', { name: '30-day spend by model' });
  await expect(panel.getByRole('img', { name: 'Spend per day by model' })).toBeVisible();
  await panel.getByRole('button', { name: 'Show as a table' }).press('Enter');
  const table = panel.getByRole('table', { name: 'Spend per day by model' });
  for (const { model, spend } of await linesOf()) {
    // What is free of charge may name no model.
    if (model === null) continue;
    await expect(table.getByRole('columnheader', { name: model, exact: true })).toBeVisible();
    await expect(table.getByTitle(`$${spend}`, { exact: true })).toBeVisible();
  }
  await page.reload();
  await expect(table).toBeVisible();
});

test('every form of budget has a history that counts what the budget counts', async ({ page, house }) => {
  const organization = `/organizations/${house.organizationId}`;
  const before = await house.api<{ budgets: readonly { id: string }[] }>('GET', organization);
  const budgets = [
    { amount: '10.00', period: 'month' },
    { amount: '11.00', period: 'month', target: 'fa*' },
    { amount: '12.00', period: 'month', access_group: 'support' },
    { amount: '13.00', period: 'rolling', hours: 24 },
    { amount: '14.00', period: 'total' },
    { amount: '15.00', period: 'month', target: 'never-called*' },
  ];
  await house.api('PATCH', organization, { budgets });
  expect(await callDemo(house, 'fast')).toBe(200);
  const requestsOf = async () => {
    const history = await house.api<{ budgets: { periods: { requests: number }[] }[] }>('GET', `${organization}/limits/history`);
    return history.budgets.map(({ periods }) => periods[0]?.requests ?? 0);
  };
  await expect.poll(async () => (await requestsOf())[0]).toBeGreaterThan(0);
  await page.goto(`${house.url}${organization}?tab=limits`);
  const newest = (title: string) =>
    page
      .getByRole('region', { name: `${title}: history` })
      .locator('tbody tr')
      .first();
  const [all, prefix, , rolling, total] = await requestsOf();
  await expect(newest('$10.00 per month').getByRole('cell').nth(1)).toHaveText(String(all));
  await expect(newest('$11.00 per month for fa*').getByRole('cell').nth(1)).toHaveText(String(prefix));
  await expect(newest('$12.00 per month for the access group support')).toBeVisible();
  await expect(newest('$13.00 in any 24 hours').getByRole('cell').nth(1)).toHaveText(String(rolling));
  await expect(newest('$14.00 in total')).toContainText('Since');
  await expect(newest('$14.00 in total').getByRole('cell').nth(1)).toHaveText(String(total));
  await expect(newest('$15.00 per month for never-called*').getByRole('cell').nth(1)).toHaveText('0');
  await house.api('PATCH', organization, { budgets: before.budgets.map(({ id: _, ...budget }) => budget) });
});

test('every tab of an organization opens', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations/${house.organizationId}`);
  for (const name of ['Teams', 'Members', 'Keys', 'Asset access', 'Limits & budgets', 'Usage', 'Audit', 'Settings', 'Overview']) {
    await page.getByRole('tab', { name }).click();
    await expect(page.getByRole('tabpanel')).not.toBeEmpty();
    await expect(page.getByText('That did not work')).toHaveCount(0);
    await expect(page.getByText('Not found')).toHaveCount(0);
  }
});

test('a refusal is explained in one sentence, and raising the limit lets the call pass', async ({ page, house }) => {
  const limit = (rpm: number) => house.api('PATCH', `/organizations/${house.organizationId}`, { rate_limits: { rpm } });
  await limit(0);
  expect(await callDemo(house, 'fast')).toBe(429);
  await page.goto(`${house.url}/organizations/${house.organizationId}`);
  await expect(page.getByRole('region', { name: 'Recent refusals' })).toContainText(/organization/i);
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await limitField(page, 'Requests per minute').fill('600');
  await save(page).click();
  await expect(dialog(page)).toBeHidden();
  expect(await callDemo(house, 'fast')).toBe(200);
});

test('who in it can call a target is answered beside the grant', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=access`);
  await page.getByRole('button', { name: 'Who can call it? smart' }).click();
  await expect(dialog(page).getByRole('region', { name: 'Teams' })).toContainText(/\w/);
});

test('an invited person gets a link that is shown once', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=members`);
  await page.getByRole('button', { name: 'Add person' }).click();
  await dialog(page).getByLabel('E-mail').fill('newcomer@acme.test');
  await dialog(page).getByRole('button', { name: 'Invite person' }).click();
  await expect(page.getByRole('textbox', { name: 'Link' })).toHaveValue(/\/invitation\?token=/);
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('region', { name: 'Pending invitations' })).toContainText('newcomer@acme.test');
});

test('an owner finds limits, budgets and grants disabled with the reason, and changes the name', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations`);
  await expect(page.getByRole('button', { name: 'Create organization' })).toHaveAttribute('aria-disabled', 'true');
  await page.goto(`${house.url}/organizations/${house.organizationId}?edit=organization`);
  await expect(
    dialog(page)
      .getByText(/Only a platform admin can change the limits/)
      .first(),
  ).toBeVisible();
  await expect(limitField(page, 'Requests per minute')).toBeDisabled();
  await expect(dialog(page).getByRole('button', { name: 'Add budget' })).toBeDisabled();
  await dialog(page).getByLabel('Name', { exact: false }).first().fill('Acme Renamed');
  await save(page).click();
  await expect(page.getByRole('heading', { name: 'Acme Renamed' })).toBeVisible();
  await house.api('PATCH', `/organizations/${house.organizationId}`, { name: 'Acme' });
});

test('a keyboard alone creates an organization', async ({ page, house }) => {
  await page.goto(`${house.url}/organizations`);
  await expect(page.getByRole('heading', { name: 'Organizations' })).toBeVisible();
  await page.keyboard.press('n');
  await expect(dialog(page).getByLabel('Name', { exact: false }).first()).toBeFocused();
  await page.keyboard.type('By Keys Alone');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'By Keys Alone' })).toBeVisible();
});

test('a name with markup, a formula and another script is shown as it is', async ({ page, house }) => {
  const name = '=cmd()|<script>alert(1)</script> العربية 🐘';
  const { id } = await create(house, 'Odd', { name });
  await page.goto(`${house.url}/organizations/${id}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
  await page.goto(`${house.url}/organizations?search=${encodeURIComponent('=cmd')}`);
  await expect(page.getByRole('link', { name })).toBeVisible();
});
