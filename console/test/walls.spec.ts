/** Pages as people with narrow roles see them: what their role says, without an error, and without asking for what they may not read. */
import { expect, type House, type Page, type Role, test } from './support.ts';

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Answers of 401 and 403 that the page got since this was called. */
function refusals(page: Page): string[] {
  const refused: string[] = [];
  page.on('response', (response) => {
    if ([401, 403].includes(response.status())) refused.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  return refused;
}

/** Another team of the organization, with a key, which none of the roles in the first team may see. */
async function otherTeam(house: House): Promise<Named> {
  const team = await house.api<Named>('POST', `/organizations/${house.organizationId}/teams`, { name: `Walled ${Date.now()}` });
  await house.api('POST', '/keys', { team_id: team.id, name: `${team.name} key` });
  return team;
}

const teamPage = (house: House, tab: string) => `/teams/${house.teamId}?tab=${tab}`;
const organizationPage = (house: House, tab: string) => `/organizations/${house.organizationId}?tab=${tab}`;

const ADDRESSES = (house: House): readonly string[] => [
  '/',
  '/organizations',
  ...['overview', 'teams', 'members', 'keys', 'access', 'limits', 'settings'].map((tab) => organizationPage(house, tab)),
  '/teams',
  '/keys',
  '/access',
  '/profile',
];
const TEAM_ADDRESSES = (house: House): readonly string[] =>
  ['overview', 'members', 'service-accounts', 'keys'].map((tab) => teamPage(house, tab));

const ROLES = ['org_member', 'team_viewer', 'team_developer', 'team_admin'] as const satisfies readonly Role[];

for (const role of ROLES) {
  test(`every page of a ${role} opens without an error and asks for nothing that is refused`, async ({ page, house }) => {
    const walled = await otherTeam(house);
    await house.api('PATCH', `/organizations/${house.organizationId}`, {
      rate_limits: { rpm: 600 },
      budgets: [{ amount: '100.00', period: 'month' }],
    });
    await house.signIn(page, role);
    const refused = refusals(page);
    const addresses = [...ADDRESSES(house), ...(role === 'org_member' ? [] : TEAM_ADDRESSES(house))];
    for (const address of addresses) {
      await page.goto(house.url + address);
      await expect(page.getByRole('heading', { level: 1 }), address).toBeVisible();
      await expect(page.locator('.mantine-Loader-root, .mantine-Skeleton-root'), address).toHaveCount(0);
      await expect(page.getByText(/Not allowed|That did not work/), address).toHaveCount(0);
      await expect(page.getByText(walled.name), address).toHaveCount(0);
    }
    expect(refused).toEqual([]);
  });
}

test('a member sees the organization’s limits as they are set, and not what is used of them', async ({ page, house }) => {
  await house.api('PATCH', `/organizations/${house.organizationId}`, {
    rate_limits: { rpm: 600 },
    budgets: [{ amount: '100.00', period: 'month' }],
  });
  await house.signIn(page, 'org_member');
  await page.goto(house.url + organizationPage(house, 'limits'));
  const limits = page.getByRole('tabpanel').getByRole('region', { name: 'Rate limits' });
  await expect(limits.getByText(/^600 /)).toBeVisible();
  await expect(limits.getByText('Your role does not let you see how much is used.')).toBeVisible();
  await expect(page.getByRole('tabpanel').getByText('$100.00 per month').first()).toBeVisible();
  await expect(page.getByLabel(/^Budget .* used$/)).toHaveCount(0);
  await expect(page.getByRole('tab', { name: 'Usage' })).toHaveCount(0);
  await page.goto(`${house.url}/organizations`);
  await expect(page.getByRole('group', { name: 'Totals of all organizations found' })).toHaveCount(0);
});

test('a team’s admin adds a member of the organization by their address', async ({ page, house }) => {
  const { account } = await house.as('org_member')<{ account: { name: string; email: string } }>('GET', '/session');
  await house.signIn(page, 'team_admin');
  await page.goto(house.url + teamPage(house, 'members'));
  await page.getByRole('button', { name: 'Add person' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel(/^E-mail address of a member/).fill('nobody@headgate.test');
  await dialog.getByRole('button', { name: 'Add person' }).click();
  await expect(dialog.getByText(/must be the address of a member of the organization/i).first()).toBeVisible();
  await dialog.getByLabel(/^E-mail address of a member/).fill(account.email);
  await dialog.getByRole('button', { name: 'Add person' }).click();
  await expect(page.getByRole('link', { name: account.name })).toBeVisible();
  await page.getByRole('button', { name: `Remove ${account.name}` }).click();
  await dialog.getByRole('textbox').fill(account.name);
  await dialog.getByRole('button', { name: 'Remove member' }).click();
  await expect(page.getByRole('link', { name: account.name })).toHaveCount(0);
});

test('the page of another team says that it may not be read, and the key of a colleague has no tab of requests', async ({
  page,
  house,
}) => {
  const walled = await otherTeam(house);
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/teams/${walled.id}`);
  await expect(page.getByText(/needs the permission teams\.read|Not allowed/).first()).toBeVisible();
  await expect(page.getByText(walled.name)).toHaveCount(0);
  const key = await house.api<Named>('POST', '/keys', { team_id: house.teamId, name: `colleague’s ${Date.now()}` });
  await page.goto(`${house.url}/keys/${key.id}`);
  await expect(page.getByRole('tab', { name: 'What can it call?' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Requests' })).toHaveCount(0);
});
