/** What owners choose for single sign-on: seldom-used settings of a provider, and the sign-in policy. And what people read whom somebody disabled. */
import type { Route } from '@playwright/test';
import { ANY_WAY, addSamlProvider, DOMAIN, FORM, part, passTest } from './sso-house.ts';
import { expect, test } from './sso-test.ts';
import type { Page } from './support.ts';

test.describe.configure({ mode: 'serial' });

const dialog = (page: Page) => page.getByRole('dialog');

let providerId = '';
test.beforeAll(async ({ browser, site }) => {
  await site.verify(DOMAIN);
  const page = await browser.newPage();
  providerId = await site.activeProvider(page);
  await page.close();
});

test('an owner chooses the prompt and where the secret is sent, a test lets them count, and both are taken back', async ({
  page,
  site,
}) => {
  const path = `/organizations/${site.organizationId}/identity-providers/${providerId}`;
  const stored = () => site.api<{ config: object; next_config: object | null; redirect_url: string }>('GET', path);
  const { redirect_url: redirect } = await stored();
  const promptSent = async () => {
    const answer = await page.request.get(`${site.url}/api/v1/sso/${providerId}/start`, { maxRedirects: 0 });
    return new URL(answer.headers().location ?? '').searchParams.get('prompt');
  };
  const row = page.getByRole('region', { name: 'Acme Login' });
  const choice = (name: string) => dialog(page).getByRole('radio', { name });
  const edit = async () => {
    await page.goto(part(site, 'providers'));
    await page.getByRole('button', { name: 'Actions for Acme Login' }).click();
    await page.getByRole('menuitem', { name: 'Edit' }).click();
    await expect(dialog(page).getByLabel('Issuer')).toBeVisible();
  };
  const save = async () => {
    await expect(dialog(page).getByText('Changed: Prompt, Client authentication')).toBeVisible();
    await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
    await expect(row.getByText('A new connection waits for a test')).toBeVisible();
  };
  await site.signIn(page, 'org_owner');
  await edit();
  await expect(choice('Sign in again (login)')).toBeHidden();
  await dialog(page).getByRole('button', { name: 'Prompt and client authentication' }).click();
  await expect(choice('As the provider decides')).toBeChecked();
  await expect(choice('Automatic')).toBeChecked();
  await choice('Sign in again (login)').check();
  await choice('In the body (client_secret_post)').check();
  await save();
  const chosen = { prompt: 'login', client_authentication: 'client_secret_post' };
  expect((await stored()).next_config).toMatchObject(chosen);
  expect(await promptSent()).toBeNull();

  // The provider takes the secret in no header from now on.
  const registered = { ...FORM, redirect_uris: [redirect], token_endpoint_auth_method: 'client_secret_post' } as const;
  await site.oidc.setClients([registered]);
  await passTest(page, site);
  expect(await stored()).toMatchObject({ config: chosen, next_config: null });
  expect(await promptSent()).toBe('login');

  await edit();
  await expect(choice('Sign in again (login)')).toBeChecked();
  await expect(choice('In the body (client_secret_post)')).toBeChecked();
  await choice('As the provider decides').check();
  await choice('Automatic').check();
  await save();
  await site.allow(redirect);
  await passTest(page, site);
  const { config, next_config } = await stored();
  expect([Object.keys(config).filter((name) => name in chosen), next_config]).toEqual([[], null]);
  expect(await promptSent()).toBeNull();
  await edit();
  await expect(choice('Sign in again (login)')).toBeHidden();
});

test('a new provider has the prompt that was chosen before it was saved', async ({ page, site }) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'providers'));
  await page.getByRole('button', { name: 'Add identity provider' }).click();
  await dialog(page).getByLabel('Name', { exact: true }).fill('Acme Several');
  await dialog(page).getByLabel('Issuer').fill(site.oidc.issuer);
  await dialog(page).getByRole('button', { name: 'Prompt and client authentication' }).click();
  await dialog(page).getByRole('radio', { name: 'Choose an account (select_account)' }).check();
  await dialog(page).getByRole('button', { name: 'Save as draft' }).click();
  await expect(page.getByRole('region', { name: 'Acme Several' })).toBeVisible();
  const path = `/organizations/${site.organizationId}/identity-providers`;
  const { data } = await site.api<{ data: { id: string; name: string; config: object }[] }>('GET', path);
  const made = data.find(({ name }) => name === 'Acme Several');
  expect(made?.config).toMatchObject({ issuer: site.oidc.issuer, prompt: 'select_account' });
  expect(made?.config).not.toHaveProperty('client_authentication');
  await site.api('DELETE', `${path}/${made?.id}`);
});

test('what one owner entered stays when another one saves another field of the connection first', async ({ page, site }) => {
  const id = await addSamlProvider(site);
  const path = `/organizations/${site.organizationId}/identity-providers/${id}`;
  const { config } = await site.api<{ config: Record<string, unknown> }>('GET', path);
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'providers'));
  await page.getByRole('button', { name: 'Actions for Acme SAML' }).click();
  await page.getByRole('menuitem', { name: 'Edit' }).click();
  await dialog(page).getByLabel('Name attribute').fill('displayName');
  const { entity_id, certificates } = config;
  const sso_url = 'https://saml.acme.example/theirs';
  await site.api('PATCH', path, { config: { entity_id, certificates, sso_url } });
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Also kept from the other change: Sign-in URL of the provider.')).toBeVisible();
  await page.getByRole('button', { name: 'Keep both changes' }).click();
  await expect(dialog(page).getByLabel('Name attribute')).toHaveValue('displayName');
  await expect(dialog(page).getByLabel('Sign-in URL of the provider')).toHaveValue(sso_url);
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog(page)).toHaveCount(0);
  const both = await site.api<{ config: object }>('GET', path);
  expect(both.config).toMatchObject({ sso_url, attributes: { email: null, name: 'displayName' } });
  await site.api('DELETE', path);
});

test('whoever is disabled reads it when they sign in through the provider, and among their roles', async ({ page, site }) => {
  const query = new URLSearchParams({ login_hint: 'ada@acme.example', return_to: '/profile' });
  const comeIn = async () => {
    await page.context().clearCookies();
    await page.goto(`${site.url}/api/v1/sso/${providerId}/start?${query}`);
  };
  const roles = page.getByRole('region', { name: 'Roles' });
  await comeIn();
  await expect(roles).toContainText('Acme: member');
  const members = `/organizations/${site.organizationId}/members`;
  const { data } = await site.api<{ data: { id: string; account_id: string }[] }>('GET', `${members}?search=Ada`);
  const [ada] = data;
  await site.api('PATCH', `${members}/${ada?.id}`, { status: 'disabled' });
  await page.reload();
  await expect(roles).toContainText('Acme: your access is disabled. Ask an owner or admin there to enable it again.');
  await expect(roles).not.toContainText('None yet');
  const told = page.getByRole('alert');
  await comeIn();
  await expect(told).toContainText('Your access to this organization is disabled.');
  await expect(told).toContainText('Ask an owner or admin of the organization to enable it again.');
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toBeVisible();

  await site.api('PATCH', `${members}/${ada?.id}`, { status: 'active' });
  await site.api('PATCH', `/accounts/${ada?.account_id}`, { status: 'disabled' });
  await comeIn();
  await expect(told).toContainText('Your account is disabled.');
  await expect(told).toContainText('Ask a platform admin to enable it again.');
  await site.api('PATCH', `/accounts/${ada?.account_id}`, { status: 'active' });
  await comeIn();
  await expect(roles).toContainText('Acme: member');
});

test('a policy can be saved only once its effect is shown', async ({ page, site }) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'policy'));
  await page.getByRole('button', { name: 'Change policy' }).click();
  const [hours, save] = [
    dialog(page).getByLabel('Hours until the next sign-in'),
    dialog(page).getByRole('button', { name: 'Save', exact: true }),
  ];
  const counting = dialog(page).getByText('Counting who is concerned…');
  const effect = dialog(page).getByText('Saving signs nobody out.', { exact: false });
  const saving: string[] = [];
  page.on('request', (request) => {
    const isOfPolicy = request.method() === 'PUT' && request.url().includes('/sign-in-policy');
    if (isOfPolicy && !request.url().includes('dry_run=true')) saving.push(request.postData() ?? '');
  });
  // Each change has an effect of its own, also the second.
  for (const count of ['24', '36']) {
    const [asked, answer] = await held(page, '**/sign-in-policy?dry_run=true');
    await hours.fill(count);
    await asked;
    await expect(counting).toBeVisible();
    await expect(effect).toHaveCount(0);
    await expect(save).toBeDisabled();
    await hours.press('Enter');
    answer();
    await expect(effect).toBeVisible();
    await expect(save).toBeEnabled();
    expect(saving).toEqual([]);
  }
  await save.click();
  await expect(dialog(page)).toHaveCount(0);
  expect(saving).toHaveLength(1);
  await expect(page.getByText('36 hours')).toBeVisible();
  await site.api('PUT', `/organizations/${site.organizationId}/sign-in-policy`, ANY_WAY);
});

test('an owner without a passkey is listed with the reason, and cannot be chosen for break-glass', async ({ page, site }) => {
  await site.signIn(page, 'org_owner');
  await page.goto(part(site, 'policy'));
  await page.getByRole('button', { name: 'Change policy' }).click();
  await dialog(page).getByLabel('Only through an identity provider').check();
  await expect(dialog(page).getByText('An owner must sign in through the provider first')).toBeVisible();
  const owners = dialog(page).getByRole('combobox', { name: 'Break-glass owners' });
  await owners.press('ArrowDown');
  const option = page.getByRole('option', { name: 'Org Owner (org.owner@headgate.test): has no passkey yet' });
  await expect(option).toBeVisible();
  await expect(option).toBeDisabled();
  await option.click({ force: true });
  await owners.press('Enter');
  await page.keyboard.press('Tab');
  await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
  await expect(dialog(page).getByText('Choose one to three owners.')).toBeVisible();
  const policy = await site.api('GET', `/organizations/${site.organizationId}/sign-in-policy`);
  expect(policy).toMatchObject({ sign_in: 'any', break_glass: [] });
});

/** Lets the next call wait. Returns a promise of that call, and what lets the server have it. */
async function held(page: Page, address: string): Promise<readonly [asked: Promise<void>, answer: () => void]> {
  const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const handle = async (route: Route) => {
    asked.resolve();
    await answered.promise;
    await route.continue();
  };
  await page.route(address, handle, { times: 1 });
  return [asked.promise, answered.resolve];
}
