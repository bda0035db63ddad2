/** Workload identity in the console: an owner trusts an issuer, makes a rule, checks a token, and reads why it is not taken. */

import { newSigningKey, signClaims } from '../../server/test/support/token-issuer.ts';
import { openSsoHouse } from './sso-house.ts';
import { expect, type Page, test } from './support.ts';
import { exchangeToken, makeTrust } from './workload-sights.ts';

const dialog = (page: Page) => page.getByRole('dialog');

/** Chooses an option of a select by its label. */
async function choose(page: Page, label: string, option: string): Promise<void> {
  await dialog(page).getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

test('an owner trusts a cluster, makes a rule with limits, and sees which token it takes and why not', async ({
  page,
  house,
}) => {
  test.setTimeout(120_000);
  const key = await newSigningKey('cluster');
  const issuer = `https://cluster-${Date.now()}.test`;
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=service-accounts`);
  await page.getByRole('link', { name: 'Workload identity' }).click();
  await expect(page.getByRole('heading', { name: 'Workload identity', level: 1 })).toBeVisible();

  await page.getByRole('tab', { name: 'Trusted issuers' }).click();
  await page.getByRole('button', { name: 'Trust issuer' }).first().click();
  await choose(page, 'Start from', 'Kubernetes');
  await expect(dialog(page).getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('Kubernetes');
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill(issuer);
  await dialog(page).getByRole('textbox', { name: 'Issuer' }).fill(issuer);
  await dialog(page).getByRole('button', { name: 'Trust issuer' }).click();
  await expect(dialog(page).getByText('Paste the key set of the issuer.')).toBeVisible();
  await dialog(page)
    .getByRole('textbox', { name: 'Key set (JWKS)' })
    .fill(JSON.stringify({ keys: [key.publicJwk] }));
  await dialog(page).getByRole('button', { name: 'Trust issuer' }).click();
  await expect(page.getByRole('row', { name: issuer })).toContainText('Active');

  await page.getByRole('tab', { name: 'Trust rules' }).click();
  await page.getByRole('button', { name: 'Create trust rule' }).first().click();
  const rule = `evaluators ${Date.now()}`;
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill(rule);
  await choose(page, 'Issuer', issuer);
  await dialog(page).getByRole('combobox', { name: 'Team' }).click();
  await page.getByRole('option').first().click();
  await choose(page, 'Conditions for', 'Kubernetes');
  await expect(dialog(page).getByRole('textbox', { name: 'Claim 2' })).toHaveValue('/kubernetes.io/serviceaccount/uid');
  await dialog(page).getByRole('textbox', { name: 'Value 1' }).fill('system:serviceaccount:ml:evaluator');
  await dialog(page).getByRole('button', { name: 'Create trust rule' }).click();
  await expect(dialog(page).getByText('Give each condition a claim and a value, or remove it.')).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Remove condition 2' }).click();
  await dialog(page).getByRole('button', { name: 'Create trust rule' }).click();
  await expect(page.getByRole('row', { name: rule })).toContainText('sub = system:serviceaccount:ml:evaluator');

  await page.getByRole('tab', { name: 'Check a token' }).click();
  const other = { iss: issuer, aud: `${house.url}/trust/x`, sub: 'system:serviceaccount:ml:other' };
  await page.getByRole('textbox', { name: 'Token' }).fill(await signClaims(key, other));
  await page.getByRole('button', { name: 'Check token' }).click();
  await expect(
    page.getByText('sub: wanted system:serviceaccount:ml:evaluator, got system:serviceaccount:ml:other'),
  ).toBeVisible();
  await page
    .getByRole('textbox', { name: 'Token' })
    .fill(await signClaims(key, { ...other, sub: 'system:serviceaccount:ml:evaluator' }));
  await page.getByRole('button', { name: 'Check token' }).click();
  await expect(page.getByText('Takes it', { exact: true })).toBeVisible();

  await page.getByRole('tab', { name: 'Trust rules' }).click();
  await page.getByRole('button', { name: `Actions for ${rule}` }).click();
  await page.getByRole('menuitem', { name: 'Disable' }).click();
  await expect(page.getByRole('row', { name: rule })).toContainText('Disabled');
  await page.getByRole('button', { name: `Actions for ${rule}` }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  await dialog(page).getByRole('textbox').fill(rule);
  await dialog(page).getByRole('button', { name: 'Delete rule' }).click();
  await expect(page.getByRole('row', { name: rule })).toHaveCount(0);
});

test('claims are checked without a token', async ({ page, house }) => {
  const { rule, issuerName } = await makeTrust(house, 'claims');
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}/workloads?tab=check`);
  await page.getByText('Claims only', { exact: true }).click();
  const claims = page.getByRole('textbox', { name: 'Claims' });
  await claims.fill('["sub"]');
  await page.getByRole('button', { name: 'Check claims' }).click();
  await expect(page.getByText('Choose an issuer.')).toBeVisible();
  await expect(page.getByText('Enter a JSON object')).toBeVisible();
  await page.getByRole('combobox', { name: 'Issuer' }).click();
  await page.getByRole('option', { name: issuerName, exact: true }).click();
  await claims.fill('{ "sub": "other" }');
  await page.getByRole('button', { name: 'Check claims' }).click();
  await expect(page.getByText('sub: wanted job, got other')).toBeVisible();
  await expect(page.getByRole('status')).toContainText('No active rule takes these claims.');
  await claims.fill('{ "sub": "job" }');
  await page.getByRole('button', { name: 'Check claims' }).click();
  await expect(page.getByRole('status')).toContainText(`The rule ${rule.name} takes these claims.`);
});

test('a rule says what its keys may call, and which types of tokens its issuer may send', async ({ page, house }) => {
  const { rule, issuerName } = await makeTrust(house, 'access');
  const at = `/organizations/${house.organizationId}/trust-rules/${rule.id}`;
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}/workloads`);
  await page.getByRole('button', { name: `Actions for ${rule.name}` }).click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await expect(dialog(page).getByText('Neither can be changed.')).toBeVisible();
  await dialog(page)
    .getByRole('button', { name: /^Asset access of each key/ })
    .click();
  await dialog(page).getByRole('radio', { name: 'Restrict' }).check();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  expect((await house.api<{ asset_access: object }>('GET', at)).asset_access).toMatchObject({ mode: 'restrict', targets: [] });

  await page.getByRole('tab', { name: 'Trusted issuers' }).click();
  await page.getByRole('button', { name: `Actions for ${issuerName}` }).click();
  await page.getByRole('menuitem', { name: 'Edit…' }).click();
  await dialog(page).getByRole('combobox', { name: 'Types of tokens' }).fill('id+jwt');
  await page.keyboard.press('Enter');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page)).toHaveCount(0);
  const issuer = await house.api<{ token_types: string[] }>(
    'GET',
    `/organizations/${house.organizationId}/trusted-issuers/${rule.issuer_id}`,
  );
  expect(issuer.token_types).toEqual(['jwt', 'at+jwt', 'id+jwt']);
});

test('an owner gives keys to members who are linked to their tokens, and forgets the key of a workload', async ({ page }) => {
  test.setTimeout(240_000);
  const site = await openSsoHouse();
  try {
    const providerId = await site.activeProvider(page);
    const of = `/organizations/${site.organizationId}`;
    const { rule, issuerName, key } = await makeTrust(site, 'members', { issuer: site.oidc.issuer });
    await site.signIn(page, 'org_admin');
    await page.goto(`${site.url}${of}/workloads`);
    await page.getByRole('button', { name: 'Create trust rule' }).first().click();
    await dialog(page).getByRole('combobox', { name: 'Team' }).click();
    await page.getByRole('option').first().click();
    await dialog(page).getByRole('combobox', { name: 'Owner of the keys' }).click();
    await expect(page.getByRole('option', { name: 'Only owners of the organization can choose this.' })).toBeVisible();

    await site.signIn(page, 'org_owner');
    await page.goto(`${site.url}${of}/workloads`);
    await page.getByRole('button', { name: 'Create trust rule' }).first().click();
    await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('people');
    await dialog(page).getByRole('combobox', { name: 'Team' }).click();
    await page.getByRole('option').first().click();
    await dialog(page).getByRole('combobox', { name: 'Owner of the keys' }).click();
    await expect(page.getByRole('option', { name: 'Choose an issuer first.' })).toBeVisible();
    await page.keyboard.press('Escape');
    await choose(page, 'Issuer', issuerName);
    await choose(page, 'Owner of the keys', 'The member linked at Acme Login');
    await dialog(page).getByRole('textbox', { name: 'Claim 1' }).fill('kind');
    await dialog(page).getByRole('textbox', { name: 'Value 1' }).fill('person');
    await dialog(page).getByRole('button', { name: 'Create trust rule' }).click();
    await expect(page.getByRole('row', { name: 'people' })).toContainText('the member who is linked to the token');
    const made = await site.api<{
      data: { name: string; identity_provider_id: string | null; service_account_id: string | null }[];
    }>('GET', `${of}/trust-rules?search=people`);
    expect(made.data.map((one) => [one.identity_provider_id, one.service_account_id])).toEqual([[providerId, null]]);

    const first = await exchangeToken(site, key, { iss: site.oidc.issuer, sub: 'job' });
    await page.getByRole('button', { name: `Actions for ${rule.name}` }).click();
    await page.getByRole('menuitem', { name: 'Show keys' }).click();
    await dialog(page)
      .getByRole('button', { name: `Forget ${rule.name}` })
      .click();
    await expect(dialog(page).getByText('This does not keep the workload out.')).toBeVisible();
    await dialog(page).getByRole('textbox').fill(rule.name);
    await dialog(page).getByRole('button', { name: 'Forget key' }).click();
    await expect(dialog(page).getByText('No workload has exchanged a token by this rule yet.')).toBeVisible();
    expect((await site.api<{ status: string }>('GET', `/keys/${first}`)).status).toBe('revoked');
    expect(await exchangeToken(site, key, { iss: site.oidc.issuer, sub: 'job' })).not.toBe(first);
  } finally {
    await site.close();
  }
});

test('a developer reads who can manage it, and no rule', async ({ page, house }) => {
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/organizations/${house.organizationId}/workloads`);
  await expect(page.getByRole('note')).toContainText('Only owners and admins of the organization can manage workload identity.');
  await expect(page.getByRole('tab')).toHaveCount(0);
});
