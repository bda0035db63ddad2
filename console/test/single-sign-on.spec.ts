/** Single sign-on as people meet it: domains, an identity provider from draft to active, and ways in through it. */
import { chooseTeam, postDeviceCode, postOauth } from './login-steps.ts';
import { ANY_WAY, addSamlProvider, DOMAIN, FORM, part, type SsoHouse, signOut } from './sso-house.ts';
import { expect, test } from './sso-test.ts';
import { addPasskeyDevice, PASSWORD, type Page } from './support.ts';

test.describe.configure({ mode: 'serial' });

const dialog = (page: Page) => page.getByRole('dialog');

test('an owner verifies a domain by its record', async ({ page, site }) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'domains'));
  await expect(page.getByText('No domains yet')).toBeVisible();
  await page.getByRole('button', { name: 'Add domain' }).click();
  await dialog(page).getByLabel('Domain').fill('co.uk');
  await dialog(page).getByRole('button', { name: 'Add domain' }).click();
  await expect(dialog(page).getByText(/suffix under which anyone can register/)).toBeVisible();
  await dialog(page).getByLabel('Domain').fill(`@${DOMAIN.toUpperCase()}`);
  await dialog(page).getByRole('button', { name: 'Add domain' }).click();
  const row = page.getByRole('region', { name: DOMAIN });
  await expect(row.getByText('Not verified')).toBeVisible();
  await expect(row.getByText(`_headgate.${DOMAIN}`, { exact: true })).toBeVisible();
  const value = await row.getByText(/^headgate-verify=[0-9a-f]{32}$/).textContent();

  site.dns.set(`_headgate.${DOMAIN}`, ['headgate-verify=of-somebody-else']);
  await row.getByRole('button', { name: `Check now: ${DOMAIN}` }).click();
  await expect(row.getByText(/says "headgate-verify=of-somebody-else"/)).toBeVisible();
  site.dns.set(`_headgate.${DOMAIN}`, 'servfail');
  await row.getByRole('button', { name: `Check now: ${DOMAIN}` }).click();
  await expect(row.getByText(/SERVFAIL/)).toBeVisible();
  site.dns.set(`_headgate.${DOMAIN}`, ['v=spf1 -all', value ?? '']);
  await row.getByRole('button', { name: `Check now: ${DOMAIN}` }).click();
  await expect(row.getByText('Verified', { exact: true })).toBeVisible();
  await expect(row.getByText(`_headgate.${DOMAIN}`, { exact: true })).toBeHidden();
});

test('a domain that counts is removed by its name, and one that never counted by a click', async ({ page, site }) => {
  await site.verify('second.example');
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'domains'));
  await page.getByRole('button', { name: 'Remove second.example' }).click();
  await expect(dialog(page).getByRole('button', { name: 'Remove domain' })).toBeDisabled();
  await dialog(page).getByLabel(/Type/).fill('second.example');
  await dialog(page).getByRole('button', { name: 'Remove domain' }).click();
  await expect(page.getByRole('region', { name: 'second.example' })).toHaveCount(0);
});

test('an owner adds a provider, tests it in a window of its own and activates it', async ({ page, site }) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'providers'));
  await page.getByRole('button', { name: 'Add identity provider' }).click();
  await dialog(page).getByRole('button', { name: 'Save as draft' }).click();
  await expect(dialog(page).getByText('Enter the issuer’s address.')).toBeVisible();
  await dialog(page).getByLabel('Name', { exact: true }).fill('Acme Login');
  await dialog(page).getByLabel('Issuer').fill(`${site.oidc.issuer}/elsewhere`);
  await dialog(page).getByLabel('Create accounts').check();
  await dialog(page).getByLabel('Groups claim').fill('groups');
  await dialog(page).getByRole('button', { name: 'Save as draft' }).click();
  await expect(dialog(page).getByLabel('Issuer')).toHaveAttribute('aria-invalid', 'true');
  await dialog(page).getByLabel('Issuer').fill(site.oidc.issuer);
  await dialog(page).getByRole('button', { name: 'Save as draft' }).click();
  const row = page.getByRole('region', { name: 'Acme Login' });
  await expect(row.getByText('Draft')).toBeVisible();
  await expect(row.getByRole('button', { name: 'Activate Acme Login' })).toHaveAttribute('aria-disabled', 'true');
  const redirect = await row.getByText(/\/api\/v1\/sso\/idp_[^/]+\/callback$/).textContent();
  await site.allow(redirect ?? '');
  // The provider gave the client ID for the redirect URI of the draft.
  await expect(row.getByRole('button', { name: 'Test connection to Acme Login' })).toHaveAttribute('aria-disabled', 'true');
  await row.getByRole('button', { name: 'Actions for Acme Login' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog(page).getByLabel('Client ID').fill(FORM.client_id);
  await dialog(page).getByLabel('Client secret', { exact: true }).fill(FORM.client_secret);
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog(page)).toBeHidden();

  await row.getByRole('button', { name: 'Test connection to Acme Login' }).click();
  const opened = page.context().waitForEvent('page');
  await dialog(page).getByRole('link', { name: 'Open Acme Login' }).click();
  const window = await opened;
  await expect(window.getByText('The test passed')).toBeVisible();
  await expect(window.getByText('You can close this window', { exact: false })).toBeVisible();
  await window.close();
  await expect(dialog(page).getByText('The test passed')).toBeVisible();
  await expect(dialog(page).getByText(/^Nora New would be/)).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Show what the provider said' }).click();
  await expect(dialog(page).getByText('"support"')).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Close' }).last().click();
  await expect(row.getByText('Tested')).toBeVisible();
  await row.getByRole('button', { name: 'Activate Acme Login' }).click();
  await expect(row.getByText('Active', { exact: true })).toBeVisible();
  expect(await page.content()).not.toContain(FORM.client_secret);
});

test('a group gives a role in a team, and a person who comes gets it', async ({ page, site }) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'groups'));
  await page.getByRole('button', { name: 'Add group mapping' }).first().click();
  await dialog(page).getByLabel('Group', { exact: true }).fill('support');
  await dialog(page).getByRole('combobox', { name: 'Team', exact: true }).click();
  const team = page.getByRole('option').first();
  const name = (await team.textContent()) ?? '';
  await team.click();
  await dialog(page).getByRole('button', { name: 'Add group mapping' }).click();
  await expect(page.getByRole('row', { name: /support/ })).toContainText(name);

  await page.context().clearCookies();
  await page.goto(`${site.url}/organizations/${site.organizationId}?tab=teams`);
  await page.getByRole('textbox', { name: 'E-mail' }).fill('nora@acme.example');
  await page.getByRole('link', { name: 'Sign in through Acme Login' }).click();
  // She comes to the page that she asked for.
  await expect(page).toHaveURL(new RegExp(`/organizations/${site.organizationId}\\?tab=teams$`));
  await expect(
    page.getByRole('button', { name: 'Nora New, account' }).or(page.getByText('Signed in as Nora New')),
  ).toBeAttached();
  await page.goto(`${site.url}/profile`);
  await expect(page.getByRole('region', { name: 'Roles' })).toContainText(name);

  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'people'));
  await expect(page.getByRole('row', { name: /Nora New/ })).toContainText('Acme Login');
});

test('an address of no verified domain is refused with what to do', async ({ page, site }) => {
  const { id } = await providerOf(site);
  await page.goto(`${site.url}/api/v1/sso/${id}/start?login_hint=stranger@elsewhere.example`);
  await expect(page.getByRole('alert')).toContainText('Your e-mail address is not of a domain of this organization.');
  await expect(page.getByRole('alert')).toContainText('ask an owner of the organization to verify its domain');
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toBeVisible();
});

test('every code has a sentence, and an unknown one has too', async ({ page, site }) => {
  for (const code of ['provider_unreachable', 'flow_expired', 'signed_in_first', 'answer_refused']) {
    await page.goto(`${site.url}/sign-in?sso=${code}&reason=wrong_nonce`);
    await expect(page.getByRole('alert')).toContainText('For your administrator: wrong_nonce');
    await expect(page.getByRole('alert')).not.toContainText(code);
  }
  await page.goto(`${site.url}/sign-in?sso=%3Cb%3Ex`);
  await expect(page.getByRole('alert')).toContainText('did not work');
});

test('the providers of an organization are offered by its slug', async ({ page, site }) => {
  const { slug } = await site.api<{ slug: string }>('GET', `/organizations/${site.organizationId}`);
  await page.goto(`${site.url}/sign-in?organization=${slug}`);
  await expect(page.getByRole('link', { name: 'Sign in through Acme Login' })).toBeVisible();
  await page.goto(`${site.url}/sign-in`);
  await page.getByRole('textbox', { name: 'E-mail' }).fill('somebody@elsewhere.example');
  await page.waitForTimeout(700);
  await expect(page.getByRole('link', { name: /Sign in through/ })).toHaveCount(0);
});

test('somebody who signs out may still be signed in at the provider, and ends that too', async ({ page, site }) => {
  const { id } = await providerOf(site);
  const comeIn = () => page.goto(`${site.url}/api/v1/sso/${id}/start?login_hint=nora@acme.example`);
  await comeIn();
  await expect(page.getByText('Signed in as Nora New')).toBeAttached();
  await signOut(page);
  await expect(page).toHaveURL(`${site.url}/sign-in`);
  await expect(page.getByText('You are signed out of Headgate')).toBeVisible();
  await expect(page.getByText('You may still be signed in at Acme Login.')).toBeVisible();
  // The session here has ended already.
  expect((await page.request.get(`${site.url}/api/v1/session`)).status()).toBe(401);
  const isInThere = async () => (await page.context().cookies(site.oidc.issuer)).some(({ name }) => name === '_session');
  expect(await isInThere()).toBe(true);

  const opened = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'Sign out at Acme Login too' }).click();
  const there = await opened;
  // Its page wants fonts from elsewhere.
  await there.waitForLoadState('domcontentloaded');
  expect(there.url()).toBe(`${site.oidc.issuer}/session/end?client_id=${FORM.client_id}`);
  expect(await there.evaluate(() => window.opener)).toBeNull();
  await there.getByRole('button', { name: /yes/i }).click();
  await there.waitForURL(/session\/end\/success/, { waitUntil: 'domcontentloaded' });
  await there.close();
  expect(await isInThere()).toBe(false);

  // It is of that sign-out alone: neither the address nor another visit brings it back.
  await page.goto(`${site.url}/sign-in?signedOutOf=${id}`);
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toBeVisible();
  await expect(page.getByText('You may still be signed in', { exact: false })).toHaveCount(0);
  // Whoever came by a password is offered nothing.
  await site.signIn(page, 'org_owner');
  await page.goto(site.url);
  await signOut(page);
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toBeVisible();
  await expect(page.getByText('You may still be signed in', { exact: false })).toHaveCount(0);
});

test('an owner replaces our signing key in steps, and is warned before the last', async ({ page, site }) => {
  const id = await addSamlProvider(site);
  const listed = async () =>
    (await (await page.request.get(`${site.url}/api/v1/sso/${id}/metadata`)).text()).match(/<X509Certificate>/g)?.length;
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'providers'));
  await page.getByRole('button', { name: 'Actions for Acme Login' }).click();
  await expect(page.getByRole('menuitem', { name: 'Edit' })).toBeVisible();
  await expect(page.getByRole('menuitem', { name: 'Signing key…' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Actions for Acme SAML' }).click();
  await page.getByRole('menuitem', { name: 'Signing key…' }).click();
  await expect(dialog(page).getByText('Signs now:')).toBeVisible();
  const fingerprint = () =>
    dialog(page)
      .getByText(/^[0-9a-f]{64}$/)
      .first()
      .textContent();
  const before = await fingerprint();
  await dialog(page).getByRole('button', { name: 'Make the next key' }).click();
  await expect(dialog(page).getByText('Next:')).toBeVisible();
  await expect(dialog(page).getByText(/BEGIN CERTIFICATE/)).toBeVisible();
  expect(await listed()).toBe(2);
  expect(await fingerprint()).toBe(before);
  const switching = dialog(page).getByRole('button', { name: 'Switch to the next key' });
  await expect(switching).toBeDisabled();
  await expect(dialog(page).getByText(/cannot be brought back/)).toBeVisible();

  // It goes on where it was left.
  await dialog(page).getByRole('button', { name: 'Close' }).last().click();
  await page.reload();
  await page.getByRole('button', { name: 'Actions for Acme SAML' }).click();
  await page.getByRole('menuitem', { name: 'Signing key…' }).click();
  await dialog(page).getByLabel('The provider knows the next certificate').check();
  await switching.click();
  await expect(dialog(page).getByText('Next:')).toHaveCount(0);
  await expect.poll(fingerprint).not.toBe(before);
  expect(await listed()).toBe(1);
  await site.api('DELETE', `/organizations/${site.organizationId}/identity-providers/${id}`);
});

test('an organization that requires its provider asks for it, and opens the page that was asked for', async ({ page, site }) => {
  const owner = await ownerWithPasskey(page, site);
  await page.goto(part(site, 'policy'));
  await page.getByRole('button', { name: 'Change policy' }).click();
  await dialog(page).getByLabel('Only through an identity provider').check();
  await dialog(page).getByRole('combobox', { name: 'Break-glass owners' }).press('ArrowDown');
  await page.getByRole('option', { name: new RegExp(owner) }).click();
  await page.keyboard.press('Tab');
  await expect(dialog(page).getByText(/never signed in through an active provider/)).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('While the identity provider is down')).toBeVisible();

  await site.signIn(page, 'team_developer');
  await page.goto(`${site.url}/profile`);
  await expect(page.getByText(/opens after a sign-in through its identity provider/)).toBeVisible();
  await page.goto(`${site.url}/organizations/${site.organizationId}?tab=keys`);
  await expect(page.getByRole('heading', { name: /asks for another sign-in/ })).toBeVisible();
  const link = page.getByRole('main').getByRole('link', { name: 'Sign in through Acme Login' });
  await expect(link).toHaveAttribute('href', /return_to=%2Forganizations%2F.*tab%3Dkeys/);

  await page.context().clearCookies();
  await page.goto(`${site.url}/sign-in`);
  await page.getByRole('textbox', { name: 'E-mail' }).fill('nora@acme.example');
  await expect(page.getByText(/opens only through its identity provider/)).toBeVisible();
  await expect(page.getByLabel('Password', { exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Use a password instead' }).click();
  await expect(page.getByLabel('Password', { exact: true })).toBeVisible();
});

test('a break-glass owner whose passkey is gone is named as one who cannot come in', async ({ page, site }) => {
  await site.signIn(page, 'platform_admin');
  await page.goto(part(site, 'policy'));
  const letsIn = page.getByText(/^Break-glass owners come in with their passkey/);
  await expect(letsIn).toHaveText('Break-glass owners come in with their passkey: Org Owner.');
  const owner = site.as('org_owner');
  const { data } = await owner<{ data: { id: string }[] }>('GET', '/session/passkeys');
  for (const { id } of data) await owner('DELETE', `/session/passkeys/${id}`);
  await page.reload();
  await expect(letsIn).toContainText('Org Owner (has no passkey, so cannot come in)');
});

test('admins see the mappings alone, and members no sign-in at all', async ({ page, site }) => {
  await site.api('PUT', `/organizations/${site.organizationId}/sign-in-policy`, ANY_WAY);
  await site.signIn(page, 'org_admin');
  await page.goto(part(site, 'domains'));
  await expect(page.getByRole('row', { name: /support/ })).toContainText('Acme Login');
  await expect(page.getByRole('button', { name: 'Add group mapping' })).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByRole('radio', { name: 'Domains' })).toHaveCount(0);
  await site.signIn(page, 'org_member');
  await page.goto(part(site, 'domains'));
  await expect(page.getByRole('tab', { name: 'Overview' })).toBeVisible();
  await expect(page.getByRole('tab', { name: 'Sign-in' })).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'More', exact: true })).toHaveCount(0);
});

test('the roles that a SCIM directory gives are found from the sign-in, with the way to the directory', async ({
  page,
  site,
}) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'providers'));
  await page.getByText('SCIM directory', { exact: true }).click();
  const groups = page.getByRole('region', { name: 'Groups' });
  await expect(groups).toContainText('This organization has group mappings of single sign-on too.');
  await expect(groups).toContainText('Where a group here gives a role, it counts');
  await groups.getByRole('link', { name: 'Show group mappings' }).click();
  await expect(page.getByRole('row', { name: /support/ })).toContainText('Acme Login');
  await page.getByText('SCIM directory', { exact: true }).click();
  await page.getByRole('link', { name: 'Open the directory' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Directory' })).toBeVisible();
});

test('who has only the provider signs in again through it to approve a device, and finds what they entered', async ({
  page,
  site,
}) => {
  const again = await noraWithOldSignIn(page, site, '/device');
  const asked = await postOauth(site, 'device', { device_name: 'build server' });
  await page.getByLabel('Code').fill(asked.user_code ?? '');
  await page.keyboard.press('Enter');
  await expect(page.getByText('build server')).toBeVisible();
  await chooseTeam(page);
  await expect(page.getByLabel('Your password')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Approve' })).toBeDisabled();
  await again();
  // The code was kept by this tab, and is in no address.
  await expect(page).toHaveURL(`${site.url}/device`);
  await expect(page.getByText('build server')).toBeVisible();
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('The device is logged in')).toBeVisible();
  expect((await postDeviceCode(site, asked)).access_token).toMatch(/./);
  await page.reload();
  await expect(page.getByLabel('Code')).toHaveValue('');
});

test('the same on this computer: the page that comes back asks for the same login', async ({ page, site }) => {
  const search = new URLSearchParams({
    ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', state: 'kept', client_id: 'headgate-cli' },
    ...{ redirect_uri: 'http://127.0.0.1:43210/callback', device_name: "Nora's laptop" },
  });
  const again = await noraWithOldSignIn(page, site, `/connect?${search}`);
  await chooseTeam(page);
  await expect(page.getByRole('button', { name: 'Approve' })).toBeDisabled();
  await again();
  await expect(page.getByText("Nora's laptop")).toBeVisible();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual(Object.fromEntries(search));
  await expect(page.getByRole('combobox', { name: 'Team' })).not.toHaveValue('');
  await expect(page.getByRole('button', { name: 'Approve' })).toBeEnabled();
});

test('a first link of an account whose address nobody proved warns before, and says afterwards what it removed', async ({
  page,
  site,
}) => {
  await site.signIn(page, 'org_auditor');
  await page.goto(`${site.url}/profile`);
  const section = page.getByRole('region', { name: 'Company sign-in' });
  await expect(section.getByRole('alert')).toContainText('The first link removes your other ways in');
  await section.getByRole('button', { name: 'Link this account to Acme Login' }).click();
  await expect(dialog(page)).toContainText('Then your password, passkeys, authenticator, sessions and links');
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('region', { name: 'Password' })).toBeVisible();
  await section.getByRole('button', { name: 'Link this account to Acme Login' }).click();
  await dialog(page).getByRole('button', { name: 'Link, and remove them' }).click();
  const told = page.getByRole('status').filter({ hasText: 'earlier ways into it were removed' });
  await expect(told).toContainText('Nobody had proved before that org.auditor@headgate.test is yours');
  await expect(told).toContainText('Removed: the password, sessions in all browsers.');
  const signIn = await fetch(`${site.url}/api/v1/session/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: site.url },
    body: JSON.stringify({ email: 'org.auditor@headgate.test', password: PASSWORD }),
  });
  expect(signIn.status).toBe(401);
  await told.getByRole('button', { name: 'Close' }).click();
  await expect(told).toHaveCount(0);
  expect(page.url()).not.toContain('link_removed');
  // A word that the server never says is not shown.
  await page.goto(`${site.url}/profile?link_removed=everything`);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(told).toHaveCount(0);
});

test('a provider that is switched off lets nobody in', async ({ page, site }) => {
  const { id } = await providerOf(site);
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'providers'));
  await page.getByRole('button', { name: 'Actions for Acme Login' }).click();
  await page.getByRole('menuitem', { name: 'Switch off' }).click();
  await expect(dialog(page).getByText(/signed in through it now|must sign in again/)).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Switch off' }).click();
  await expect(page.getByRole('region', { name: 'Acme Login' }).getByText('Off', { exact: true })).toBeVisible();
  await page.context().clearCookies();
  await page.goto(`${site.url}/api/v1/sso/${id}/start`);
  await expect(page.getByRole('alert')).toContainText('This identity provider is switched off.');
});

async function providerOf(site: SsoHouse): Promise<{ readonly id: string }> {
  const { data } = await site.api<{ data: { id: string }[] }>('GET', `/organizations/${site.organizationId}/identity-providers`);
  return data[0] as { id: string };
}

/** Signs the owner in with a passkey of their own, and through the provider once. Returns the owner's name. */
async function ownerWithPasskey(page: Page, site: SsoHouse): Promise<string> {
  await site.verify('headgate.test');
  // Of an account whose address nobody proved, a link would remove the passkeys.
  const { account } = await site.as('org_owner')<{ account: { id: string } }>('GET', '/session');
  await site.api('POST', `/accounts/${account.id}/vouch`, { reason: 'Known in person.' });
  await site.signIn(page, 'org_owner');
  await addPasskeyDevice(page);
  await page.goto(`${site.url}/profile`);
  await page.getByRole('button', { name: 'Add passkey' }).click();
  await dialog(page).getByLabel('Name').fill('My laptop');
  await dialog(page).getByLabel('Your password').fill(PASSWORD);
  await dialog(page).getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('button', { name: 'Remove My laptop' })).toBeVisible();
  const section = page.getByRole('region', { name: 'Company sign-in' });
  await section.getByRole('button', { name: 'Link this account to Acme Login' }).click();
  await dialog(page).getByRole('button', { name: 'Sign in there, and link' }).click();
  await expect(page.getByText('Your account is linked.')).toBeVisible();
  await expect(section.getByRole('button', { name: 'Unlink org.owner@headgate.test' })).toBeVisible();
  return 'Org Owner';
}

/** Signs Nora in, who has only the provider, and lets her sign-in be old until the returned function signs her in again. */
async function noraWithOldSignIn(page: Page, site: SsoHouse, path: string): Promise<() => Promise<void>> {
  const { id } = await providerOf(site);
  const { data: teams } = await site.api<{ data: { id: string }[] }>('GET', `/organizations/${site.organizationId}/teams`);
  for (const team of teams) await site.api('PATCH', `/teams/${team.id}`, { self_service: { enabled: true } });
  await page.context().clearCookies();
  const query = new URLSearchParams({ login_hint: 'nora@acme.example', return_to: '/profile' });
  await page.goto(`${site.url}/api/v1/sso/${id}/start?${query}`);
  await expect(page).toHaveURL(/\/profile$/);
  // Ten minutes go by for the session.
  const places = '**/api/v1/logins/places';
  await page.route(places, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), is_fresh: false } });
  });
  await page.goto(site.url + path);
  return async () => {
    const link = page.getByRole('link', { name: 'Sign in through Acme Login' });
    await expect(link).toHaveAttribute('href', /[?&]fresh=1(&|$)/);
    await page.unroute(places);
    await link.click();
  };
}
