/** Prices per unit and by tier, and what was used by unit: on a gateway whose records a test can write, since the fake provider bills tokens alone. */
import type { OpenDatabase } from '../../server/src/store/database.ts';
import { writeUnits } from '../../server/test/support/written-units.ts';
import { graveFindings } from './axe.ts';
import { onPostgres } from './on-postgres.ts';
import { called, expect, type House, type Page, test } from './support.ts';

let house: House;
let database: OpenDatabase;
onPostgres((its, where) => {
  house = its;
  database = where;
});

test.beforeEach(async ({ page }) => {
  await house.signIn(page, 'platform_admin');
});

const dialog = (page: Page) => page.getByRole('dialog');
const pieces = (page: Page) => dialog(page).getByRole('group', { name: 'Prices per unit' });
const deploymentOf = (id: string) => house.api<Record<string, unknown>>('GET', `/deployments/${id}`);

interface Made {
  readonly id: string;
}

function deploy(model: string, more: object = {}): Promise<Made> {
  const prices = { input_per_million: '1.00', output_per_million: '2.00' };
  return house.api('POST', '/deployments', {
    ...{ model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat', prices },
    ...more,
  });
}

test('a price by the piece, for long prompts and for a tier is added; what is wrong stands at its field', async ({ page }) => {
  const { id } = await deploy('by-unit');
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Add price version' }).click();
  await dialog(page)
    .getByRole('button', { name: /^Searches, images/ })
    .click();
  await pieces(page).getByLabel('Web search').fill('cheap');
  await dialog(page).getByRole('button', { name: 'Add context tier' }).click();
  await dialog(page).getByRole('button', { name: 'Add service tier' }).click();
  const context = dialog(page).getByRole('group', { name: 'context tier 1' });
  const save = dialog(page).getByRole('button', { name: 'Add price version' });
  await save.click();
  // Neither was sent: a tier without a name or a bound is none.
  await expect(context.getByLabel('Input above')).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog(page).getByText('Enter the provider’s name for this tier.')).toBeVisible();
  await context.getByLabel('Input above').fill('200000');
  await dialog(page).getByRole('textbox', { name: 'Tier' }).fill('priority');
  await save.click();
  await expect(pieces(page).getByLabel('Web search')).toHaveAttribute('aria-invalid', 'true');
  await expect(dialog(page).getByText('Must have a price for at least one bucket.')).toBeVisible();
  await pieces(page).getByLabel('Web search').fill('0,01');
  await context.getByLabel('Output', { exact: true }).fill('3');
  await dialog(page).getByRole('group', { name: 'service tier priority' }).getByLabel('Input', { exact: true }).fill('4');
  await save.click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await deploymentOf(id)).toMatchObject({
    prices: {
      ...{ input_per_million: '1.00', output_per_million: '2.00', per_unit: { search: '0.01' } },
      context_tiers: [{ above_input_tokens: 200_000, output_per_million: '3.00' }],
      service_tiers: { priority: { input_per_million: '4.00' } },
    },
  });
  const inForce = page.getByRole('table', { name: 'Price versions' }).getByRole('row', { name: /In force/ });
  await expect(inForce).toContainText('Web search, each: $0.01');
  await expect(inForce).toContainText('Output, prompt above 200,000: $3.00');
  await expect(inForce).toContainText('Input, tier priority: $4.00');
  await expect(inForce).toContainText('Entered by Platform Admin');
});

test('tiers are removed and pieces cleared by editing the deployment; a name twice is no tier', async ({ page }) => {
  const { id } = await deploy('edited', {
    prices: {
      ...{ input_per_million: '1.00', per_unit: { search: '0.01', page: '0.002' } },
      context_tiers: [{ above_input_tokens: 100, input_per_million: '2' }],
      service_tiers: { flex: {}, priority: { input_per_million: '4' } },
    },
  });
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await dialog(page).getByRole('button', { name: 'Remove service tier flex' }).click();
  await dialog(page).getByRole('button', { name: 'Remove context tier 1' }).click();
  await pieces(page).getByLabel('Page of input').fill('');
  await dialog(page).getByRole('button', { name: 'Add service tier' }).click();
  await dialog(page).getByRole('group', { name: 'service tier 2' }).getByRole('textbox', { name: 'Tier' }).fill('priority');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page).getByText('This tier is already in the list.')).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Remove service tier priority' }).last().click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  const { prices } = await deploymentOf(id);
  expect(prices).toEqual({
    ...{ input_per_million: '1.00', per_unit: { search: '0.01' } },
    service_tiers: { priority: { input_per_million: '4.00' } },
  });
});

test('what bounds a charge is declared with the deployment, each choice explained, and shown on its page', async ({ page }) => {
  const { id } = await deploy('bounded');
  await page.goto(`${house.url}/models/${id}`);
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await dialog(page)
    .getByRole('button', { name: /^Weight, priority/ })
    .click();
  await dialog(page).getByLabel('Searches per request').fill('5');
  await dialog(page).getByLabel('Tokens per media part').fill('1600');
  await expect(dialog(page).getByText(/^A stream is ended and charged/)).toBeVisible();
  await dialog(page).getByRole('combobox', { name: 'When the caller hangs up' }).click();
  await page.getByRole('option', { name: 'End the upstream call' }).click();
  await expect(dialog(page).getByText(/is charged its full hold\.$/)).toBeVisible();
  await dialog(page).getByRole('combobox', { name: 'Field of the output limit' }).click();
  await page.getByRole('option', { name: 'max_tokens', exact: true }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await deploymentOf(id)).toMatchObject({
    max_searches: 5,
    max_part_tokens: 1_600,
    on_hangup: 'stop',
    output_cap_field: 'max_tokens',
  });
  await expect(page.getByText('1,600 at most')).toBeVisible();
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await dialog(page)
    .getByRole('button', { name: /^Weight, priority/ })
    .click();
  await dialog(page).getByLabel('Searches per request').fill('');
  await dialog(page).getByRole('combobox', { name: 'When the caller hangs up' }).click();
  await page.getByRole('option', { name: 'Gateway default' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect(await deploymentOf(id)).toMatchObject({ max_searches: null, max_part_tokens: 1_600, on_hangup: null });
});

test('a list price that nobody touched stays the list’s', async ({ page }) => {
  await page.goto(`${house.url}/models?new=1`);
  await dialog(page).getByRole('combobox', { name: 'Provider' }).click();
  await page.getByRole('option', { name: 'Fake provider', exact: true }).click();
  await dialog(page).getByRole('combobox', { name: 'Upstream model' }).fill('fake-large');
  await expect(dialog(page).getByText(/^Filled from published list prices/)).toBeVisible();
  await dialog(page).getByRole('textbox', { name: 'Model', exact: true }).fill('from-the-list');
  await dialog(page).getByRole('button', { name: 'Add deployment' }).click();
  await expect(page.getByRole('heading', { name: 'from-the-list', exact: true })).toBeVisible();
  await expect(page.getByText(/^Published list, .+ by/).first()).toBeVisible();
  const { data } = await house.api<{ data: { prices_from: object }[] }>('GET', '/deployments?model=from-the-list');
  expect(data[0]).toMatchObject({ prices: { input_per_million: '1.25' }, prices_from: { source: 'list' } });
});

test.describe('use by unit', () => {
  const used = { deploymentId: '', keyId: '', requestId: '' };

  test.beforeAll(async () => {
    if (house === undefined) return; // The tests are skipped.
    const per_unit = { search: '0.01' };
    const service_tiers = { priority: { input_per_million: '9.00' } };
    const prices = { input_per_million: '1.00', output_per_million: '2.00', per_unit, service_tiers };
    used.deploymentId = (await deploy('searching', { prices })).id;
    await house.api('PUT', '/callable-targets/searching/access-groups', { access_groups: ['support'] });
    const budgets = [
      { amount: '5', period: 'month' },
      { amount: '3', period: 'day', target: 'fast' },
    ];
    const key = await house.api<{ id: string; secret: string }>('POST', '/keys', {
      ...{ team_id: house.teamId, name: 'searcher', budgets },
    });
    used.keyId = key.id;
    const { status, requestId } = await called(house, key.secret, 'searching');
    expect(status).toBe(200);
    used.requestId = requestId;
    const units = { search: 3, page: 2, cache_write_1h: 40 };
    await expect.poll(() => writeUnits(database, requestId, { units, serviceTier: 'priority', unpriced: 'page' })).toBe(true);
  });

  test('stands in the usage report, with what had no price, and in its export', async ({ page }) => {
    await page.goto(`${house.url}/usage?group_by=model`);
    const table = page.getByRole('table', { name: 'Use by unit' });
    await expect(table.getByRole('row', { name: /^Web search 1 3 0$/ })).toBeVisible();
    await expect(table.getByRole('row', { name: /^Page of input 1 2 2$/ })).toBeVisible();
    await expect(table.getByRole('row', { name: /^Cache write tokens, 1 hour 1 40 0$/ })).toBeVisible();
    const line = page.getByRole('row', { name: /^searching/ });
    await expect(line).toContainText('Page of input: 2');
    // What is above the table may still appear, and move the line away from below the pointer.
    await expect(async () => {
      await page.mouse.move(0, 0);
      await line.getByText('Partly priced').hover();
      await expect(page.getByRole('tooltip', { name: /^Page of input \(2\) had no price/ })).toBeVisible({ timeout: 2_000 });
    }).toPass({ timeout: 15_000 });
    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'CSV', exact: true }).click();
    const stream = await (await download).createReadStream();
    const text = (await stream.toArray()).join('');
    expect(text.split('\r\n')[0]).toContain('search_quantity');
    expect(text).toContain('page=2');
  });

  test('stands on the request’s page at the rates of its tier, and says what its spend misses', async ({ page }) => {
    await page.goto(`${house.url}/requests/${used.requestId}`);
    const costs = page.getByRole('region', { name: 'Tokens and cost' });
    await expect(costs.getByText('Tier priority')).toBeVisible();
    await expect(costs.getByRole('row', { name: /^Input .* \$9\.00 per million/ })).toBeVisible();
    await expect(costs.getByRole('row', { name: 'Web search 3 $0.01 each $0.03' })).toBeVisible();
    await expect(costs.getByRole('row', { name: 'Page of input 2 No price –' })).toBeVisible();
    await expect(costs.getByRole('alert')).toContainText('Page of input (2) had no price');
    await page.goto(`${house.url}/requests?key_id=${used.keyId}`);
    await expect(page.getByRole('row', { name: /searching/ }).getByText('Partly priced')).toBeVisible();
  });

  test('is found: models that lack a price, organizations and budgets that miss something', async ({ page }) => {
    await page.goto(`${house.url}/models`);
    await page.getByRole('combobox', { name: 'Price' }).click();
    await page.getByRole('option', { name: 'Prices missing' }).click();
    await expect(page).toHaveURL(/unpriced=true/);
    const row = page.getByRole('row', { name: /searching/ });
    await expect(row.getByText('Partly unpriced')).toBeVisible();
    await expect(page.getByRole('row', { name: /^fast/ })).toHaveCount(0);
    await row.getByRole('link', { name: 'searching' }).click();
    await expect(page.getByRole('alert').getByText(/without a price: Page of input\./)).toBeVisible();
    const other = await house.api<Made>('POST', '/organizations', {
      ...{ name: 'Wholly Priced', slug: 'wholly-priced', budgets: [{ amount: '1', period: 'day' }] },
    });
    await page.goto(`${house.url}/organizations`);
    await expect(page.getByRole('row', { name: /Wholly Priced/ })).toBeVisible();
    await page.getByRole('button', { name: 'Unpriced use' }).click();
    await expect(page.getByRole('row', { name: /Acme/ })).toBeVisible();
    await expect(page.getByRole('row', { name: /Wholly Priced/ })).toHaveCount(0);
    expect(other.id).toMatch(/^org_/);
    await page.goto(`${house.url}/keys/${used.keyId}`);
    const month = page.getByRole('region', { name: /^\$5\.00 per month: history$/ });
    await month.getByText('Incomplete').hover();
    await expect(page.getByRole('tooltip', { name: /^This spend does not include Page of input \(2\)/ })).toBeVisible();
    await page.getByLabel(/^Show only budgets with incomplete spend/).check();
    await expect(page.getByRole('region', { name: /: history$/ })).toHaveCount(1);
  });

  test('is shown without serious or critical findings in both themes', async ({ page }) => {
    test.setTimeout(120_000);
    const addresses = ['/models', `/models/${used.deploymentId}`, '/usage?group_by=model', `/requests/${used.requestId}`];
    const findings: string[] = [];
    for (const address of [...addresses, `/requests?key_id=${used.keyId}`, `/keys/${used.keyId}`, '/settings?tab=prices']) {
      await page.goto(house.url + address);
      await expect(page.getByText(/Partly (un)?priced|Incomplete|Web search/).first()).toBeVisible();
      findings.push(...(await graveFindings(page, address)));
    }
    expect(findings).toEqual([]);
  });

  test('no longer lacks a price once it has one', async ({ page }) => {
    await page.goto(`${house.url}/models/${used.deploymentId}`);
    await page.getByRole('button', { name: 'Add price version' }).click();
    await pieces(page).getByLabel('Page of input').fill('0.002');
    await dialog(page).getByRole('button', { name: 'Add price version' }).click();
    await expect(dialog(page)).toHaveCount(0);
    await expect(page.getByText('Prices are missing')).toHaveCount(0);
  });
});

test('an auditor reads prices and units and changes none', async ({ page }) => {
  const { id } = await deploy('audited', { prices: { input_per_million: '1', per_unit: { search: '0.01' } } });
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/models/${id}`);
  await expect(page.getByText('Web search, each: $0.01')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Add price version' })).toHaveAttribute('aria-disabled', 'true');
});
