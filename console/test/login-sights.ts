/** The dialogs about logins, and what they are about. */
import { chooseTeam, postDeviceCode, postOauth } from './login-steps.ts';
import type { Sight } from './sight.ts';
import { button } from './sight-steps.ts';
import type { House, Page } from './support.ts';

/** Managed settings, so that they can be changed and deleted. */
export async function makeManagedSettings({ api, organizationId }: House): Promise<void> {
  await api('PUT', `/organizations/${organizationId}/managed-settings`, { settings: { cleanupPeriodDays: 30 } });
}

export function loginSights(organizationId: string): readonly Sight[] {
  const address = `/organizations/${organizationId}?tab=logins`;
  return [
    {
      name: 'managed-settings-edit',
      dialog: 'ManagedSettings: Managed settings of Claude Code',
      address,
      open: button('Edit settings'),
    },
    { name: 'managed-settings-delete', dialog: 'ManagedSettings: Delete settings', address, open: button('Delete settings') },
  ];
}

/** Logs a device of the person who looks in, on a gateway with a public URL, and asks to end the login. */
export async function endingLogin(page: Page, house: House): Promise<void> {
  const { api, teamId, url } = house;
  await api('PATCH', `/teams/${teamId}`, { self_service: { enabled: true } });
  const asked = await postOauth(house, 'device', { device_name: 'laptop of Ada' });
  await page.goto(`${url}/device`);
  await page.getByLabel('Code').fill(asked.user_code ?? '');
  await page.keyboard.press('Enter');
  await chooseTeam(page);
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.getByText('The device is logged in').waitFor();
  await postDeviceCode(house, asked);
  await page.goto(`${url}/profile`);
  await button(/^End the login on laptop of Ada/)(page);
}
