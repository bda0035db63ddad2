/** Teams, as people use the console: made below their organization's caps, filled with people, and taken away knowingly. */
import {
  answerUnsaved,
  confirm,
  expect,
  expectHistory,
  expectNoHistory,
  type House,
  type Page,
  spendOnce,
  test,
} from './support.ts';

interface Team {
  readonly id: string;
  readonly name: string;
}

const dialog = (page: Page) => page.getByRole('dialog');

function newTeam(house: House, name: string): Promise<Team> {
  return house.api<Team>('POST', `/organizations/${house.organizationId}/teams`, { name });
}

test('an owner makes a team and sees the organization’s caps beside each field', async ({ page, house }) => {
  await house.api('PATCH', `/organizations/${house.organizationId}`, {
    rate_limits: { rpm: 600 },
    budgets: [{ amount: '100.00', period: 'month' }],
  });
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams`);
  await page.getByRole('button', { name: 'Create team' }).first().click();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Night shift');
  await dialog(page)
    .getByRole('button', { name: /^Rate limits/ })
    .click();
  await dialog(page).getByLabel('Requests per minute').fill('900');
  await expect(dialog(page).getByText(/Organization 600 · effective 600/)).toBeVisible();
  await dialog(page)
    .getByRole('button', { name: /^Budgets/ })
    .click();
  await dialog(page).getByRole('button', { name: 'Add budget' }).click();
  await dialog(page).getByLabel('Amount').fill('500');
  await expect(dialog(page).getByText(/Organization \$100\.00 per month · effective \$100\.00/)).toBeVisible();
  await dialog(page).getByRole('combobox', { name: 'Developers can' }).click();
  await page.getByRole('option', { name: 'Log in, and create their own keys' }).click();
  await dialog(page).getByLabel('Keys per person').fill('2');
  await dialog(page).getByRole('button', { name: 'Create team' }).click();
  await expect(page.getByRole('heading', { name: 'Night shift' })).toBeVisible();
  await expect(page.getByText('Developers can create their own keys: at most 2 keys each.')).toBeVisible();
});

test('an owner lets developers log in without letting them create keys, and both are told so', async ({ page, house }) => {
  await house.api('PATCH', `/teams/${house.teamId}`, { self_service: { enabled: true, max_keys_per_member: 2 } });
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams/${house.teamId}`);
  await page.getByRole('button', { name: 'Edit' }).click();
  const choice = dialog(page).getByRole('combobox', { name: 'Developers can' });
  await expect(choice).toHaveValue('Log in, and create their own keys');
  await choice.click();
  await page.getByRole('option', { name: 'Log in, but create no keys' }).click();
  await expect(dialog(page).getByLabel('Logins per person')).toHaveValue('2');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Developers can log in, but create no keys: at most 2 logins each.')).toBeVisible();
  await house.signIn(page, 'team_developer');
  await page.goto(`${house.url}/keys`);
  await expect(page.getByRole('button', { name: 'Create key' }).first()).toHaveAttribute(
    'aria-description',
    /This team allows logins only\. Run headgate login\./,
  );
});

test('a restricted team is offered what its organization has; the rest is shown, disabled, with why', async ({ page, house }) => {
  const organization = await house.api<{ id: string }>('POST', '/organizations', {
    slug: `narrow-${Date.now()}`,
    name: 'Narrow house',
    asset_access: { mode: 'selected', targets: ['fast', 'support-fast'], access_groups: [] },
  });
  const team = await house.api<Team>('POST', `/organizations/${organization.id}/teams`, { name: 'Narrow' });
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/teams/${team.id}`);
  await expect(page.getByText('It inherits everything that Narrow house can call.')).toBeVisible();
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog(page)
    .getByRole('button', { name: /^Asset access/ })
    .click();
  await dialog(page).getByRole('radio', { name: 'Restrict' }).check();
  await expect(dialog(page).getByRole('checkbox', { name: /^smart/ })).toBeDisabled();
  await expect(dialog(page).getByText('Not granted to the organization.').first()).toBeVisible();
  await dialog(page).getByRole('checkbox', { name: /^fast/ }).check();
  await expect(dialog(page).getByText(/can call 1 target/)).toBeVisible();
  await expect(dialog(page).getByText(/1 target can no longer be called/)).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(/^Only \S+, within what Narrow house can call\.$/)).toBeVisible();
});

test('people come into a team, change their role there, and leave it', async ({ page, house }) => {
  const team = await newTeam(house, `Comings ${Date.now()}`);
  const { account } = await house.as('org_member')<{ account: { name: string } }>('GET', '/session');
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams/${team.id}?tab=members`);
  await page.getByRole('button', { name: 'Add person' }).first().click();
  await dialog(page).getByLabel('Name or e-mail address').fill(account.name);
  await page.getByRole('option', { name: account.name }).click();
  await dialog(page).getByRole('button', { name: 'Add person' }).click();
  await expect(page.getByRole('link', { name: account.name })).toBeVisible();
  await page.getByRole('combobox', { name: `Role of ${account.name}` }).click();
  await page.getByRole('option', { name: /^Team admin/ }).click();
  await confirm(page, 'Change role');
  await expect(page.getByText(`The role of ${account.name} was changed.`)).toBeVisible();
  await page.getByRole('button', { name: `Remove ${account.name}` }).click();
  await dialog(page).getByRole('textbox').fill(account.name);
  await dialog(page).getByRole('button', { name: 'Remove member' }).click();
  await expect(page.getByRole('heading', { name: 'No members in this team yet' })).toBeVisible();
});

test('a service account is made, disabled and deleted', async ({ page, house }) => {
  const team = await newTeam(house, `Services ${Date.now()}`);
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams/${team.id}?tab=service-accounts`);
  await page.getByRole('button', { name: 'Create service account' }).first().click();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('nightly job');
  await dialog(page).getByRole('button', { name: 'Create service account' }).click();
  const row = page.getByRole('row', { name: 'nightly job' });
  await row.getByRole('button', { name: 'Disable' }).click();
  await confirm(page, 'Disable service account');
  await expect(row).toContainText('Disabled');
  await row.getByRole('button', { name: 'Delete nightly job' }).click();
  await dialog(page).getByRole('textbox').fill('nightly job');
  await dialog(page).getByRole('button', { name: 'Delete service account' }).click();
  await expect(page.getByText('nightly job was deleted.')).toBeVisible();
});

test('a team’s budget shows what was spent period by period, and only to who may see spend', async ({ page, house }) => {
  const team = await newTeam(house, `Spenders ${Date.now()}`);
  await house.signIn(page, 'org_billing');
  await page.goto(`${house.url}/teams/${team.id}`);
  await expect(page.getByText('No budget is set here.')).toBeVisible();
  await house.api('PATCH', `/teams/${team.id}`, { budgets: [{ amount: '22.00', period: 'week' }] });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'spends' });
  const spent = await spendOnce(house, secret, `/teams/${team.id}`);
  await page.reload();
  await expectHistory(page, '$22.00 per week', spent);
  const { account } = await house.as('org_member')<{ account: { id: string } }>('GET', '/session');
  const viewer = { account_id: account.id, role: 'team_viewer' };
  const { member_id } = await house.api<{ member_id: string }>('POST', `/teams/${team.id}/members`, viewer);
  await house.signIn(page, 'org_member');
  await expectNoHistory(page, `${house.url}/teams/${team.id}`, '$22.00 per week');
  await house.api('DELETE', `/teams/${team.id}/members/${member_id}`);
});

test('deleting a team says what goes with it and wants its name', async ({ page, house }) => {
  const team = await newTeam(house, `Doomed ${Date.now()}`);
  const key = await house.api<{ id: string }>('POST', '/keys', { team_id: team.id, name: 'doomed too' });
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams/${team.id}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog(page)).toContainText('1 key is revoked');
  await expect(dialog(page).getByRole('button', { name: 'Delete team' })).toBeDisabled();
  await dialog(page).getByRole('textbox').fill(team.name);
  await dialog(page).getByRole('button', { name: 'Delete team' }).click();
  await expect(page).toHaveURL(`${house.url}/teams`);
  expect(await house.api('GET', `/keys/${key.id}`)).toMatchObject({ status: 'revoked' });
});

test('a half-filled form is not lost by Escape without asking', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/teams?new=team`);
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Half a team');
  await page.keyboard.press('Escape');
  await answerUnsaved(page, 'Keep editing');
  await expect(dialog(page).getByRole('textbox', { name: 'Name' })).toHaveValue('Half a team');
});

test('a team’s admin narrows it and manages its people, and cannot raise its limits', async ({ page, house }) => {
  await house.signIn(page, 'team_admin');
  await page.goto(`${house.url}/teams/${house.teamId}`);
  await expect(page.getByRole('button', { name: 'Delete' })).toHaveAttribute('aria-disabled', 'true');
  await page.getByRole('button', { name: 'Edit' }).click();
  await dialog(page)
    .getByRole('button', { name: /^Rate limits/ })
    .click();
  await expect(dialog(page).getByLabel('Requests per minute')).toBeDisabled();
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Members' }).click();
  await expect(page.getByRole('button', { name: 'Add person' })).toBeEnabled();
});
