/**
 * The column *later by an identity provider* of the takeover table: an account that somebody else made, whose owner later comes through a real
 * OpenID Connect provider. The provider is that of the tenant that made the account, or of another one. Its tenant has verified the domain.
 */
import { makeAuthenticator } from '../identity/authenticator.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { HOSTILE_SECRET } from '../support/hostile-answers.ts';
import { type ProviderClient, type RunningProvider, startOidcProvider } from '../support/oidc-provider.ts';
import { browserOn, endOf, must, type SsoBrowser, testAndActivate } from './identity-sso-site.ts';
import {
  addPasskey,
  anyIn,
  type ByProvider,
  byPasskey,
  byPassword,
  type Cell,
  fresh,
  MADE,
  type Made,
  makeAccount,
  PASSWORDS,
  type TakeoverSite,
  type Tenants,
  tokenIn,
  twoTenants,
} from './takeover-table.ts';

const THEN: readonly ByProvider[] = ['its tenant’s provider', 'the other one’s provider'];

/** A provider in a process of its own, and the name server that says which domains are whose. */
export interface ProviderGround {
  /** What a gateway is started with, so that it asks the two. */
  readonly env: Readonly<Record<string, string>>;
  readonly dns: DnsServer;
  readonly provider: RunningProvider;
  readonly clients: ProviderClient[];
  readonly people: Record<string, { readonly email: string; readonly email_verified: boolean; readonly name: string }>;
  close(): Promise<void>;
}

export async function openProviderGround(): Promise<ProviderGround> {
  const dns = await startDnsServer();
  const provider = await startOidcProvider({ clients: [], people: {} });
  return {
    env: {
      HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1',
      HEADGATE_DNS_SERVERS: dns.address,
      // Each browser has an address of its own, as people have.
      HEADGATE_TRUSTED_PROXIES: '127.0.0.1',
    },
    ...{ dns, provider, clients: [], people: {} },
    close: async () => {
      await provider.stop();
      await dns.close();
    },
  };
}

/** Every cell of the column that this site can have. */
export async function providerCells(site: TakeoverSite, ground: ProviderGround): Promise<readonly Cell[]> {
  const cells: Cell[] = [];
  for (const made of MADE.filter((one) => one !== 'by mail' || site.mail !== null)) {
    for (const then of THEN) {
      const here = await connected(site, ground, then);
      cells.push({ hasMail: site.mail !== null, made, then, ...(await attack(here, made)) });
    }
  }
  return cells;
}

/** Two tenants, of which one has a domain and a provider. */
interface Connected {
  readonly tenants: Tenants;
  readonly ground: ProviderGround;
  readonly then: ByProvider;
  /** The tenant of the provider. */
  readonly organizationId: string;
  readonly domain: string;
  readonly providerId: string;
}

async function connected(site: TakeoverSite, ground: ProviderGround, then: ByProvider): Promise<Connected> {
  const tenants = await twoTenants(site);
  const organizationId = then === 'its tenant’s provider' ? tenants.own : tenants.other;
  const at = `/organizations/${organizationId}`;
  const domain = `${fresh('tenant')}.example`;
  const { record_name, record_value } = await site.root('POST', `${at}/domains`, { domain });
  ground.dns.set(record_name, [record_value]);
  const { state, problem } = await site.root('POST', `${at}/domains/${domain}/check`);
  if (state !== 'verified') throw new Error(`${domain} is ${state}: ${problem}`);
  const owner = await ownerOf(site, organizationId);
  const clientId = `headgate-${domain}`;
  const { id: providerId } = await site.root('POST', `${at}/identity-providers`, {
    ...{ name: 'The company', protocol: 'oidc', client_secret: HOSTILE_SECRET, creates_accounts: true },
    config: { issuer: ground.provider.issuer, client_id: clientId },
  });
  ground.clients.push({
    client_id: clientId,
    client_secret: HOSTILE_SECRET,
    redirect_uris: [`${site.origin}/api/v1/sso/${providerId}/callback`],
  });
  await ground.provider.setClients(ground.clients);
  await addPerson(ground, `tester@${domain}`);
  await testAndActivate({ id: organizationId, owner }, providerId, `tester@${domain}`);
  return { tenants, ground, then, organizationId, domain, providerId };
}

async function ownerOf(site: TakeoverSite, organizationId: string): Promise<SsoBrowser> {
  const sent = await site.root('POST', '/invitations', {
    email: fresh('owner'),
    organization_id: organizationId,
    role: 'org_owner',
  });
  const browser = browserOn(site.origin);
  const token = tokenIn(sent.link);
  must(await browser.call('POST', '/invitations/accept', { token, name: 'Owner', password: PASSWORDS.boss }));
  return browser;
}

/** The provider knows a person by the address. */
async function addPerson({ people, provider }: ProviderGround, email: string): Promise<void> {
  people[email] = { email, email_verified: true, name: 'Somebody' };
  await provider.setPeople(people);
}

/**
 * The steps of one cell. Who made the account adds a passkey and links it to themselves at the provider, where they are a person too. Then the owner
 * of the address comes through the provider, and links the account by hand if they can sign in to it in a way of their own.
 */
async function attack(here: Connected, made: Made): Promise<Pick<Cell, 'attackerIn' | 'ownerIn'>> {
  const { tenants, ground, organizationId, domain, providerId } = here;
  const { site } = tenants;
  const email = `victim@${domain}`;
  const mallory = `mallory@${domain}`;
  await addPerson(ground, email);
  await addPerson(ground, mallory);
  const [attacker, owner] = [browserOn(site.origin), browserOn(site.origin)];
  const device = makeAuthenticator({ rpId: site.rpId, origin: site.origin });
  await makeAccount(tenants, { made, email, attacker, owner });
  if (made === 'by link') await addPasskey(attacker, device);
  await link(here, attacker, mallory);
  const accountId = (await site.root('GET', `/accounts?search=${encodeURIComponent(email)}`)).data[0]?.id;
  if (accountId === undefined) throw new Error(`there is no account ${email}`);

  const through = browserOn(site.origin);
  await through.signIn(providerId, email);
  if (!(await isAccount(through, accountId))) await link(here, owner, email);
  const asMallory = browserOn(site.origin);
  await asMallory.signIn(providerId, mallory);
  const attackers = [attacker, await byPassword(site, email), await byPasskey(site, device)];
  return {
    attackerIn: (await anyIn(attackers, organizationId)) || (await isAccount(asMallory, accountId)),
    ownerIn: (await anyIn([through, owner], organizationId)) && (await isAnyAccount([through, owner], accountId)),
  };
}

/** Links the account of a browser that is signed in in its own way to a person at the provider. Others are refused at the first step. */
async function link({ tenants: { site }, providerId }: Connected, browser: SsoBrowser, person: string): Promise<void> {
  const { status, body } = await browser.call('POST', `/sso/${providerId}/link`, { address: person });
  if (status >= 300) return;
  const to = new URL(String(body.location));
  to.searchParams.set('login_hint', person);
  await endOf(browser, to.href, site.origin);
}

async function isAccount(browser: SsoBrowser, accountId: string): Promise<boolean> {
  const { status, body } = await browser.call('GET', '/session');
  return status === 200 && (body.account as { id?: string } | undefined)?.id === accountId;
}

async function isAnyAccount(browsers: readonly SsoBrowser[], accountId: string): Promise<boolean> {
  for (const browser of browsers) if (await isAccount(browser, accountId)) return true;
  return false;
}
