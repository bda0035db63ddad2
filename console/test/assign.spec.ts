/** Accounts are added to organizations and teams from the account's page, from the members of an organization and from a team. */
import { expect, type House, PASSWORD, type Page, test } from './support.ts';

const dialog = (page: Page) => page.getByRole('dialog');
const person = (page: Page) => dialog(page).getByLabel('Name or e-mail address');
const press = (page: Page, name: string) => dialog(page).getByRole('button', { name }).click();

let made = 0;

interface Account {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

/** An account that belongs to no organization, with a proved address. */
async function newAccount(house: House, name: string): Promise<Account> {
  made += 1;
  const unique = `${Date.now()}-${made}`;
  const body = { name: `${name} ${unique}`, email: `${name.toLowerCase()}-${unique}@headgate.test` };
  const account = await house.api<Account>('POST', '/accounts', body);
  await house.api('POST', `/accounts/${account.id}/vouch`, { reason: 'Known in person.' });
  return account;
}

async function newOrganization(house: House, name: string): Promise<{ readonly id: string; readonly name: string }> {
  made += 1;
  const slug = `${name.toLowerCase().replaceAll(' ', '-')}-${Date.now()}-${made}`;
  return house.api('POST', '/organizations', { slug, name: `${name} ${slug}` });
}

const newTeam = (house: House, organizationId: string, name: string) =>
  house.api<{ id: string; name: string }>('POST', `/organizations/${organizationId}/teams`, { name });

async function membershipsOf(house: House, { id }: Account) {
  const { memberships } = await house.api<{ memberships: { organization_id: string; member_id: string; role: string }[] }>(
    'GET',
    `/accounts/${id}`,
  );
  return memberships;
}

async function teamsOf(house: House, account: Account, organizationId: string) {
  const found = (await membershipsOf(house, account)).find(({ organization_id }) => organization_id === organizationId);
  const { teams } = await house.api<{ teams: { team_id: string; role: string }[] }>(
    'GET',
    `/organizations/${organizationId}/members/${found?.member_id}`,
  );
  return teams.map(({ team_id, role }) => [team_id, role]);
}

async function choose(page: Page, field: string, option: string | RegExp): Promise<void> {
  await dialog(page).getByRole('combobox', { name: field }).click();
  await page.getByRole('option', { name: option }).first().click();
}

// promise: Assign platform accounts through People & Access
test('a platform admin adds an account to an organization and its teams from the account’s page, and undoes it', async ({
  page,
  house,
}) => {
  const account = await newAccount(house, 'Ada');
  const organization = await newOrganization(house, 'From the account');
  const team = await newTeam(house, organization.id, `Research ${Date.now()}`);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/people/${account.id}`);
  await expect(page.getByRole('heading', { name: 'In no organization' })).toBeVisible();
  await page.getByRole('button', { name: 'Add to an organization' }).click();
  await press(page, 'Add to organization');
  await expect(dialog(page).getByText('Choose an organization.')).toBeVisible();
  const add = async () => {
    await dialog(page).getByRole('combobox', { name: 'Organization', exact: true }).fill(organization.name);
    await page.getByRole('option', { name: organization.name }).click();
    await choose(page, 'Role in the organization', /^Billing/);
    await choose(page, 'Teams', team.name);
    await choose(page, `Role in ${team.name}`, /^Team admin/);
    await press(page, 'Add to organization');
  };
  await add();
  await expect(page.getByRole('heading', { name: organization.name })).toBeVisible();
  expect(await membershipsOf(house, account)).toMatchObject([{ organization_id: organization.id, role: 'org_billing' }]);
  expect(await teamsOf(house, account, organization.id)).toEqual([[team.id, 'team_admin']]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('heading', { name: 'In no organization' })).toBeVisible();
  expect(await membershipsOf(house, account)).toEqual([]);
  await page.getByRole('button', { name: 'Add to an organization' }).click();
  await add();
  await expect(page.getByRole('heading', { name: organization.name })).toBeVisible();
  await page.getByRole('button', { name: 'Add to an organization' }).click();
  await dialog(page).getByRole('combobox', { name: 'Organization', exact: true }).fill(organization.name);
  await page.getByRole('option', { name: organization.name }).click();
  await press(page, 'Add to organization');
  await expect(dialog(page).getByText(`${account.name} is already a member of ${organization.name} (Billing).`)).toBeVisible();
});

test('the same by keyboard alone, and on to a team from the membership', async ({ page, house }) => {
  const account = await newAccount(house, 'Grace');
  const organization = await newOrganization(house, 'By keyboard');
  const team = await newTeam(house, organization.id, `Compilers ${Date.now()}`);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/people/${account.id}`);
  const { keyboard } = page;
  await page.getByRole('button', { name: 'Add to an organization' }).focus();
  await keyboard.press('Enter');
  await expect(dialog(page).getByRole('combobox', { name: 'Organization', exact: true })).toBeFocused();
  await keyboard.type(organization.name);
  await expect(page.getByRole('option', { name: organization.name })).toBeVisible();
  await expect(page.getByRole('option')).toHaveCount(1);
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(dialog(page).getByRole('combobox', { name: 'Teams' })).toBeVisible();
  await tabTo(page, dialog(page).getByRole('button', { name: 'Add to organization' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: organization.name })).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: 'Add to a team' }));
  await keyboard.press('Enter');
  await expect(dialog(page).getByRole('combobox', { name: 'Team', exact: true })).toBeFocused();
  await keyboard.type(team.name);
  await expect(page.getByRole('option', { name: team.name })).toBeVisible();
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await tabTo(page, dialog(page).getByRole('button', { name: 'Add to team' }));
  await keyboard.press('Enter');
  await expect(page.getByRole('link', { name: team.name })).toBeVisible();
  expect(await teamsOf(house, account, organization.id)).toEqual([[team.id, 'team_developer']]);
});

const TABS_MAX = 60;

async function tabTo(page: Page, target: ReturnType<Page['getByRole']>): Promise<void> {
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  await expect(target).toBeFocused();
}

test('one dialog adds who has an account and invites who has none, as typed', async ({ page, house }) => {
  const account = await newAccount(house, 'Alan');
  const organization = await newOrganization(house, 'As typed');
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations/${organization.id}?tab=members`);
  await page.getByRole('button', { name: 'Add person' }).first().click();
  await press(page, 'Add person');
  await expect(dialog(page).getByText('Choose a person from the list, or enter a valid e-mail address.')).toBeVisible();
  await person(page).fill(account.name);
  await page.getByRole('option', { name: account.name }).click();
  await expect(person(page)).toHaveValue(account.email);
  await expect(dialog(page).getByText(`${account.name} has an account and is added at once.`)).toBeVisible();
  await choose(page, 'Role in the organization', /^Owner/);
  await press(page, 'Add person');
  await expect(page.getByText(`${account.name} was added to ${organization.name}.`)).toBeVisible();
  await expect(page.getByRole('row', { name: account.name })).toContainText('Owner');
  expect(await membershipsOf(house, account)).toMatchObject([{ organization_id: organization.id, role: 'org_owner' }]);
  // A member is named as one before anything is sent.
  await page.getByRole('button', { name: 'Add person' }).first().click();
  await person(page).fill(account.email.toUpperCase());
  await expect(dialog(page).getByText(`${account.name} is already a member (Owner).`, { exact: false })).toBeVisible();
  await press(page, 'Add person');
  await expect(dialog(page).getByText(`${account.name} is already a member here (Owner).`)).toBeVisible();
  const email = `nobody-yet-${Date.now()}@headgate.test`;
  await person(page).fill(email);
  await expect(dialog(page).getByText('This address gets an invitation.', { exact: false })).toBeVisible();
  await press(page, 'Invite person');
  await expect(page.getByRole('textbox', { name: 'Link' })).toHaveValue(/\/invitation\?token=/);
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('region', { name: 'Pending invitations' })).toContainText(email);
});

test('an owner invites everybody but whom they see, and learns of no account elsewhere', async ({ page, house }) => {
  const stranger = await newAccount(house, 'Stranger');
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/people`);
  await page.getByRole('button', { name: 'Add person' }).click();
  await person(page).fill(stranger.name);
  await expect(dialog(page).getByLabel('Searching')).toBeHidden();
  await expect(page.getByRole('option')).toHaveCount(0);
  const said = async (address: string) => {
    await person(page).fill(address);
    await expect(dialog(page).getByText('This address gets an invitation.', { exact: false })).toBeVisible();
    return dialog(page).getByRole('status').textContent();
  };
  expect(await said(stranger.email)).toBe(await said(`nobody-${Date.now()}@headgate.test`));
  await person(page).fill(stranger.email);
  await press(page, 'Invite person');
  await page.getByRole('button', { name: 'Done' }).click();
  expect(await membershipsOf(house, stranger)).toEqual([]);
});

test('who manages two organizations adds people of one to the other, but gives no role above their own', async ({
  page,
  house,
}) => {
  const colleague = await newAccount(house, 'Colleague');
  const second = await newOrganization(house, 'Second house');
  await house.api('POST', `/organizations/${house.organizationId}/members`, { account_id: colleague.id, role: 'org_member' });
  const body = { email: `both-${Date.now()}@headgate.test`, role: 'org_admin' };
  const cookie = await comeIn(house, { ...body, organization_id: house.organizationId });
  const { account } = await (await fetch(`${house.url}/api/v1/session`, { headers: { cookie } })).json();
  await house.api('POST', `/accounts/${account.id}/vouch`, { reason: 'Known in person.' });
  await house.api('POST', `/organizations/${second.id}/members`, { account_id: account.id, role: 'org_admin' });
  const [name = '', value = ''] = cookie.split('=');
  await page.context().addCookies([{ name, value: decodeURIComponent(value), url: house.url }]);
  await page.goto(`${house.url}/organizations/${second.id}?tab=members`);
  await page.getByRole('button', { name: 'Add person' }).first().click();
  await person(page).fill(colleague.name);
  await page.getByRole('option', { name: colleague.name }).click();
  await choose(page, 'Role in the organization', /^Owner/);
  await press(page, 'Add person');
  await expect(dialog(page).getByText(/ask an owner of the organization or a platform admin/i)).toBeVisible();
  expect(await membershipsOf(house, colleague)).toHaveLength(1);
  await choose(page, 'Role in the organization', /^Admin/);
  await press(page, 'Add person');
  await expect(page.getByRole('row', { name: colleague.name })).toContainText('Admin');
  expect(await membershipsOf(house, colleague)).toHaveLength(2);
});

/** Accepts an invitation as somebody new. Returns the session's cookie. */
async function comeIn(house: House, body: object): Promise<string> {
  const { link } = await house.api<{ link: string }>('POST', '/invitations', body);
  const response = await fetch(`${house.url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.url },
    body: JSON.stringify({ token: new URL(link).searchParams.get('token'), name: 'Of both', password: PASSWORD }),
  });
  expect(response.status).toBe(200);
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

test('a team’s page takes members, accounts from outside with a role in the organization, and new addresses', async ({
  page,
  house,
}) => {
  const [inside, outside] = [await newAccount(house, 'Inside'), await newAccount(house, 'Outside')];
  const organization = await newOrganization(house, 'With a team');
  const team = await newTeam(house, organization.id, `Team ${Date.now()}`);
  await house.api('POST', `/organizations/${organization.id}/members`, { account_id: inside.id, role: 'org_billing' });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/teams/${team.id}?tab=members`);
  const open = () => page.getByRole('button', { name: 'Add person' }).first().click();
  await open();
  await person(page).fill(inside.name);
  await page.getByRole('option', { name: inside.name }).click();
  await expect(dialog(page).getByRole('combobox', { name: `Role in ${organization.name}` })).toBeHidden();
  await press(page, 'Add person');
  await expect(page.getByRole('link', { name: inside.name })).toBeVisible();
  expect(await teamsOf(house, inside, organization.id)).toEqual([[team.id, 'team_developer']]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('link', { name: inside.name })).toBeHidden();
  expect(await membershipsOf(house, inside)).toMatchObject([{ role: 'org_billing' }]);
  await open();
  await person(page).fill(outside.email);
  await choose(page, `Role in ${organization.name}`, /^Auditor/);
  await choose(page, 'Role in the team', /^Viewer/);
  await press(page, 'Add person');
  await expect(page.getByRole('link', { name: outside.name })).toBeVisible();
  expect(await membershipsOf(house, outside)).toMatchObject([{ organization_id: organization.id, role: 'org_auditor' }]);
  expect(await teamsOf(house, outside, organization.id)).toEqual([[team.id, 'team_viewer']]);
  const email = `team-guest-${Date.now()}@headgate.test`;
  await open();
  await person(page).fill(email);
  await press(page, 'Invite person');
  await page.getByRole('button', { name: 'Done' }).click();
  const { data } = await house.api<{ data: object[] }>('GET', `/invitations?organization_id=${organization.id}`);
  expect(data).toMatchObject([{ email, role: 'org_member', teams: [{ team_id: team.id, role: 'team_developer' }] }]);
});

test('a platform auditor sees the control, and why it is not theirs', async ({ page, house }) => {
  const account = await newAccount(house, 'Seen');
  await house.signIn(page, 'platform_auditor');
  await page.goto(`${house.url}/people/${account.id}`);
  const button = page.getByRole('button', { name: 'Add to an organization' });
  await expect(button).toHaveAttribute('aria-disabled', 'true');
  await expect(button).toHaveAttribute('aria-description', 'Only a platform admin can do this.');
});
