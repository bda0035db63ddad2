/** The page Security: what it finds, where each finding is mended, and who does not see it. On a database in which a test can put what lies long ago. */
import type { OpenDatabase } from '../../server/src/store/database.ts';
import { onPostgres } from './on-postgres.ts';
import { expect, type House, type Page, test } from './support.ts';

let house: House;
let database: OpenDatabase;
onPostgres((its, where) => {
  house = its;
  database = where;
});

const section = (page: Page, name: string) => page.getByRole('region', { name });
const KEYS = 'Keys unused for 90 days';
const TOKENS = 'Admin tokens without an owner';
const PEOPLE = 'People without a second factor';
const VOUCHED = 'People whose address was vouched for';
const MODELS = 'Models called without encryption';

/** A key that was made 100 days ago and never used. */
async function oldKey(name: string): Promise<string> {
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name });
  await database.pool.query(`update keys set created_at = now() - interval '100 days' where id = $1`, [id]);
  return id;
}

/** A token as a version without owners left it. */
async function unownedToken(name: string): Promise<void> {
  const id = `adm_${'0'.repeat(31)}${name.length % 10}`;
  await database.pool.query(
    `insert into admin_tokens (id, name, role, organization_id, hash, last_four, created_by, unowned_ends_at)
     values ($1, $2, 'org_auditor', $3, $4, 'left', 'start', now() + interval '20 days')`,
    [id, name, house.organizationId, Buffer.from(id)],
  );
}

test('an owner sees each finding with what it means, opens its list, exports it, and comes to where it is mended', async ({
  page,
}) => {
  await house.signIn(page, 'org_owner');
  const { account } = await house.as('org_owner')<{ account: { id: string; name: string } }>('GET', '/session');
  await page.goto(house.url);
  await page.getByRole('navigation').getByRole('link', { name: 'Security', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Security' })).toBeVisible();
  for (const [name, none] of [
    [VOUCHED, 'No member’s address is proved only by the word of a platform admin.'],
    [TOKENS, 'Every admin token has an owner.'],
    [MODELS, 'Every model that this organization can call'],
    [KEYS, 'Every working key was used or created in the last 90 days.'],
  ] as const) {
    await expect(section(page, name)).toContainText(none);
    await expect(section(page, name)).toContainText('None');
    await expect(section(page, name).getByRole('button')).toHaveCount(0);
  }
  await expect(section(page, PEOPLE)).toContainText('Their password alone signs them in.');
  await expect(section(page, PEOPLE).getByRole('link', { name: account.name })).toBeVisible();

  const keyId = await oldKey('forgotten');
  await unownedToken('left behind');
  await house.api('POST', `/accounts/${account.id}/vouch`, { reason: 'told to nobody else' });
  await page.reload();
  await expect(section(page, VOUCHED).getByText('1', { exact: true })).toBeVisible();
  await expect(section(page, VOUCHED).getByRole('row', { name: account.name })).toBeVisible();
  await expect(page.getByText('told to nobody else')).toHaveCount(0);

  // By keyboard: one list closes as the next one opens, and the address remembers which.
  await section(page, TOKENS)
    .getByRole('button', { name: /^Show list/ })
    .focus();
  await page.keyboard.press('Enter');
  await expect(section(page, TOKENS).getByRole('row', { name: 'left behind' })).toContainText('Auditor');
  await expect(section(page, VOUCHED).getByRole('row')).toHaveCount(0);
  await section(page, KEYS)
    .getByRole('button', { name: /^Show list/ })
    .click();
  await expect(page).toHaveURL(/show=unused_keys/);
  await page.reload();
  await expect(section(page, KEYS).getByRole('link', { name: 'forgotten' })).toBeVisible();

  await section(page, KEYS).getByRole('button', { name: 'Export' }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: 'Keys as CSV' }).click();
  expect((await saving).suggestedFilename()).toMatch(/^unused-keys-.*\.csv$/);

  await section(page, KEYS).getByRole('link', { name: 'Open in API keys' }).click();
  await expect(page.getByRole('link', { name: 'forgotten' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Remove the filter Days unused' })).toBeVisible();
  await house.api('POST', `/keys/${keyId}/disable`);
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=security`);
  await expect(section(page, KEYS)).toContainText('Every working key was used or created in the last 90 days.');
  await section(page, TOKENS).getByRole('link', { name: 'Open admin tokens' }).click();
  await page.getByRole('row', { name: 'left behind' }).getByRole('button', { name: 'Actions for left behind' }).click();
  await expect(page.getByRole('menuitem', { name: 'Take over…' })).toBeVisible();
});

test('an auditor reads the page, and what they may not mend is disabled with the reason', async ({ page }) => {
  await unownedToken('an auditor sees this');
  await house.signIn(page, 'org_auditor');
  await page.goto(`${house.url}/security?show=unowned_tokens`);
  await expect(section(page, TOKENS).getByRole('row', { name: 'an auditor sees this' })).toBeVisible();
  const open = section(page, TOKENS).getByRole('button', { name: 'Open admin tokens' });
  await expect(open).toHaveAttribute('aria-disabled', 'true');
  await open.hover();
  await expect(page.getByRole('tooltip')).toHaveText(/^Only an owner or admin of the organization can do this\. Ask .*Org Owner/);
});

test('people of the platform choose the organization', async ({ page }) => {
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/security`);
  await expect(page.getByText('Its findings appear here, each with what to do about it.')).toBeVisible();
  await page.getByRole('combobox', { name: 'Organization' }).click();
  await page.getByRole('option', { name: 'Acme' }).first().click();
  await expect(section(page, PEOPLE)).toContainText('Their password alone signs them in.');
  await expect(page).toHaveURL(new RegExp(`organization_id=${house.organizationId}`));
});

for (const role of ['org_member', 'org_billing', 'team_admin'] as const) {
  test(`a ${role} finds the page neither in the navigation nor by search, and its address says that it is not allowed`, async ({
    page,
  }) => {
    await house.signIn(page, role);
    await page.goto(`${house.url}/organizations/${house.organizationId}`);
    await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
    await expect(page.getByRole('tab', { name: 'Security' })).toHaveCount(0);
    await expect(page.getByRole('tab', { name: 'Service accounts' })).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'More', exact: true })).toHaveCount(0);
    await expect(page.getByRole('navigation').getByRole('link', { name: 'Security', exact: true })).toHaveCount(0);
    await page.keyboard.press('ControlOrMeta+k');
    await page.getByRole('textbox', { name: 'Search everything' }).fill('Security');
    await expect(page.getByRole('button', { name: 'Profile and security' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Security', exact: true })).toHaveCount(0);
    await page.goto(`${house.url}/security?organization_id=${house.organizationId}`);
    await expect(page.getByRole('alert').getByText('Not allowed')).toBeVisible();
    await expect(section(page, PEOPLE)).toHaveCount(0);
  });
}
