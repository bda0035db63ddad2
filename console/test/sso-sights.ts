/** Single sign-on: its pages and dialogs, on a gateway that has a domain, a provider and people who came through it. */
import { endingLogin } from './login-sights.ts';
import type { Sight } from './sight.ts';
import { button, menuOf } from './sight-steps.ts';
import { addSamlProvider, DOMAIN, openSsoHouse, type SsoHouse, signOut } from './sso-house.ts';
import type { Page, Role } from './support.ts';
import { forgettingKey } from './workload-sights.ts';

type Step = (page: Page, site: SsoHouse) => Promise<unknown>;

export function ssoSights(): readonly Sight[] {
  const owner = (name: string, part: string, step?: Step, dialog?: string) => sight(name, at(part), 'org_owner', step, dialog);
  return [
    owner('sso-domains', 'domains'),
    owner('sso-domain-add', 'domains', button('Add domain'), 'DomainDialogs: Add domain'),
    owner('sso-domain-remove', 'domains', button(`Remove ${DOMAIN}`), 'DomainDialogs: Remove …'),
    owner('sso-providers', 'providers', button('Show what to enter at the provider')),
    owner('sso-provider-add', 'providers', button('Add identity provider'), 'ProviderDialogs: Add identity provider'),
    owner('sso-provider-saml', 'providers', async (page) => {
      await button('Add identity provider')(page);
      await page.getByRole('dialog').getByText('SAML 2.0', { exact: true }).click();
      await page.getByText('By hand', { exact: true }).click();
    }),
    owner('sso-provider-edit', 'providers', menuOf('Acme Login', 'Edit'), 'ProviderDialogs: Edit …'),
    owner('sso-provider-rare', 'providers', rareSettings),
    owner('sso-signing-key', 'providers', menuOf('Acme SAML', 'Signing key…'), 'SigningKeyDialog: Our signing key at …'),
    owner('sso-provider-off', 'providers', menuOf('Acme Login', 'Switch off'), 'ProviderActions: Switch … off'),
    owner('sso-provider-delete', 'providers', menuOf('Acme Login', 'Delete'), 'ProviderActions: Delete …'),
    owner('sso-test', 'providers', tested, 'TestDialog: Test connection to …'),
    owner('sso-groups', 'groups'),
    owner('sso-mapping-add', 'groups', button('Add group mapping'), 'MappingDialogs: Add group mapping'),
    owner('sso-mapping-remove', 'groups', button('Remove the mapping of support'), 'MappingDialogs: Remove the mapping of …'),
    owner('sso-directory', 'directory'),
    owner('sso-policy', 'policy'),
    owner('sso-policy-change', 'policy', changedPolicy, 'PolicyDialog: Change policy'),
    owner('sso-people', 'people'),
    owner('sso-unlink', 'people', button('Unlink Nora New'), 'LinksSection: Unlink …'),
    sight('sso-groups-admin', at('domains'), 'org_admin'),
    sight('sso-nothing', async (site) => `/organizations/${(await empty(site)).id}?tab=sign-in`, 'platform_admin'),
    sight(
      'sso-no-providers',
      async (site) => `/organizations/${(await empty(site)).id}?tab=sign-in&part=providers`,
      'platform_admin',
    ),
    sight('sso-closed', async (site) => `/organizations/${await guarded(site)}`, 'team_developer'),
    sight('sso-closed-elsewhere', async (site) => guarded(site).then(() => '/keys'), 'team_developer'),
    sight('sso-profile', async () => '/profile', 'org_owner'),
    sight(
      'sso-link-first',
      async () => '/profile',
      'org_owner',
      button('Link this account to Acme Login'),
      'LinkDialog: Link this account to …',
    ),
    sight('sso-linked', async () => '/profile', 'org_auditor', linked),
    sight(
      'sso-own-unlink',
      async () => '/profile',
      'org_auditor',
      async (page, site) => {
        await linked(page, site);
        await button('Unlink org.auditor@headgate.test')(page);
      },
      'OwnLinks: Unlink …',
    ),
    sight('sso-link-removed', async () => '/profile?sso=linked&link_removed=password.passkeys.sessions', 'org_owner'),
    sight('login-again', async () => '/profile', null, signingInAgain),
    // Programs log in only at a gateway with a public URL.
    sight('rule-key-forget', async () => '/profile', 'org_owner', forgettingKey, 'RuleKeys: Forget …?'),
    sight('login-end', async () => '/profile', 'team_developer', endingLogin, 'LoginsList: End the login on …'),
    sight(
      'sso-sign-in',
      async () => '/sign-in',
      null,
      async (page) => {
        await page.getByRole('textbox', { name: 'E-mail' }).fill(`grace@${DOMAIN}`);
        await page.getByRole('link', { name: 'Sign in through Acme Login' }).waitFor();
      },
    ),
    sight('sso-signed-out', async () => '/sign-in', null, signedOut),
    sight('sso-problem', async () => '/sign-in?sso=answer_refused&reason=wrong_nonce', null),
    sight('sso-signed-in-first', async () => '/sign-in?sso=signed_in_first', null),
  ];
}

let opened: Promise<SsoHouse> | null = null;

/** The address of a sight there, as who looks. */
function sight(
  name: string,
  address: (site: SsoHouse) => Promise<string>,
  who: Role | null,
  step?: Step,
  dialog?: string,
): Sight {
  return {
    name,
    // The page itself is another gateway's.
    address: '/sign-in',
    who: null,
    ...(dialog === undefined ? {} : { dialog }),
    open: async (page: Page) => {
      opened ??= furnished(page);
      const site = await opened;
      await page.context().clearCookies();
      if (who !== null) await site.signIn(page, who);
      await page.goto(site.url + (await address(site)));
      await page.waitForLoadState('networkidle');
      await step?.(page, site);
    },
  };
}

const at = (part: string) => async (site: SsoHouse) => `/organizations/${site.organizationId}?tab=sign-in&part=${part}`;

async function furnished(page: Page): Promise<SsoHouse> {
  const site = await openSsoHouse();
  await site.verify(DOMAIN);
  const path = `/organizations/${site.organizationId}`;
  const { domain } = await site.api<{ domain: string }>('POST', `${path}/domains`, { domain: 'acme-labs.example' });
  site.dns.set(`_headgate.${domain}`, ['headgate-verify=3f9a77027c1db01e5b8e2a64d90cc1f7']);
  await site.api('POST', `${path}/domains/${domain}/check`);
  const context = await (page.context().browser() ?? neverNull()).newContext();
  const other = await context.newPage();
  const id = await site.activeProvider(other);
  await addSamlProvider(site);
  const { data } = await site.api<{ data: { id: string }[] }>('GET', `${path}/teams`);
  const source = { source: id, value: 'support' };
  await site.api('POST', `${path}/group-mappings`, { ...source, team_id: data[0]?.id, team_role: 'team_developer' });
  await site.api('POST', `${path}/group-mappings`, { source: id, value: 'gateway-admins', role: 'org_admin' });
  await context.clearCookies();
  await other.goto(`${site.url}/api/v1/sso/${id}/start?login_hint=nora@${DOMAIN}`);
  await other.getByRole('navigation').first().waitFor();
  await context.close();
  return site;
}

function neverNull(): never {
  throw new Error('the page has no browser');
}

const made = new Map<string, Promise<string>>();

/** An organization without anything. */
async function empty(site: SsoHouse): Promise<{ readonly id: string }> {
  return { id: await organization(site, 'Nothing Yet') };
}

/** An organization that asks the developer for a second factor. */
async function guarded(site: SsoHouse): Promise<string> {
  const known = made.has('Guarded House');
  const id = await organization(site, 'Guarded House');
  if (known) return id;
  const { account } = await site.as('team_developer')<{ account: { id: string } }>('GET', '/session');
  await site.api('POST', `/accounts/${account.id}/vouch`, { reason: 'Known in person.' });
  await site.api('POST', `/organizations/${id}/members`, { account_id: account.id, role: 'org_member' });
  await site.api('PUT', `/organizations/${id}/sign-in-policy`, {
    ...{ sign_in: 'any', second_factor: 'own', evidence_hours: 12, idle_minutes: null, asks_again: false, break_glass: [] },
  });
  return id;
}

function organization(site: SsoHouse, name: string): Promise<string> {
  const slug = name.toLowerCase().replaceAll(' ', '-');
  const id = made.get(name) ?? site.api<{ id: string }>('POST', '/organizations', { name, slug }).then(({ id }) => id);
  made.set(name, id);
  return id;
}

/** A test that has passed, with what the provider said. */
async function tested(page: Page): Promise<void> {
  await button('Test connection to Acme Login')(page);
  const window = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'Open Acme Login' }).click();
  await (await window).getByText('The test passed').waitFor();
  await (await window).close();
  await page.getByText('The test passed').waitFor();
  await button('Show what the provider said')(page);
}

/** The settings that few providers need, one of them chosen. */
async function rareSettings(page: Page): Promise<void> {
  await menuOf('Acme Login', 'Edit')(page);
  await button('Prompt and client authentication')(page);
  const last = page.getByRole('radio', { name: 'In the body (client_secret_post)' });
  await last.check();
  await last.scrollIntoViewIfNeeded();
}

async function changedPolicy(page: Page): Promise<void> {
  await button('Change policy')(page);
  await page.getByLabel('Only through an identity provider').check();
}

/** Comes in through the provider by OpenID Connect, as somebody who has only that. */
async function comeThrough(page: Page, site: SsoHouse): Promise<void> {
  const { data } = await site.api<{ data: { id: string; protocol: string }[] }>(
    'GET',
    `/organizations/${site.organizationId}/identity-providers`,
  );
  const id = data.find(({ protocol }) => protocol === 'oidc')?.id ?? '';
  await page.goto(`${site.url}/api/v1/sso/${id}/start?login_hint=nora@${DOMAIN}`);
  await page.getByRole('navigation').first().waitFor();
}

/** The profile of somebody with a sign-in of their own, who is linked to the provider too. */
async function linked(page: Page, site: SsoHouse): Promise<void> {
  const as = site.as('org_auditor');
  const { data } = await as<{ data: readonly object[] }>('GET', '/session/identity-links');
  if (data.length > 0) return;
  await site.verify('headgate.test');
  // Of an account whose address nobody proved, the link would remove the password.
  const { account } = await as<{ account: { id: string } }>('GET', '/session');
  await site.api('POST', `/accounts/${account.id}/vouch`, { reason: 'Known in person.' });
  await page.reload();
  await button('Link this account to Acme Login')(page);
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in there, and link' }).click();
  await page.getByText('Your account is linked.').waitFor();
}

/** Somebody who has only the provider, and whose sign-in is too old to approve a login. */
async function signingInAgain(page: Page, site: SsoHouse): Promise<void> {
  await comeThrough(page, site);
  const places = '**/api/v1/logins/places';
  await page.route(places, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), is_fresh: false } });
  });
  const asked = new URLSearchParams({
    ...{ code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', device_name: 'nora-laptop' },
    ...{ redirect_uri: 'http://127.0.0.1:43210/callback', client_id: 'headgate-cli' },
  });
  await page.goto(`${site.url}/connect?${asked}`);
  await page.getByRole('link', { name: 'Sign in through Acme Login' }).waitFor();
  await page.unroute(places);
}

/** Comes through the provider, and signs out here. */
async function signedOut(page: Page, site: SsoHouse): Promise<void> {
  await comeThrough(page, site);
  await signOut(page);
  await page.getByRole('link', { name: 'Sign out at Acme Login too' }).waitFor();
}
