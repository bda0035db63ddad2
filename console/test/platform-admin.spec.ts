/** What a platform admin does over many organizations: alert rules, limits at once, and templates. */
import { openReceiver } from '../../server/test/jobs/receiver.ts';
import { graveFindings } from './axe.ts';
import { expect, type House, type Page, test } from './support.ts';

interface Made {
  readonly id: string;
  readonly name: string;
}

const dialog = (page: Page, name: string | RegExp) => page.getByRole('dialog', { name });

async function makeOrganizations(house: House, settings: readonly object[]): Promise<{ mark: string; made: readonly Made[] }> {
  const mark = `many-${Date.now().toString(36)}`;
  const made = await Promise.all(
    settings.map((one, nth) =>
      house.api<Made>('POST', '/organizations', { name: `${mark} ${nth}`, slug: `${mark}-${nth}`, ...one }),
    ),
  );
  return { mark, made };
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('an alert rule tells a chat: its test shows what was sent and what was answered', async ({ page, house }) => {
  // The queue of a gateway that has just started is seconds from its first delivery.
  test.setTimeout(90_000);
  const receiver = await openReceiver();
  const hook = { name: `Chat ${Date.now()}`, url: receiver.url, events: [], format: 'slack' };
  await house.api('POST', '/webhooks', hook);
  await page.goto(`${house.url}/alerts?tab=rules`);
  await page.getByRole('button', { name: 'Create alert rule' }).first().click();
  const creating = dialog(page, 'Create alert rule');
  await creating.getByRole('textbox', { name: 'Name' }).fill('Provider down');
  await creating.getByRole('combobox', { name: 'Watches' }).click();
  await page.getByRole('option', { name: 'A deployment fails' }).click();
  await expect(creating.getByRole('textbox', { name: 'Failed attempts, at least' })).toHaveValue('50%');
  await creating.getByRole('combobox', { name: 'Webhooks and chats' }).click();
  await page.getByRole('option', { name: `${hook.name} (chat)` }).click();
  await page.keyboard.press('Escape');
  expect(await graveFindings(page, 'a new alert rule')).toEqual([]);
  await creating.getByRole('button', { name: 'Create alert rule' }).click();
  const row = page.getByRole('row').filter({ hasText: 'Provider down' });
  await expect(row).toContainText(/At least 50% in 15 minutes, of at least 5 attempts.*Not firing.*The platform.*1 webhook/);
  await row.getByRole('button', { name: 'Actions for Provider down' }).click();
  await page.getByRole('menuitem', { name: 'Send a test' }).click();
  const sent = dialog(page, 'Test of the alert rule').getByRole('region', { name: `Chat to ${hook.name}` });
  await expect(sent).toContainText('The receiver answered 200', { timeout: 45_000 });
  await expect(sent).toContainText('{"text":"Test: Provider down');
  expect(JSON.parse(receiver.received[0]?.body ?? '{}')).toEqual({ text: expect.stringContaining('Test: Provider down') });
  await receiver.down();
});

test('limits of several organizations are changed with one preview, and given back', async ({ page, house }) => {
  const { mark, made } = await makeOrganizations(house, [{ rate_limits: { rpm: 10 } }, { rate_limits: { rpm: 30, tpm: 5 } }, {}]);
  const limitsOf = async ({ id }: Made) => (await house.api<{ rate_limits: object }>('GET', `/organizations/${id}`)).rate_limits;
  await page.goto(`${house.url}/organizations?search=${mark}&sort=name`);
  for (const nth of [0, 1])
    await page
      .getByRole('row')
      .filter({ hasText: `${mark} ${nth}` })
      .getByRole('checkbox')
      .check();
  await page.getByRole('button', { name: 'Change limits' }).click();
  const changing = dialog(page, 'Change limits of several organizations');
  await changing.getByRole('combobox', { name: 'requests per minute: what to do' }).click();
  await page.getByRole('option', { name: 'Set to' }).click();
  await changing.getByRole('textbox', { name: 'requests per minute', exact: true }).fill('30');
  const rows = changing.getByRole('table', { name: 'What changes' }).getByRole('row');
  await expect(rows.filter({ hasText: `${mark} 0` })).toContainText(/10 RPM.*30 RPM/);
  await expect(rows.filter({ hasText: `${mark} 1` })).toContainText('no change');
  await expect(rows.filter({ hasText: `${mark} 2` })).toHaveCount(0);
  await changing.getByText('All that match the filters').click();
  await expect(rows.filter({ hasText: `${mark} 2` })).toContainText(/no limits.*30 RPM/);
  expect(await graveFindings(page, 'limits of several organizations')).toEqual([]);
  await changing.getByRole('button', { name: 'Change 2 organizations' }).click();
  await expect(page.getByText('The limits of 2 organizations were changed.')).toBeVisible();
  expect(await Promise.all(made.map(limitsOf))).toMatchObject([{ rpm: 30 }, { rpm: 30, tpm: 5 }, { rpm: 30 }]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('Undone.')).toBeVisible();
  expect(await Promise.all(made.map(limitsOf))).toMatchObject([{ rpm: 10 }, { rpm: 30, tpm: 5 }, { rpm: null }]);
});

test('an organization is saved as a template, and others start from it, or like it', async ({ page, house }) => {
  const budgets = [{ amount: '12.00', period: 'month' }];
  const { mark } = await makeOrganizations(house, [{ rate_limits: { rpm: 77 }, budgets, time_zone: 'Europe/Paris' }]);
  await page.goto(`${house.url}/organizations?search=${mark}`);
  const menu = async (item: string) => {
    await page.getByRole('button', { name: `Actions for ${mark} 0` }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await menu('Save as template');
  await dialog(page, 'Create template').getByRole('textbox', { name: 'Name' }).fill(`Template ${mark}`);
  await dialog(page, 'Create template').getByRole('button', { name: 'Create template' }).click();
  await expect(page.getByText(`The template Template ${mark} was created.`)).toBeVisible();
  await page.getByRole('button', { name: 'Templates', exact: true }).click();
  await page.getByRole('button', { name: `Use Template ${mark}` }).click();
  const creating = dialog(page, 'Create organization');
  await expect(creating.getByRole('textbox', { name: 'Requests per minute' })).toHaveValue('77');
  await expect(creating.getByRole('combobox', { name: 'Time zone' })).toHaveValue('Europe/Paris');
  expect(await graveFindings(page, 'an organization from a template')).toEqual([]);
  await creating.getByRole('textbox', { name: 'Name', exact: true }).fill(`${mark} from template`);
  await creating.getByRole('textbox', { name: 'Requests per minute' }).fill('80');
  await creating.getByRole('button', { name: 'Create organization' }).click();
  await page.waitForURL(/\/organizations\/org_/);
  const made = async (name: string) =>
    (await house.api<{ data: object[] }>('GET', `/organizations?search=${encodeURIComponent(name)}`)).data[0];
  expect(await made(`${mark} from template`)).toMatchObject({ rate_limits: { rpm: 80 }, budgets: [{ amount: '12.00' }] });
  await page.goto(`${house.url}/organizations?search=${mark}+0`);
  await menu('Make one like this');
  await expect(creating.getByRole('textbox', { name: 'Requests per minute' })).toHaveValue('77');
  await creating.getByRole('textbox', { name: 'Name', exact: true }).fill(`${mark} like it`);
  await creating.getByRole('button', { name: 'Create organization' }).click();
  await page.waitForURL(/\/organizations\/org_/);
  expect(await made(`${mark} like it`)).toMatchObject({
    rate_limits: { rpm: 77 },
    budgets: [{ amount: '12.00' }],
    member_count: 0,
  });
});
