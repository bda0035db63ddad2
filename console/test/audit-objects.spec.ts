/** The audit log by kind of object: every kind that is recorded can be chosen, by a plain word. */
import { AUDIT_OBJECT_TYPES } from '../../server/src/domain/audit/object-types.ts';
import { expect, test } from './support.ts';

test('the filter offers every kind of object, and finds what was done to settings, policies and providers', async ({
  page,
  house,
}) => {
  const path = `/organizations/${house.organizationId}`;
  await house.api('PUT', `${path}/managed-settings`, { settings: { cleanupPeriodDays: 31 } });
  const { logins } = await house.api<{ logins: string }>('GET', `${path}/login-policy`);
  await house.api('PUT', `${path}/login-policy`, { logins: logins === 'off' ? 'any' : 'off' });
  await house.api('PUT', `${path}/login-policy`, { logins });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/audit`);
  await page.getByRole('button', { name: /^Filter/ }).click();
  const kind = page.getByRole('combobox', { name: 'Kind of object' });
  await kind.click();
  await expect(page.getByRole('option')).toHaveCount(AUDIT_OBJECT_TYPES.length);
  await expect(page.getByRole('option', { name: 'Identity provider', exact: true })).toBeAttached();
  await expect(page.getByRole('option', { name: /_/ })).toHaveCount(0);
  await page.getByRole('option', { name: 'Managed settings', exact: true }).click();
  const rows = page.getByRole('table').locator('tbody tr');
  await expect(rows.first()).toContainText('Managed settings replaced');
  await expect(page.getByText('Kind of object: Managed settings')).toBeVisible();
  await expect(rows.first().getByRole('link')).toHaveAttribute('href', `/organizations/${house.organizationId}`);
  await kind.click();
  await page.getByRole('option', { name: 'Allowed logins', exact: true }).click();
  await expect(rows.first()).toContainText('Allowed logins changed');
});
