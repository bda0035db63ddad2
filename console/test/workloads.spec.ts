/** Workload identity in the console: an owner trusts an issuer, makes a rule, checks a token, and reads why it is not taken. */

import { newSigningKey, signClaims } from '../../server/test/support/token-issuer.ts';
import { expect, type Page, test } from './support.ts';

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

test('a developer reads who can manage it, and no rule', async ({ page, house }) => {
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/organizations/${house.organizationId}/workloads`);
  await expect(page.getByRole('note')).toContainText('Only owners and admins of the organization can manage workload identity.');
  await expect(page.getByRole('tab')).toHaveCount(0);
});
