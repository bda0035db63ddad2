/** Overview, usage, requests with their decisions, the audit log and settings: what is shown is what the server counted, and no more than one may see. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { call, expect, type House, type Page, test } from './support.ts';

interface Made {
  readonly id: string;
  readonly secret: string;
}

/** A key that may ask twice a minute: two calls pass, the third is refused. */
async function keyWithRefusal(house: House, name: string): Promise<Made> {
  const key = await house.api<Made>('POST', '/keys', { team_id: house.teamId, name, rate_limits: { rpm: 2 } });
  const statuses = [await call(house, key.secret), await call(house, key.secret), await call(house, key.secret)];
  expect(statuses).toEqual([200, 200, 429]);
  await expect.poll(() => rowsOf(house, key.id)).toBe(3);
  return key;
}

async function rowsOf(house: House, keyId: string): Promise<number> {
  return (await house.api<{ data: unknown[] }>('GET', `/requests?key_id=${keyId}`)).data.length;
}

const tableRows = (page: Page) => page.locator('tbody tr');

test('a refused request says in a sentence why, which rule decided, and when it passes', async ({ page, house }) => {
  const key = await keyWithRefusal(house, 'refused key');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/requests?key_id=${key.id}`);
  await expect(tableRows(page)).toHaveCount(3);
  await page.getByRole('combobox', { name: 'Status' }).click();
  await page.getByRole('option', { name: 'Refused' }).click();
  await expect(tableRows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/status=refused/);
  await tableRows(page).getByRole('link').first().click();
  const decision = page.getByRole('region', { name: 'Decision' });
  await expect(decision).toContainText('Refused by key_rpm: the key’s limit of 2 requests per minute has 2 requests used');
  await expect(decision).toContainText(/The same request will pass in|The same request would pass since/);
  const deciding = decision.getByRole('row').filter({ hasText: 'Refused (decides)' });
  await expect(deciding).toHaveCount(1);
  await expect(deciding).toContainText('refused key');
  await expect(decision.getByText('Passed').first()).toBeVisible();
  await expect(page.getByRole('region', { name: 'Tokens and cost' })).toContainText('Nothing was used or charged');
  await page.goBack();
  await expect(page).toHaveURL(/status=refused/);
});

test('an answered request shows where its time and its money went', async ({ page, house }) => {
  const key = await keyWithRefusal(house, 'answered key');
  const { data } = await house.api<{ data: { id: string; total_tokens: number }[] }>(
    'GET',
    `/requests?key_id=${key.id}&status=succeeded`,
  );
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/requests/${data[0]?.id}`);
  const costs = page.getByRole('region', { name: 'Tokens and cost' });
  await expect(costs.getByRole('row').filter({ hasText: 'Input' })).toBeVisible();
  await expect(costs).toContainText(`${data[0]?.total_tokens} tokens in all`);
  await expect(page.getByRole('region', { name: 'Latency' })).toContainText('Gateway');
  await expect(page.getByRole('link', { name: 'answered key' }).first()).toHaveAttribute('href', `/keys/${key.id}`);
});

test('reading content is written down, once for each time it is asked for, and not by opening the page', async ({
  page,
  house,
}) => {
  const key = await keyWithRefusal(house, 'content key');
  await house.api('PATCH', `/organizations/${house.organizationId}`, { audit: { content: 'full', content_retention_days: 7 } });
  await house.api('POST', `/keys/${key.id}/disable`);
  await house.api('POST', `/keys/${key.id}/enable`);
  const other = await house.api<Made>('POST', '/keys', { team_id: house.teamId, name: 'kept content' });
  await call(house, other.secret);
  await expect.poll(() => rowsOf(house, other.id)).toBe(1);
  const { data } = await house.api<{ data: { id: string }[] }>('GET', `/requests?key_id=${other.id}`);
  const reads = async () => {
    const path = `/audit-events?organization_id=${house.organizationId}&action=request_content.read&object_id=${data[0]?.id}`;
    return (await house.api<{ data: unknown[] }>('GET', path)).data.length;
  };
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/requests/${data[0]?.id}`);
  const content = page.getByRole('region', { name: 'Content' });
  await expect(content).toContainText('Each read is recorded');
  expect(await reads()).toBe(0);
  await content.getByRole('button', { name: 'Show content' }).click();
  await expect(content).toContainText('Hello!');
  expect(await reads()).toBe(1);
  await house.signIn(page, 'org_admin');
  await page.goto(`${house.url}/requests/${data[0]?.id}`);
  await expect(content.getByRole('button', { name: 'Show content' })).toHaveAttribute('aria-disabled', 'true');
  await content.getByRole('button', { name: 'Show content' }).click({ force: true });
  await expect(content).not.toContainText('Hello!');
  expect(await reads()).toBe(1);
});

test('requests appear as they end while the tail is live', async ({ page, house }) => {
  const key = await house.api<Made>('POST', '/keys', { team_id: house.teamId, name: 'tail key' });
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/requests?key_id=${key.id}&live=on`);
  await expect(page.getByRole('status')).toContainText('Live');
  await call(house, key.secret);
  await expect(tableRows(page).filter({ hasText: 'tail key' })).toHaveCount(1);
  await expect(page.getByRole('status')).toContainText('1 request since');
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page).not.toHaveURL(/live=on/);
});

test('usage is totalled by the server, and a click looks inside', async ({ page, house }) => {
  await keyWithRefusal(house, 'used key');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/usage`);
  const { total } = await house.api<{ total: { requests: number; total_tokens: number } }>('GET', '/usage');
  const foot = page.locator('tfoot');
  await expect(foot).toContainText(total.requests.toLocaleString('en-US'));
  await expect(foot).toContainText(total.total_tokens.toLocaleString('en-US'));
  await tableRows(page).getByRole('link', { name: 'Acme', exact: true }).click();
  await expect(page).toHaveURL(/organization_id=org_.*group_by=team|group_by=team.*organization_id=org_/);
  await expect(page.getByRole('heading', { name: 'By team' })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'By organization' })).toBeVisible();
});

test('usage is saved as a file that adds up to what is shown', async ({ page, house }) => {
  await keyWithRefusal(house, 'exported key');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/usage?group_by=key`);
  await page.getByRole('button', { name: 'Export' }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'CSV', exact: true }).click();
  const download = await saving;
  expect(download.suggestedFilename()).toMatch(/^usage-\d{4}-\d\d-\d\d\.csv$/);
  const [head = '', ...lines] = readFileSync(await download.path(), 'utf8')
    .trim()
    .split(/\r?\n/);
  const at = head.split(',').indexOf('requests');
  const { total } = await house.api<{ total: { requests: number } }>('GET', '/usage');
  expect(lines.reduce((sum, line) => sum + Number(line.split(',').at(at)), 0)).toBe(total.requests);
});

test('the axis of the usage chart is whole: a month in which nothing was used is there', async ({ page, house }) => {
  await keyWithRefusal(house, 'used this month only');
  await house.signIn(page, 'platform_admin');
  const from = new Date();
  from.setUTCMonth(from.getUTCMonth() - 5, 1);
  await page.goto(`${house.url}/usage?from=${from.toISOString()}&interval=month`);
  const chart = page.getByRole('img', { name: /^Spend per month/ });
  const months = chart.locator('.recharts-xAxis .recharts-cartesian-axis-tick-value');
  await expect(months).toHaveCount(6);
  const first = new Intl.DateTimeFormat('en-US', { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(from);
  await expect(months.first()).toHaveText(first);
  // Hovered, it says so.
  const box = await chart.locator('.recharts-cartesian-grid').boundingBox();
  await page.mouse.move((box?.x ?? 0) + 20, (box?.y ?? 0) + 40);
  await expect(chart.locator('.recharts-tooltip-wrapper')).toContainText('$0.00');
});

test('the audit log of the platform says which organizations lost their whole chain, and no other log does', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/audit?scope=platform`);
  const missing = page.getByText(/chain(s are| is) missing/);
  await expect(page.getByText(/Chain verified: /)).toBeVisible();
  await expect(missing).toBeHidden();
  const heads = path.join(house.gateway.dataDir, 'audit-heads-commands');
  writeFileSync(heads, `v1 org_gone 7 ${'ab'.repeat(32)}\n`);
  await page.getByRole('button', { name: 'Verify chain again' }).click();
  await expect(missing).toHaveText('1 organization’s chain is missing');
  await missing.hover();
  await expect(page.getByRole('tooltip')).toContainText('org_gone.');
  await page.goto(`${house.url}/audit?organization_id=${house.organizationId}`);
  await expect(page.getByText(/Chain verified: /)).toBeVisible();
  await expect(missing).toBeHidden();
  rmSync(heads);
});

test('the audit log shows what a change changed, and that its chain is whole', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', `/organizations/${house.organizationId}/teams`, {
    name: '<script>alert(1)</script>',
    rate_limits: { rpm: 10 },
  });
  await house.api('PATCH', `/teams/${id}`, { rate_limits: { rpm: 25 } });
  await house.signIn(page, 'org_auditor');
  await page.goto(`${house.url}/audit?object_id=${id}`);
  await expect(page.getByText(/Chain verified: \d+ events/)).toBeVisible();
  await page.getByRole('button', { name: 'Team changed: rate limits' }).click();
  const dialog = page.getByRole('dialog', { name: 'Team changed' });
  const row = dialog.getByRole('row').filter({ hasText: 'rate_limits.rpm' });
  await expect(row).toContainText('10');
  await expect(row).toContainText('25');
  await expect(dialog).toContainText('<script>alert(1)</script>');
  await expect(page).toHaveURL(/event=\d+/);
  const link = page.url();
  await page.goBack();
  await expect(dialog).toBeHidden();
  await expect(page).toHaveURL(/\/audit\?object_id=/);
  await page.goForward();
  await expect(dialog).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page).not.toHaveURL(/event=/);
  await page.goto(link);
  await expect(dialog.getByRole('row').filter({ hasText: 'rate_limits.rpm' })).toContainText('25');
  await page.keyboard.press('Escape');
  await expect(page).not.toHaveURL(/event=/);
  await page.goto(`${house.url}/audit?event=999999`);
  await expect(page.getByRole('dialog').getByText('This log has no event with this number.')).toBeVisible();
  await page.goto(`${house.url}/audit`);
  await expect(page.getByRole('combobox', { name: 'Whose events' })).toHaveCount(0);
});

test('an admin token is shown once, and a revoked one is refused at once', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/settings?tab=tokens`);
  await page.getByRole('button', { name: 'Create admin token' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('nightly job');
  await page.getByRole('dialog').getByRole('button', { name: 'Create admin token' }).dblclick();
  const token = await page.getByLabel('Token', { exact: true }).inputValue();
  expect(token).toMatch(/^hgadm_/);
  const asked = () => fetch(`${house.url}/api/v1/organizations`, { headers: { authorization: `Bearer ${token}` } });
  expect((await asked()).status).toBe(200);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await expect(tableRows(page).filter({ hasText: 'nightly job' })).toHaveCount(1);
  expect(await page.content()).not.toContain(token);
  await page.getByRole('button', { name: 'Actions for nightly job' }).click();
  await page.getByRole('menuitem', { name: 'Revoke…' }).click();
  await page.getByLabel(/Type nightly job/).fill('nightly job');
  await page.getByRole('button', { name: 'Revoke token' }).click();
  await expect(tableRows(page).filter({ hasText: 'nightly job' })).toContainText('Revoked');
  expect((await asked()).status).toBe(401);
});

test('a machine’s admin token is made with its service account, says whose it is, and is narrowed to a network', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/settings?tab=tokens`);
  await page.getByRole('button', { name: 'Create admin token' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('deploys');
  await page.getByRole('combobox', { name: 'Belongs to' }).click();
  await page.getByRole('option', { name: 'A new service account' }).click();
  await page.getByRole('textbox', { name: 'Service account' }).fill('deployer');
  await page.getByRole('dialog').getByRole('button', { name: 'Create admin token' }).click();
  const token = await page.getByLabel('Token', { exact: true }).inputValue();
  const asked = async () =>
    (await fetch(`${house.url}/api/v1/organizations`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await asked()).toBe(200);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  const row = page.getByRole('row', { name: /^deploys / });
  await expect(row).toContainText('deployer');
  await expect(row).toContainText('Responsible:');
  await row.getByRole('button', { name: 'Actions for deploys' }).click();
  await page.getByRole('menuitem', { name: 'Change…' }).click();
  await page.getByRole('combobox', { name: 'Networks' }).fill('10.0.0.0/8');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(row).toContainText('Restricted to 10.0.0.0/8');
  expect(await asked()).toBe(403);
});

test('settings in force never show a secret', async ({ page, house }) => {
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/settings`);
  await expect(page.getByRole('row', { name: /^HEADGATE_MASTER_KEY / })).toContainText(/(Not set|Set)a secret/);
  await expect(page.getByRole('tab', { name: 'Admin tokens' })).toHaveCount(0);
  await page.getByRole('tab', { name: 'Process health' }).click();
  await expect(page.getByText('Served')).toBeVisible();
  await page.getByRole('tab', { name: 'Prices' }).click();
  await expect(tableRows(page).filter({ hasText: 'smart' }).first()).toContainText('Cached input $0.125');
});

test('each role finds its own overview', async ({ page, house }) => {
  const budgets = [{ amount: '0.001', period: 'month' }];
  const key = await house.api<Made>('POST', '/keys', { team_id: house.teamId, name: 'seen key', budgets });
  await call(house, key.secret);
  await expect.poll(() => rowsOf(house, key.id)).toBe(1);
  await house.signIn(page, 'platform_admin');
  await page.goto(house.url);
  await expect(page.getByRole('region', { name: 'Top organizations' })).toContainText('Acme');
  await expect(page.getByRole('region', { name: 'Provider health' })).toContainText('Fake provider');
  await house.signIn(page, 'org_owner');
  await page.goto(house.url);
  await expect(page.getByRole('region', { name: 'Budgets closest to their limit' })).toContainText('seen key');
  await expect(page.getByRole('region', { name: 'Provider health' })).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Top organizations' })).toHaveCount(0);
  await house.api('PATCH', `/teams/${house.teamId}`, {
    self_service: { enabled: true, max_keys_per_member: null, max_expiry_days: null, max_budget: null },
  });
  const developer = house.as('team_developer');
  const { account } = await developer<{ account: { id: string } }>('GET', '/session');
  await developer('POST', '/keys', { team_id: house.teamId, name: 'seen by its owner', owner: { account_id: account.id } });
  await house.signIn(page, 'team_developer');
  await page.goto(house.url);
  await expect(page.getByRole('region', { name: 'Your keys' })).toContainText('seen by its owner');
  await expect(page.getByRole('region', { name: 'Your keys' })).not.toContainText('seen key');
  await house.signIn(page, 'team_viewer');
  await page.goto(house.url);
  await expect(page.getByText('Your role does not show spend')).toBeVisible();
  await expect(page.getByRole('navigation', { name: 'Main' })).not.toContainText('Requests');
});

test('one audit log has the events of all organizations and of the platform, found by a part of a word', async ({
  page,
  house,
}) => {
  const slug = `audited-${Date.now()}`;
  const { id } = await house.api<{ id: string }>('POST', '/organizations', { name: 'Audited House', slug });
  await house.api('PATCH', `/organizations/${house.organizationId}`, { metadata: { audited: slug } });
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/audit`);
  await expect(tableRows(page).filter({ hasText: 'Audited House' }).first()).toContainText('Organization created');
  await page.getByRole('searchbox', { name: 'Search events' }).fill('dited Hou');
  await expect(tableRows(page)).toHaveCount(1);
  await expect(page).toHaveURL(/search=dited/);
  await page.getByRole('button', { name: 'Organization created' }).click();
  const dialog = page.getByRole('dialog', { name: 'Organization created' });
  await expect(dialog).toContainText(slug);
  await expect(dialog.getByText(/Chain verified: \d+ events?/)).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`event=1.${id}`));
  await page.goto(`${house.url}/audit?scope=platform`);
  await expect(tableRows(page).filter({ hasText: 'Audited House' })).toHaveCount(0);
});
