/** People: invited, given roles, taken out again, and what goes with them. */
import { newcomer } from './sight-steps.ts';
import { expect, expectHistory, expectNoHistory, type House, PASSWORD, type Page, spendOnce, test } from './support.ts';

interface Person {
  readonly email: string;
  readonly name: string;
  readonly cookie: string;
  readonly account_id: string;
  readonly member_id: string;
}

let people = 0;

/** A member of the demo organization and its first team, with a session of their own. */
async function newMember(house: House): Promise<Person> {
  people += 1;
  const email = `member-${people}-${Date.now()}@headgate.test`;
  const name = `Member ${people} ${Date.now()}`;
  const teams = [{ team_id: house.teamId, role: 'team_developer' }];
  const body = { email, organization_id: house.organizationId, role: 'org_member', teams };
  const { link } = await house.api<{ link: string }>('POST', '/invitations', body);
  const response = await fetch(`${house.url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.url },
    body: JSON.stringify({ token: new URL(link).searchParams.get('token'), name, password: PASSWORD }),
  });
  expect(response.status).toBe(200);
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const found = await house.api<{ data: { id: string; account_id: string }[] }>(
    'GET',
    `/organizations/${house.organizationId}/members?search=${encodeURIComponent(name)}`,
  );
  const [member] = found.data;
  return { email, name, cookie, account_id: member?.account_id ?? '', member_id: member?.id ?? '' };
}

async function sessionOf(house: House, { cookie }: Person) {
  const response = await fetch(`${house.url}/api/v1/session`, { headers: { cookie } });
  const body = (await response.json()) as { memberships?: { organization_id: string }[] };
  return { status: response.status, organizations: (body.memberships ?? []).map(({ organization_id }) => organization_id) };
}

const dialog = (page: Page) => page.getByRole('dialog');

// promise: Assign platform accounts through People & Access
test('an owner invites a person, hands over the link, sends it again and cancels it', async ({ page, house }) => {
  const email = `to-invite-${Date.now()}@headgate.test`;
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/people`);
  await page.getByRole('button', { name: 'Add person' }).click();
  await dialog(page).getByLabel('E-mail').fill('no address');
  await dialog(page).getByRole('button', { name: 'Add person' }).click();
  await expect(dialog(page).getByText('Choose a person from the list, or enter a valid e-mail address.')).toBeVisible();
  await dialog(page).getByLabel('E-mail').fill(email);
  await dialog(page).getByRole('button', { name: 'Invite person' }).click();
  const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
  expect(link).toContain('/invitation?token=');
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('tab', { name: 'Invitations' }).click();
  const row = page.getByRole('row', { name: email });
  await expect(row).toContainText('Pending');
  await row.getByRole('button', { name: 'Send again' }).click();
  expect(await page.getByRole('textbox', { name: 'Link' }).inputValue()).not.toBe(link);
  await page.getByRole('button', { name: 'Done' }).click();
  await row.getByRole('button', { name: 'Cancel' }).click();
  await dialog(page).getByRole('button', { name: 'Cancel invitation' }).click();
  await expect(row).toContainText('Cancelled');
});

test('a filter that leaves nobody can be taken off again, and holds for its own tab only', async ({ page, house }) => {
  const { id } = await house.api<{ id: string }>('POST', '/organizations', { slug: `few-${Date.now()}`, name: 'Few people' });
  const { link } = await house.api<{ link: string }>('POST', '/invitations', {
    email: `only-${Date.now()}@headgate.test`,
    organization_id: id,
    role: 'org_member',
  });
  await fetch(`${house.url}/api/v1/invitations/accept`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: house.url },
    body: JSON.stringify({ token: new URL(link).searchParams.get('token'), name: 'Only One', password: PASSWORD }),
  });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations/${id}?tab=members&role=org_billing`);
  await expect(page.getByText('Nothing matches. Change the search or the filters.')).toBeVisible();
  await page.getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: 'Member', exact: true }).click();
  await expect(page.getByRole('link', { name: 'Only One' })).toBeVisible();
  await page.goto(`${house.url}/people?status=disabled`);
  await page.getByRole('tab', { name: 'Invitations' }).click();
  await expect(page.getByText('That did not work')).toBeHidden();
  await expect(page).not.toHaveURL(/status=/);
});

/** Returns the path of a newcomer's membership. */
async function memberPath(house: House, organizationId: string, accountId: string): Promise<string> {
  const members = `/organizations/${organizationId}/members`;
  const { data } = await house.api<{ data: { id: string; account_id: string }[] }>('GET', `${members}?search=Somebody%20New`);
  return `${members}/${data.find(({ account_id }) => account_id === accountId)?.id}`;
}

test('the profile names each organization that disabled the person, and says “None yet” only where there is nothing', async ({
  page,
  house,
}) => {
  const person = await newcomer(house);
  const other = await house.api<{ id: string }>('POST', '/organizations', { slug: `other-${Date.now()}`, name: 'Other House' });
  await house.api('POST', `/accounts/${person.accountId}/vouch`, { reason: 'Known in person.' });
  const joined = { account_id: person.accountId, role: 'org_billing' };
  await house.api('POST', `/organizations/${other.id}/members`, joined);
  const set = async (organizationId: string, status: 'active' | 'disabled') =>
    house.api('PATCH', await memberPath(house, organizationId, person.accountId), { status });
  await set(house.organizationId, 'disabled');
  await person.signIn(page);
  await page.goto(`${house.url}/profile`);
  const roles = page.getByRole('region', { name: 'Roles' });
  await expect(roles).toContainText('Other House: billing');
  await expect(roles).toContainText('Acme: your access is disabled. Ask an owner or admin there to enable it again.');
  await expect(roles.getByRole('link', { name: 'Acme' })).toHaveCount(0);
  await set(other.id, 'disabled');
  await page.reload();
  await expect(roles).toContainText('Other House: your access is disabled.');
  await expect(roles).not.toContainText('None yet');
  await set(house.organizationId, 'active');
  await page.reload();
  await expect(roles).toContainText('Acme: member');
  await expect(roles).toContainText('Other House: your access is disabled.');
});

test('a page that is open when somebody disables the person says so, and not that a permission is missing', async ({
  page,
  house,
}) => {
  const person = await newcomer(house);
  await person.signIn(page);
  await page.goto(`${house.url}/keys`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  const member = await memberPath(house, house.organizationId, person.accountId);
  // The session is read again after a refusal, if it is older than some seconds.
  await page.waitForTimeout(5_500);
  await house.api('PATCH', member, { status: 'disabled' });
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Teams' }).click();
  await expect(page.getByRole('alert').filter({ hasText: 'Your access to Acme is disabled.' })).toBeVisible();
});

test('a person is added to the organization that the pages are narrowed to', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/people?organization_id=${house.organizationId}`);
  await page.getByRole('button', { name: 'Add person' }).click();
  await expect(dialog(page).getByRole('combobox', { name: 'Organization', exact: true })).toHaveValue('Acme');
});

test('an admin cannot invite somebody above themselves', async ({ page, house }) => {
  await house.signIn(page, 'org_admin');
  // Tests before this one may have given the person another organization, between which the dialog would let them choose.
  await page.goto(`${house.url}/people?new=person&organization_id=${house.organizationId}`);
  await dialog(page).getByLabel('E-mail').fill(`above-${Date.now()}@headgate.test`);
  await dialog(page).getByRole('combobox', { name: 'Role in the organization' }).click();
  await page.getByRole('option', { name: /^Owner/ }).click();
  await dialog(page).getByRole('button', { name: 'Invite person' }).click();
  await expect(dialog(page).getByText(/may not give or remove the role/)).toBeVisible();
});

test('removing a member says which keys go, and hands them on in the same step', async ({ page, house }) => {
  const person = await newMember(house);
  const body = { team_id: house.teamId, name: 'goes along', owner: { account_id: person.account_id } };
  const key = await house.api<{ id: string }>('POST', '/keys', body);
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/people?members_search=${encodeURIComponent(person.name)}`);
  await page.getByRole('button', { name: `Actions for ${person.name}` }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  await expect(dialog(page)).toContainText('1 key is affected: goes along.');
  await dialog(page)
    .getByRole('radio', { name: /default service account/ })
    .check();
  await dialog(page).getByRole('textbox').fill(person.name);
  await dialog(page).getByRole('button', { name: 'Remove member' }).click();
  await expect(page.getByText(`${person.name} was removed.`)).toBeVisible();
  expect(await house.api('GET', `/keys/${key.id}`)).toMatchObject({ status: 'active', owner: { account_id: null } });
  expect((await sessionOf(house, person)).organizations).not.toContain(house.organizationId);
});

test('a member’s role and own limits are changed, but nobody changes their own limits', async ({ page, house }) => {
  const person = await newMember(house);
  await house.signIn(page, 'org_owner');
  const address = `${house.url}/people/${person.account_id}?organization_id=${house.organizationId}&member_id=${person.member_id}`;
  await page.goto(address);
  await page.getByRole('button', { name: 'Role, limits and access' }).click();
  await dialog(page).getByRole('combobox', { name: 'Role' }).click();
  await page.getByRole('option', { name: /^Billing/ }).click();
  await dialog(page)
    .getByRole('button', { name: /^Rate limits/ })
    .click();
  await dialog(page).getByLabel('Requests per minute').fill('9');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('This member was changed.')).toBeVisible();
  const stored = `/organizations/${house.organizationId}/members/${person.member_id}`;
  expect(await house.api('GET', stored)).toMatchObject({ role: 'org_billing', rate_limits: { rpm: 9 } });

  const own = await house.as('org_owner')<{ account: { name: string } }>('GET', '/session');
  await page.goto(`${house.url}/people?members_search=${encodeURIComponent(own.account.name)}`);
  await page.getByRole('button', { name: `Actions for ${own.account.name}` }).click();
  await page.getByRole('menuitem', { name: /Role, limits/ }).click();
  await dialog(page)
    .getByRole('button', { name: /^Rate limits/ })
    .click();
  await expect(dialog(page).getByLabel('Requests per minute')).toBeDisabled();
  await expect(
    dialog(page)
      .getByText(/not for their own membership/)
      .first(),
  ).toBeVisible();
});

test('a person’s own budget shows what was spent period by period, and only to who may see spend', async ({ page, house }) => {
  const person = await newMember(house);
  const address = `${house.url}/people/${person.account_id}?organization_id=${house.organizationId}&member_id=${person.member_id}`;
  await house.signIn(page, 'org_owner');
  await page.goto(address);
  await expect(page.getByText('No budget is set here.')).toBeVisible();
  const member = `/organizations/${house.organizationId}/members/${person.member_id}`;
  await house.api('PATCH', member, { budgets: [{ amount: '23.00', period: 'day' }] });
  const body = { team_id: house.teamId, name: 'of a person', owner: { account_id: person.account_id } };
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', body);
  const spent = await spendOnce(house, secret, member);
  await page.reload();
  await expectHistory(page, '$23.00 per day', spent);
  await house.signIn(page, 'team_viewer');
  await expectNoHistory(page, address, '$23.00 per day');
});

test('a platform admin disables an account, which ends its sessions at once, and enables it again', async ({ page, house }) => {
  const person = await newMember(house);
  expect((await sessionOf(house, person)).status).toBe(200);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/people?search=${encodeURIComponent(person.name)}`);
  await page.getByRole('link', { name: person.name }).click();
  await page.getByRole('button', { name: 'Disable' }).click();
  await dialog(page).getByRole('textbox').fill(person.name);
  await dialog(page).getByRole('button', { name: 'Disable account' }).click();
  await expect(page.getByRole('button', { name: 'Enable' })).toBeVisible();
  expect((await sessionOf(house, person)).status).toBe(401);
  await page.getByRole('button', { name: 'Enable' }).click();
  await expect(page.getByRole('button', { name: 'Disable' })).toBeVisible();
});

test('nobody disables themselves, and a member has no page of people', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const { account } = await house.as('platform_admin')<{ account: { id: string } }>('GET', '/session');
  await page.goto(`${house.url}/people/${account.id}`);
  await expect(page.getByRole('button', { name: 'Disable' })).toHaveAttribute('aria-disabled', 'true');
  await house.signIn(page, 'org_member');
  await page.goto(house.url);
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'People & Access' })).toBeHidden();
});

// promise: Without a mail server a platform admin may vouch
test('an account’s page says how its address was proved and how it signs in, and a platform admin vouches for it', async ({
  page,
  house,
}) => {
  const person = await newMember(house);
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/people?address=unproved&search=${encodeURIComponent(person.name)}`);
  await expect(page.getByRole('row', { name: person.name })).toContainText('Not proved');
  await page.goto(`${house.url}/people/${person.account_id}`);
  await expect(page.getByRole('alert')).toContainText('The address is not proved');
  const methods = page.getByRole('table', { name: 'Ways to sign in' });
  await expect(methods).toContainText('By an invitation link given by hand');
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByRole('menuitem', { name: 'Vouch for the address…' }).click();
  await dialog(page).getByRole('button', { name: 'Vouch for address' }).click();
  await expect(dialog(page).getByText('Enter how you know.')).toBeVisible();
  await dialog(page).getByLabel('Reason').fill('Spoke to her on her office number');
  await dialog(page).getByRole('button', { name: 'Vouch for address' }).click();
  await expect(page.getByText(`You vouched for ${person.email}.`)).toBeVisible();
  await expect(page.getByRole('table', { name: 'Proofs of addresses' })).toContainText('Spoke to her on her office number');
  await expect(methods).toContainText('Added before the address was proved');
  await expect(page.getByText('The address is not proved')).toBeHidden();
  await page.getByRole('button', { name: 'More' }).click();
  await expect(page.getByRole('menuitem', { name: 'Vouch for the address…' })).toBeDisabled();
});

test('a long name of who made an account breaks between its words', async ({ page, house }) => {
  const email = `made-${Date.now()}@headgate.test`;
  const { id, made } = await house.api<{ id: string; made: { by_name: string } }>('POST', '/accounts', { email, name: 'Made' });
  expect(made.by_name).toBe('HEADGATE_ADMIN_TOKEN');
  await house.signIn(page, 'platform_admin');
  await page.setViewportSize({ width: 1000, height: 800 });
  await page.goto(`${house.url}/people/${id}`);
  const value = page.locator('dd', { hasText: made.by_name });
  await expect(value).toBeVisible();
  const linesOfWords = await value.evaluate((element) => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const lines: number[] = [];
    while (texts.nextNode() !== null) {
      const range = document.createRange();
      range.selectNodeContents(texts.currentNode);
      lines.push(range.getClientRects().length);
    }
    return lines;
  });
  expect(linesOfWords).toEqual([1, 1, 1]);
});
