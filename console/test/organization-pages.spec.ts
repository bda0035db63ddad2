/** What the organization list, its dialog and an organization's page show: point by point, on one organization whose every number is known. */
import { readFileSync } from 'node:fs';
import type { Locator } from '@playwright/test';
import { call, expect, type House, type Page, test } from './support.ts';

interface Made {
  readonly id: string;
  readonly slug: string;
}

/** A tenant with limits, a budget, grants, a team, a key that called twice and was refused once, and the owner who is signed in elsewhere. */
interface Tenant extends Made {
  readonly name: string;
  readonly teamName: string;
}

async function openTenant(house: House): Promise<Tenant> {
  const mark = Date.now().toString(36);
  const name = `Known ${mark}`;
  const organization = await house.api<Made>('POST', '/organizations', {
    name,
    slug: `known-${mark}`,
    time_zone: 'Europe/Berlin',
    rate_limits: { rpm: 600, tpm: 90_000, rph: 5_000, rpd: 40_000 },
    budgets: [{ amount: '12.50', period: 'month' }],
    asset_access: { targets: ['smart', 'fast'], access_groups: ['nobody-yet'] },
  });
  const teamName = `Team ${mark}`;
  const team = await house.api<Made>('POST', `/organizations/${organization.id}/teams`, { name: teamName });
  const key = await house.api<{ secret: string }>('POST', '/keys', {
    team_id: team.id,
    name: `key ${mark}`,
    rate_limits: { rpm: 2 },
  });
  const statuses: number[] = [];
  for (let asked = 0; asked < 3; asked += 1) statuses.push(await call(house, key.secret));
  expect(statuses).toEqual([200, 200, 429]);
  return { ...organization, name, teamName };
}

const dialog = (page: Page) => page.getByRole('dialog');
const part = (page: Page, name: string) => dialog(page).getByRole('region', { name, exact: true });
const rowOf = (page: Page, { name }: Tenant) => page.getByRole('row').filter({ has: page.getByRole('link', { name }) });
const cell = (row: Locator, index: number) => row.getByRole('cell').nth(index);

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test.describe('the list', () => {
  // promise: Title with true total, search (name, slug, id), status filter
  test('has its true total beside the title, finds by name, slug and id, sorts and pages under a filter', async ({
    page,
    house,
  }) => {
    const tenant = await openTenant(house);
    const other = await openTenant(house);
    await page.goto(`${house.url}/organizations`);
    const { total } = await house.api<{ total: number }>('GET', '/organizations');
    await expect(page.getByLabel(`${total} in total`, { exact: true })).toBeVisible();
    for (const text of [tenant.name, tenant.slug, tenant.id]) {
      await page.getByRole('searchbox', { name: 'Name, slug or id' }).fill(text);
      await expect(page.getByText('1 in total', { exact: true })).toBeVisible();
      await expect(page.getByRole('link', { name: tenant.name })).toBeVisible();
    }
    await page.goto(`${house.url}/organizations?search=known&status=healthy&limit=25`);
    for (const pill of ['All', 'Healthy', 'Near limit', 'Over budget', 'Idle', 'Suspended']) {
      await expect(
        page.getByRole('group', { name: 'Status' }).getByRole('button', { name: new RegExp(`^${pill}`) }),
      ).toBeVisible();
    }
    await page.goto(`${house.url}/organizations?search=known&sort=name`);
    const names = page.getByRole('row').getByRole('link', { name: /^Known/ });
    const inOrder = [tenant.name, other.name].toSorted();
    await expect.poll(async () => (await names.allTextContents()).filter((name) => inOrder.includes(name))).toEqual(inOrder);
    const head = page.getByRole('columnheader', { name: 'Organization' });
    await expect(head).toHaveAttribute('aria-sort', 'ascending');
    await head.getByRole('button').click();
    await expect(page).toHaveURL(/sort=-name/);
    await expect(head).toHaveAttribute('aria-sort', 'descending');
    await expect
      .poll(async () => (await names.allTextContents()).filter((name) => inOrder.includes(name)))
      .toEqual(inOrder.toReversed());
  });

  // promise: Strip over the whole result, not the page
  test('sums over the whole result: spend this period, teams, granted targets, over budget', async ({ page, house }) => {
    const tenant = await openTenant(house);
    await page.goto(`${house.url}/organizations?search=${tenant.slug}`);
    const strip = page.getByRole('group', { name: 'Totals of all organizations found' });
    const summary = () =>
      house.api<{ teams: number; granted_targets: number; over_budget: number; spend_period: string }>(
        'GET',
        `/organizations/summary?search=${tenant.slug}`,
      );
    await expect.poll(async () => (await summary()).granted_targets, { timeout: 20_000 }).toBe(2);
    await page.reload();
    await expect(strip).toContainText('Teams1');
    await expect(strip).toContainText('Granted targets2');
    await expect(strip).toContainText('Over budget0');
    await expect(strip).toContainText('Spend this month$');
  });

  // promise: Columns: organization (avatar, name, status, owners, copyable id)
  // promise: budget (ring: used/held/limit, resets in)
  // promise: rate limits (each configured window as a small bar with live use
  // promise: 30-day spend sparkline
  // promise: members · teams · keys.
  test('says of each who it is, its budget, its limits in use, its spend, and how many of everything', async ({
    page,
    house,
  }) => {
    const tenant = await openTenant(house);
    await page.goto(`${house.url}/organizations?search=${tenant.slug}`);
    const row = rowOf(page, tenant);
    await expect(row).toContainText('No owner');
    await expect(row).toContainText(tenant.slug);
    await expect(row.getByText(/^(Healthy|Idle)$/)).toBeVisible();
    await row.getByRole('button', { name: 'Copy the organization’s id' }).click();
    await expect(row.getByRole('img', { name: /used: .* spent, .* held of \$12\.50/ })).toBeVisible();
    await expect(row).toContainText(/resets/);
    await expect(row).toContainText('600 RPM');
    await expect(row).toContainText('+2');
    await expect(row.getByLabel(/^[12] used$/).first()).toBeAttached();
    await expect(row.getByRole('img', { name: /in 30 days$/ })).toBeVisible();
    for (const [index, count] of [
      [5, '0'],
      [6, '1'],
      [7, '1'],
    ] as const)
      await expect(cell(row, index)).toHaveText(count);
  });

  // promise: Row click opens; row menu: edit, suspend, view usage, archive.
  // promise: "Create organization" for platform admins.
  test('opens by a click on the row; its menu edits, shows usage, suspends and archives', async ({ page, house }) => {
    const tenant = await openTenant(house);
    await page.goto(`${house.url}/organizations?search=${tenant.slug}`);
    const row = rowOf(page, tenant);
    await row.getByRole('button', { name: `Actions for ${tenant.name}` }).click();
    for (const action of ['Edit', 'View usage', 'Suspend', 'Archive'])
      await expect(page.getByRole('menuitem', { name: action })).toBeEnabled();
    await page.getByRole('menuitem', { name: 'Suspend' }).click();
    await dialog(page)
      .getByRole('button', { name: /^Suspend/ })
      .click();
    await expect
      .poll(async () => (await house.api<{ status: string }>('GET', `/organizations/${tenant.id}`)).status)
      .toBe('suspended');
    await cell(row, 6).click();
    await expect(page.getByRole('heading', { name: tenant.name })).toBeVisible();
    await page.goto(`${house.url}/organizations`);
    await page.getByRole('button', { name: 'Create organization' }).click();
    await expect(dialog(page).getByRole('button', { name: 'Create organization' })).toBeVisible();
  });

  // promise: Bulk: suspend, export CSV.
  test('saves the chosen ones as a file', async ({ page, house }) => {
    const tenant = await openTenant(house);
    await openTenant(house);
    await page.goto(`${house.url}/organizations?search=known`);
    await rowOf(page, tenant).getByRole('checkbox').check();
    const saving = page.waitForEvent('download');
    await page.getByRole('region', { name: 'Selected organizations' }).getByRole('button', { name: 'Export CSV' }).click();
    const lines = readFileSync(await (await saving).path(), 'utf8')
      .trim()
      .split(/\r?\n/);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(tenant.name);
  });
});

test.describe('the dialog', () => {
  // promise: Identity (name, slug, time zone)
  // promise: Budgets (add several; amount, period with next reset shown as a date
  // promise: Rate limits (RPM TPM RPH TPH RPD TPD in-flight; each clearable
  // promise: Audit content (off, metadata, redacted, full; retention; what it costs
  test('sets every field in one transaction, each said in words', async ({ page, house }) => {
    await page.goto(`${house.url}/organizations?create=organization`);
    const name = `Whole ${Date.now().toString(36)}`;
    await part(page, 'Identity').getByLabel('Name').fill(name);
    await part(page, 'Identity').getByLabel('Time zone').fill('Europe/Ber');
    await page.getByRole('option', { name: /Europe\/Berlin/ }).click();
    const budgets = part(page, 'Budgets');
    for (const amount of ['100.00', '5']) {
      await budgets.getByRole('button', { name: 'Add budget' }).click();
      await budgets.getByLabel('Amount').last().fill(amount);
    }
    await expect(budgets.getByText(/^Next reset:.*\d{4}/)).toHaveCount(2);
    await budgets.getByRole('group', { name: 'Budget 2' }).getByText('Only alert').click();
    await budgets.getByRole('button', { name: 'Remove budget 2' }).click();
    await budgets.getByRole('button', { name: 'Add budget' }).click();
    await budgets.getByLabel('Amount').last().fill('7.25');
    const limits = part(page, 'Rate limits');
    const fields = [
      'Requests per minute',
      'Tokens per minute',
      'Requests per hour',
      'Tokens per hour',
      'Requests per day',
      'Tokens per day',
      'Requests in flight',
    ];
    for (const [index, field] of fields.entries()) await limits.getByRole('textbox', { name: field }).fill(String(10 + index));
    await expect(limits.getByText('At most 10 in any 60 seconds.')).toBeVisible();
    await expect(limits.getByText(/calendar day|from midnight|a day/i).first()).toBeVisible();
    await limits.getByRole('textbox', { name: 'Tokens per minute' }).fill('0');
    await expect(limits.getByText('Blocked: every request is refused.')).toBeVisible();
    await limits.getByRole('button', { name: 'Remove the limit of tokens per minute' }).click();
    const audit = part(page, 'Audit content');
    await expect(audit.getByText(/kB per request/).first()).toBeVisible();
    await audit.getByRole('radio', { name: 'Full' }).check();
    await audit.getByLabel('Keep content for').fill('30');
    const responses = part(page, 'Stored responses');
    await expect(responses.getByRole('radio', { name: 'The same key' })).toBeDisabled();
    await responses.getByRole('radio', { name: 'Keep for 30 days' }).check();
    await responses.getByRole('radio', { name: 'The same key' }).check();
    await part(page, 'Exact cache').getByRole('radio', { name: 'The same team' }).check();
    await part(page, 'Copies for mirrors').getByRole('radio', { name: 'Allow' }).check();
    await dialog(page).getByRole('button', { name: 'Create organization' }).click();
    await expect(page.getByRole('heading', { name })).toBeVisible();
    const stored = await house.api('GET', `/organizations/${/org_\w+/.exec(page.url())?.[0]}`);
    expect(stored).toMatchObject({
      name,
      time_zone: 'Europe/Berlin',
      rate_limits: { rpm: 10, tpm: null, rph: 12, tph: 13, rpd: 14, tpd: 15, max_parallel: 16 },
      budgets: [{ amount: '100.00' }, { amount: '7.25' }],
      audit: { content: 'full', content_retention_days: 30 },
      responses_storage: 'keep',
      responses_scope: 'key',
      cache_scope: 'team',
      mirroring: 'allow',
    });
    await page.goto(`${house.url}/organizations/${(stored as { id: string }).id}?tab=settings`);
    await expect(page.getByRole('row', { name: 'Stored responses' })).toContainText('Kept for 30 days, found by the same key');
    await expect(page.getByRole('row', { name: 'Copies for mirrors' })).toContainText('Allowed');
    const cache = page.getByRole('row', { name: 'Exact cache' });
    await expect(cache).toContainText('For the same team');
    await cache.getByRole('button', { name: 'Forget cached answers' }).click();
    await dialog(page).getByRole('button', { name: 'Forget them' }).click();
    await expect(page.getByText('The cached answers were forgotten.')).toBeVisible();
    await page.getByRole('button', { name: 'Change stored responses' }).click();
    await expect(part(page, 'Stored responses').getByRole('radio', { name: 'The same key' })).toBeChecked();
  });

  // promise: Platform admins can bootstrap runtime model and route-group visibility
  // promise: Asset access: nothing / everything incl. future / selected
  test('grants nothing, everything or a selection, says what each target is and costs, and counts what can be called', async ({
    page,
    house,
  }) => {
    await page.goto(`${house.url}/organizations?create=organization`);
    const access = part(page, 'Asset access');
    await access.getByRole('radio', { name: /^Everything/ }).check();
    await expect(dialog(page).getByText(/This organization can call [1-9]\d* targets?\./)).toBeVisible();
    await access.getByRole('radio', { name: 'Selected' }).check();
    await expect(access.getByText(/^(Model|Route group) · .*\/ 1M tokens/).first()).toBeVisible();
    await access.getByRole('searchbox', { name: 'Search models and route groups' }).fill('smart');
    await access.getByRole('checkbox', { name: /^smart/ }).check();
    await expect(dialog(page).getByText('This organization can call 1 target.')).toBeVisible();
    await access.getByRole('searchbox', { name: 'Search access groups' }).fill('nobody-knows-it');
    await expect(access.getByText(/No targets yet: takes effect when you add one/)).toBeVisible();
    await access.getByRole('radio', { name: /^Nothing/ }).check();
    await expect(dialog(page).getByText('This organization can call 0 targets.')).toBeVisible();
  });

  // promise: On edit: a preview of the effect before saving
  test('shows on edit which targets and keys lose access, and which keys are over a new limit', async ({ page, house }) => {
    const tenant = await openTenant(house);
    await page.goto(`${house.url}/organizations/${tenant.id}?edit=organization`);
    await part(page, 'Rate limits').getByRole('textbox', { name: 'Requests per minute' }).first().fill('1');
    await expect(
      dialog(page)
        .getByText(/above|over/i)
        .first(),
    ).toBeVisible();
    await dialog(page).getByRole('button', { name: 'Remove fast' }).click();
    await expect(dialog(page).getByText(/can no longer be called: fast/)).toBeVisible();
    await expect(dialog(page).getByText(/1 key/).first()).toBeVisible();
    const { rate_limits: limits } = await house.api<{ rate_limits: { rpm: number } }>('GET', `/organizations/${tenant.id}`);
    expect(limits.rpm).toBe(600);
  });
});

test.describe('an organization', () => {
  // promise: Organizations are the top-level tenant and budget boundary in the admin UI.
  // promise: Header: name, status, owners, id, time zone, created, lifecycle actions.
  // promise: Cards: budget(s) with burn and forecast date
  // promise: Tabs: Overview (30-day spend by model, teams by spend, recent refusals with reasons)
  test('says at its head what it is, in cards how it stands, and in its overview what was spent and refused', async ({
    page,
    house,
  }) => {
    const tenant = await openTenant(house);
    await page.goto(`${house.url}/organizations/${tenant.id}`);
    await expect(page.getByRole('heading', { name: tenant.name })).toBeVisible();
    for (const text of [tenant.slug, tenant.id, 'Europe/Berlin', /^created/, /No owner yet/])
      await expect(page.getByText(text).first()).toBeVisible();
    await expect(page.getByRole('button', { name: 'Suspend' })).toBeEnabled();
    await page.getByRole('button', { name: 'More actions' }).click();
    await expect(page.getByRole('menuitem', { name: 'Archive' })).toBeVisible();
    await page.keyboard.press('Escape');
    const budgets = page.getByRole('region', { name: 'Budgets', exact: true });
    await expect(budgets).toContainText('of $12.50');
    await expect(budgets).toContainText(/resets/);
    await expect(budgets).toContainText(/a day|pace|lasts|run out|used up/i);
    const now = page.getByRole('region', { name: 'Requests and tokens now' });
    for (const limit of ['requests per minute', 'tokens per minute', 'requests per hour', 'requests per day'])
      await expect(now).toContainText(limit);
    for (const count of ['Members: 0', 'Teams: 1', 'Keys: 1', 'Granted targets: 2'])
      await expect(page.getByRole('link', { name: count })).toBeVisible();
    await expect(page.getByRole('region', { name: '30-day spend by model' })).toContainText('fast', { timeout: 20_000 });
    await expect(page.getByRole('region', { name: 'Teams by spend' })).toContainText(tenant.teamName);
    await expect(page.getByRole('region', { name: 'Recent refusals' })).toContainText(/2 requests|requests per minute|RPM/i);
  });

  // promise: Teams · Members (role, teams, keys, last seen; invite, change role, remove with what it revokes)
  test('lists its members with role, teams, keys and when they were last seen; changes a role, and says what a removal revokes', async ({
    page,
    house,
  }) => {
    await page.goto(`${house.url}/organizations/${house.organizationId}?tab=teams`);
    await expect(page.getByRole('row').filter({ hasText: 'Support' }).first()).toBeVisible();
    await page.goto(`${house.url}/organizations/${house.organizationId}?tab=members`);
    for (const head of ['Role', 'Teams', 'Keys', 'Last seen'])
      await expect(page.getByRole('columnheader').filter({ hasText: head })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Add person' })).toBeEnabled();
    await house.as('org_member')('GET', '/session');
    await page.reload();
    const row = page.getByRole('row').filter({ hasText: 'Org Member' });
    await row.getByRole('button', { name: 'Actions for Org Member' }).click();
    await page.getByRole('menuitem', { name: /^Remove/ }).click();
    await expect(dialog(page).getByText(/Type Org Member to confirm/)).toBeVisible();
    await expect(
      dialog(page)
        .getByText(/in no team|leave/i)
        .first(),
    ).toBeVisible();
  });

  // promise: Keys · Asset access (grants; effective set; who can call X)
  // promise: Limits & budgets (live, history of periods)
  // promise: Usage · Audit · Settings.
  test('has its keys, grants with what they come to, limits with the periods before, usage, audit and settings', async ({
    page,
    house,
  }) => {
    const tenant = await openTenant(house);
    const tab = async (name: string) => {
      await page.getByRole('tab', { name, exact: true }).click();
      return page.getByRole('tabpanel');
    };
    await page.goto(`${house.url}/organizations/${tenant.id}`);
    await expect(await tab('Keys')).toContainText('key ');
    const access = await tab('Asset access');
    await expect(access.getByRole('region', { name: 'Grants' })).toContainText('nobody-yet');
    await expect(access.getByRole('region', { name: 'Grants' })).toContainText(
      'has no targets yet; takes effect when you add one',
    );
    await expect(access.getByRole('region', { name: 'Effective set' })).toContainText('2 targets can be called');
    await access.getByRole('button', { name: 'Who can call it? fast' }).click();
    await expect(dialog(page).getByRole('region', { name: 'Teams' })).toContainText(tenant.teamName);
    await page.keyboard.press('Escape');
    const limits = await tab('Limits & budgets');
    await expect(limits.getByText('Live').first()).toBeVisible();
    await expect(
      limits
        .getByRole('region', { name: '$12.50 a month: history' })
        .or(limits.getByRole('region', { name: /history/i }).first()),
    ).toContainText('$');
    await expect(await tab('Usage')).toContainText(/fast|requests/i);
    await expect(await tab('Audit')).toContainText('Organization created');
    await expect(await tab('Settings')).toContainText(/Europe\/Berlin|Time zone/);
  });
});
