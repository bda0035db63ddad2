import { called, expect, type House, type Page, type Role, test } from './support.ts';

// The last and one of the longest files: in one piece, one of two workers would wait for it.
test.describe.configure({ mode: 'parallel' });

const dialog = (page: Page) => page.getByRole('dialog');
const perMinute = (page: Page) => dialog(page).getByRole('textbox', { name: /^Requests per minute/ });

/** In the dialogs below an organization limits are folded away. */
async function unfoldLimits(page: Page): Promise<void> {
  await dialog(page)
    .getByRole('button', { name: /^Rate limits/ })
    .click();
}

async function createTeam(page: Page, name: string): Promise<void> {
  await page.getByRole('tab', { name: 'Teams' }).click();
  await page
    .getByRole('button', { name: /(Create|Add) team/ })
    .first()
    .click();
  await dialog(page).getByLabel('Name').fill(name);
  await dialog(page).getByRole('button', { name: 'Create team' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
}

async function invite(page: Page, organization: string, email: string): Promise<string> {
  await page.goto(organization);
  await page.getByRole('tab', { name: 'Members' }).click();
  await page.getByRole('button', { name: 'Add person' }).first().click();
  await dialog(page).getByLabel('E-mail').fill(email);
  await dialog(page).getByRole('button', { name: 'Invite person' }).click();
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  expect(link).toContain('/invitation?token=');
  await page.keyboard.press('Escape');
  return link;
}

async function createKey(page: Page, organization: string, team: string, name: string): Promise<string> {
  await page.goto(organization);
  await page.getByRole('tab', { name: 'Keys' }).click();
  await page.getByRole('button', { name: 'Create key' }).first().click();
  const field = dialog(page).getByRole('combobox', { name: 'Team' });
  await field.click();
  await field.fill(team);
  await page.getByRole('option', { name: team }).first().click();
  await dialog(page).getByLabel('Name').fill(name);
  await dialog(page).getByRole('button', { name: 'Create key' }).click();
  const secret = page.getByRole('dialog', { name: /is ready/ }).getByLabel('Secret');
  await expect(secret).toHaveValue(/^sk-hg-/);
  const value = await secret.inputValue();
  await expect(page.getByText(value).first()).toBeVisible();
  await page.getByRole('button', { name: 'I have stored it' }).click();
  return value;
}

/** A refusal, found in the request log and explained in a sentence. */
async function explained(page: Page, house: House, requestId: string, sentence: RegExp): Promise<void> {
  await page.goto(`${house.url}/requests`);
  await page.getByText('Refused').first().waitFor();
  await page.goto(`${house.url}/requests/${requestId}`);
  await expect(page.getByText(sentence).first()).toBeVisible();
}

/** Asks until it is served: a limit that was raised acts at once, and the write was live before it was answered. */
async function passes(house: House, secret: string): Promise<void> {
  expect((await called(house, secret)).status).toBe(200);
}

test('a platform admin makes an organization, a team, a person and a key, sees a refusal explained, raises the limit, and the call passes', async ({
  page,
  house,
}) => {
  test.setTimeout(180_000);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations`);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await dialog(page).getByLabel('Name').fill('Workflow <script>alert(1)</script>');
  await dialog(page).getByLabel('Slug').fill('workflow');
  await dialog(page).getByRole('button', { name: 'Add budget' }).click();
  await dialog(page).getByLabel('Amount').fill('25');
  await perMinute(page).fill('2');
  await dialog(page).getByRole('radio', { name: 'Selected' }).check();
  await dialog(page)
    .getByRole('group', { name: 'Models and route groups' })
    .getByRole('checkbox', { name: 'fast' })
    .first()
    .check();
  await expect(dialog(page).getByText(/can call 1 target/)).toBeVisible();
  // Two clicks make one organization.
  await dialog(page).getByRole('button', { name: 'Create organization' }).dblclick();
  await expect(page.getByRole('heading', { level: 1, name: /Workflow <script>/ })).toBeVisible();
  const organization = page.url().split('?')[0] as string;
  const { total } = await house.api<{ total: number }>('GET', '/organizations?search=workflow');
  expect(total).toBe(1);

  await createTeam(page, 'Helpdesk');
  const link = await invite(page, organization, 'new.person@headgate.test');
  expect(link).toContain(house.url);
  const secret = await createKey(page, organization, 'Helpdesk', 'app');

  expect((await called(house, secret)).status).toBe(200);
  expect((await called(house, secret)).status).toBe(200);
  const refused = await called(house, secret);
  expect(refused.status).toBe(429);
  await explained(page, house, refused.requestId, /organization.*limit of 2 requests per minute.*can pass/);

  await page.goto(organization);
  await page.getByRole('button', { name: /^Edit/ }).first().click();
  await perMinute(page).fill('100');
  await dialog(page).getByRole('button', { name: /^Save/ }).click();
  await expect(dialog(page)).toBeHidden();
  await passes(house, secret);
});

test('an organization’s owner does the same inside what the platform gave, and finds no way out of it', async ({
  page,
  house,
}) => {
  test.setTimeout(180_000);
  await house.signIn(page, 'org_owner');
  const organization = `${house.url}/organizations/${house.organizationId}`;
  await page.goto(organization);
  await createTeam(page, 'Owner team');
  await page.getByRole('button', { name: /^Edit/ }).first().click();
  await unfoldLimits(page);
  await perMinute(page).fill('1');
  await dialog(page).getByRole('button', { name: /^Save/ }).click();
  await expect(dialog(page)).toBeHidden();
  const team = page.url();
  await invite(page, organization, 'owners.guest@headgate.test');
  const secret = await createKey(page, organization, 'Owner team', 'owner app');
  expect((await called(house, secret)).status).toBe(200);
  const refused = await called(house, secret);
  expect(refused.status).toBe(429);
  await explained(page, house, refused.requestId, /team.*limit of 1 request per minute.*can pass/);
  await page.goto(team);
  await page.getByRole('button', { name: /^Edit/ }).first().click();
  await unfoldLimits(page);
  await perMinute(page).fill('50');
  await dialog(page).getByRole('button', { name: /^Save/ }).click();
  await expect(dialog(page)).toBeHidden();
  await passes(house, secret);

  // The organization's own limits are shown and cannot be changed; the reason is said.
  await page.goto(organization);
  await page.getByRole('button', { name: /^Edit/ }).first().click();
  await expect(perMinute(page).first()).toBeDisabled();
  await expect(
    dialog(page)
      .getByText(/Only a platform admin can change the limits/)
      .first(),
  ).toBeVisible();
  await expect(page.getByRole('link', { name: 'Credentials' })).toHaveCount(0);
  await page.goto(`${house.url}/credentials`);
  await expect(page.getByText(/not allowed/i).first()).toBeVisible();
});

/** What each role finds in its navigation, and nothing else. */
const NAVIGATION: Readonly<Record<Role, readonly string[]>> = {
  platform_admin: [
    'Overview',
    'Organizations',
    'Teams',
    'People & Access',
    'API keys',
    'Access explorer',
    'Callable models',
    'Models',
    'Known models',
    'Credentials',
    'Presets',
    'Route groups',
    'Access groups',
    'Playground',
    'Usage & spend',
    'Requests',
    'Alerts',
    'Audit log',
    'Security',
    'Settings',
  ],
  platform_auditor: [
    'Overview',
    'Organizations',
    'Teams',
    'People & Access',
    'API keys',
    'Access explorer',
    'Callable models',
    'Models',
    'Known models',
    'Credentials',
    'Presets',
    'Route groups',
    'Access groups',
    'Usage & spend',
    'Requests',
    'Alerts',
    'Audit log',
    'Security',
    'Settings',
  ],
  org_owner: [
    'Overview',
    'Organizations',
    'Teams',
    'People & Access',
    'API keys',
    'Access explorer',
    'Callable models',
    'Playground',
    'Usage & spend',
    'Requests',
    'Alerts',
    'Audit log',
    'Security',
    'Settings',
  ],
  org_admin: [
    'Overview',
    'Organizations',
    'Teams',
    'People & Access',
    'API keys',
    'Access explorer',
    'Callable models',
    'Playground',
    'Usage & spend',
    'Requests',
    'Alerts',
    'Audit log',
    'Security',
    'Settings',
  ],
  org_billing: [
    'Overview',
    'Organizations',
    'Teams',
    'API keys',
    'Access explorer',
    'Callable models',
    'Usage & spend',
    'Requests',
    'Alerts',
  ],
  org_auditor: [
    'Overview',
    'Organizations',
    'Teams',
    'API keys',
    'Access explorer',
    'Callable models',
    'Usage & spend',
    'Requests',
    'Alerts',
    'Audit log',
    'Security',
  ],
  org_member: ['Overview', 'Organizations', 'Teams', 'API keys', 'Access explorer', 'Callable models'],
  team_admin: [
    'Overview',
    'Organizations',
    'Teams',
    'API keys',
    'Access explorer',
    'Callable models',
    'Playground',
    'Usage & spend',
    'Requests',
    'Alerts',
  ],
  team_developer: [
    'Overview',
    'Organizations',
    'Teams',
    'API keys',
    'Access explorer',
    'Callable models',
    'Playground',
    'Usage & spend',
    'Requests',
    'Alerts',
  ],
  team_viewer: ['Overview', 'Organizations', 'Teams', 'API keys', 'Access explorer', 'Callable models'],
};

for (const [role, entries] of Object.entries(NAVIGATION)) {
  test(`the navigation of ${role} holds what it may see, and each entry opens`, async ({ page, house }) => {
    await house.signIn(page, role as Role);
    await page.goto(house.url);
    const navigation = page.getByRole('navigation', { name: 'Main' });
    await navigation.waitFor();
    // Behind a name may stand how many things need attention, which other tests left behind.
    const shown = (await navigation.getByRole('link').allInnerTexts()).map((text) => text.trim().split('\n')[0] as string);
    expect(shown).toEqual(entries);
    for (const entry of shown) {
      await navigation.getByRole('link', { name: entry, exact: true }).click();
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.getByText(/Not allowed|That did not work/)).toHaveCount(0);
    }
  });
}
