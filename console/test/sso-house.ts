/** A gateway with what single sign-on needs: a public URL, a DNS server on loopback, and an OpenID Connect provider as a process. */
import { type DnsServer, startDnsServer } from '../../server/test/support/dns-server.ts';
import { type RunningProvider, startOidcProvider } from '../../server/test/support/oidc-provider.ts';
import { newSigner } from '../../server/test/support/saml-provider.ts';
import { type House, openPublicHouse, type Page } from './support.ts';

export const DOMAIN = 'acme.example';
const CLIENT = { client_id: 'headgate', client_secret: 'a secret that only the two of them know' };

/** The people at the provider, by the address that they type, which is their `sub` there. */
const PEOPLE = {
  'nora@acme.example': person('Nora New', 'nora@acme.example', ['support', 'everyone']),
  'ada@acme.example': person('Ada Lovelace', 'ada@acme.example', ['everyone']),
  'org.owner@headgate.test': person('Org Owner', 'org.owner@headgate.test', []),
  'org.auditor@headgate.test': person('Org Auditor', 'org.auditor@headgate.test', []),
  'stranger@elsewhere.example': person('Stranger', 'stranger@elsewhere.example', []),
};

function person(name: string, email: string, groups: readonly string[]) {
  return { name, email, email_verified: true, groups };
}

export interface SsoHouse extends House {
  readonly dns: DnsServer;
  readonly oidc: RunningProvider;
  /** Lets the provider send people back to this address of the gateway. */
  allow(redirectUrl: string): Promise<void>;
  /** Verifies a domain of the demo organization. */
  verify(domain: string): Promise<void>;
  /** Makes an active provider, past its test. Returns its id. */
  activeProvider(page: Page): Promise<string>;
  close(): Promise<void>;
}

/** Passkeys need a host with a name. */
export async function openSsoHouse(settings: Record<string, string> = {}): Promise<SsoHouse> {
  const dns = await startDnsServer();
  const oidc = await startOidcProvider({ clients: [], people: PEOPLE });
  const house = await openPublicHouse(
    { HEADGATE_DNS_SERVERS: dns.address, HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1', ...settings },
    'localhost',
  );
  const at = `/organizations/${house.organizationId}`;
  const allow = (redirectUrl: string) => oidc.setClients([{ ...CLIENT, redirect_uris: [redirectUrl] }]);
  return {
    ...house,
    dns,
    oidc,
    allow,
    verify: async (domain) => {
      const row = await house.api<{ record_name: string; record_value: string }>('POST', `${at}/domains`, { domain });
      dns.set(row.record_name, [row.record_value]);
      const checked = await house.api<{ state: string }>('POST', `${at}/domains/${domain}/check`);
      if (checked.state !== 'verified') throw new Error(`${domain} is ${checked.state}`);
    },
    activeProvider: async (page) => {
      const { id, redirect_url } = await house.api<{ id: string; redirect_url: string }>('POST', `${at}/identity-providers`, {
        name: 'Acme Login',
        protocol: 'oidc',
        config: { issuer: oidc.issuer, client_id: CLIENT.client_id, scopes: ['openid', 'email', 'profile'] },
        client_secret: CLIENT.client_secret,
        creates_accounts: true,
        groups_claim: 'groups',
      });
      await allow(redirect_url);
      await house.signIn(page, 'org_owner');
      await passTest(page, house);
      await house.api('POST', `${at}/identity-providers/${id}/activate`);
      return id;
    },
    close: async () => {
      await house.gateway.stop();
      await oidc.stop();
      await dns.close();
    },
  };
}

/** The client that is entered in forms. */
export const FORM = CLIENT;

/** A policy that asks for nothing. */
export const ANY_WAY = {
  ...{ sign_in: 'any', second_factor: 'off', evidence_hours: 12, idle_minutes: null, asks_again: false, break_glass: [] },
};

/** The address of a part of the tab *Sign-in*. */
export function part({ url, organizationId }: House, name: string): string {
  return `${url}/organizations/${organizationId}?tab=sign-in&part=${name}`;
}

/** Goes once through the provider as the owner who is signed in, for a test. */
export async function passTest(page: Page, house: House): Promise<void> {
  await page.goto(part(house, 'providers'));
  await page.getByRole('button', { name: 'Test connection to Acme Login' }).click();
  const opened = page.context().waitForEvent('page');
  await page.getByRole('link', { name: 'Open Acme Login' }).click();
  await (await opened).getByText('The test passed').waitFor();
  await (await opened).close();
  await page.getByText('The test passed').waitFor();
}

/** Adds a SAML provider as a draft, entered by hand. Returns its id. */
export async function addSamlProvider(site: SsoHouse): Promise<string> {
  const { id } = await site.api<{ id: string }>('POST', `/organizations/${site.organizationId}/identity-providers`, {
    name: 'Acme SAML',
    protocol: 'saml',
    config: {
      entity_id: 'https://saml.acme.example/idp',
      sso_url: 'https://saml.acme.example/sso',
      certificates: [newSigner().pem],
    },
  });
  return id;
}

/** Signs out by the menu of the person. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Signed in as/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
}
