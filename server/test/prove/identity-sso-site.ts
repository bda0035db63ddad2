/** The ground of `identity.sso`: one gateway, three organizations with owners of their own, and browsers that come in through providers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { makeAuthenticator } from '../identity/authenticator.ts';
import { createBrowser } from '../support/oidc-provider.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres } from '../support/postgres.ts';
import { testCertificate } from '../support/tls-certificate.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import type { ProveResult } from './prove.ts';

/** Of every owner and member of the site. */
export const PASSWORD = 'nine maps of the harbour';
const TRIES_MAX = 20;

/** A scenario of a protocol. `signIns` and `refused` are summed over all of them for the line. */
export interface SsoScenario {
  readonly name: string;
  run(site: SsoSite, options: { readonly quick: boolean }): Promise<ProveResult>;
}

/** What an answer of the admin API is read for. */
export type Answered = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
export type Call = (method: string, path: string, body?: unknown) => Promise<Answered>;

export type SsoBrowser = ReturnType<typeof createBrowser> & {
  /** A call of the console in this browser. */
  readonly call: Call;
  /** Signs in through a provider, and returns the path at which the browser ends. */
  signIn(providerId: string, loginHint: string): Promise<string>;
};

export interface SsoOrganization {
  readonly id: string;
  readonly slug: string;
  /** Verified for it. */
  readonly domain: string;
  /** Signed in with password and passkey. */
  readonly owner: SsoBrowser;
  readonly ownerEmail: string;
  readonly ownerId: string;
  readonly passkey: ReturnType<typeof makeAuthenticator>;
}

export interface SsoSite {
  readonly gateway: Gateway;
  readonly databaseUrl: string;
  readonly origin: string;
  readonly organizations: readonly [SsoOrganization, SsoOrganization, SsoOrganization];
  /** Sums that the line of the prove says. */
  readonly figures: { readonly signIns: Map<string, number>; lost: number; refused: number; outside: number; breakGlass: number };
  browser(): SsoBrowser;
  /** Makes a member with a password, and returns their browser. */
  member(organization: SsoOrganization, role: string): Promise<SsoBrowser>;
  /** Adds a provider to an organization as a draft. */
  addProvider(organization: SsoOrganization, body: object): Promise<string>;
  /** Tests a provider through a browser, and switches it on. Throws with the checks if the test is refused. */
  testAndActivate(organization: SsoOrganization, providerId: string, loginHint: string): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** Starts the site, or returns what the machine lacks for it. */
export async function openSsoSite(): Promise<{ readonly site: SsoSite; close(): Promise<void> } | { readonly lacks: string }> {
  const postgres = await startPostgres();
  if (postgres === null) return { lacks: 'PostgreSQL' };
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const folder = temporaryDirectory();
  const certificate = join(folder, 'ca.pem');
  writeFileSync(certificate, testCertificate.cert);
  const env = {
    DATABASE_URL: postgres.url,
    HEADGATE_PORT: String(port),
    HEADGATE_PUBLIC_URL: origin,
    HEADGATE_ALLOWED_IDENTITY_PROVIDERS: '127.0.0.1',
    // Each browser has an address of its own, as people have; otherwise the throttle would end the hostile ones.
    HEADGATE_TRUSTED_PROXIES: '127.0.0.1',
    NODE_EXTRA_CA_CERTS: certificate,
  };
  const gateway = await startGateway({ env });
  const database = new pg.Pool({ connectionString: env.DATABASE_URL, max: 1 });
  const close = async () => {
    await database.end();
    await gateway.stop();
    await postgres.stop();
  };
  try {
    const browser = () => browserOn(origin);
    const query: SsoSite['query'] = async (text, values = []) => (await database.query(text, [...values])).rows;
    const organizations: SsoOrganization[] = [];
    for (const name of ['acme', 'bolt', 'core']) organizations.push(await organization({ gateway, origin, query }, name));
    const [one, two, three] = organizations as [SsoOrganization, SsoOrganization, SsoOrganization];
    const figures = { signIns: new Map<string, number>(), lost: 0, refused: 0, outside: 0, breakGlass: 0 };
    const site: SsoSite = {
      ...{ gateway, databaseUrl: env.DATABASE_URL, origin, organizations: [one, two, three], figures, browser, query },
      addProvider: async ({ id, owner }, body) =>
        must(await owner.call('POST', `/organizations/${id}/identity-providers`, body)).id as string,
      member: async ({ id, domain }, role) =>
        (await invited({ gateway, origin }, { email: `${role}@${domain}`, organizationId: id, role })).browser,
      testAndActivate,
    };
    return { site, close };
  } catch (error) {
    await close();
    throw error;
  }
}

let browsers = 0;

/** A browser that says where it is, as the console does. */
export function browserOn(origin: string): SsoBrowser {
  browsers += 1;
  const jar = createBrowser({ 'x-forwarded-for': `198.18.${browsers >> 8}.${browsers & 255}` });
  const call: Call = async (method, path, body) => {
    const headers = {
      origin,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const answer = await jar.open(`${origin}/api/v1${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  };
  const signIn = (providerId: string, loginHint: string) =>
    endOf(jar, `${origin}/api/v1/sso/${providerId}/start?login_hint=${encodeURIComponent(loginHint)}&return_to=/home`, origin);
  return { ...jar, call, signIn };
}

/** Follows redirects until a page of the console, and returns its path. */
export async function endOf({ open }: Pick<SsoBrowser, 'open'>, url: string, origin: string): Promise<string> {
  let here = url;
  for (let hop = 0; hop < TRIES_MAX; hop += 1) {
    if (here.startsWith(`${origin}/`) && !here.startsWith(`${origin}/api/`)) return here.slice(origin.length);
    const answer = await open(here);
    const to = answer.headers.get('location');
    if (to === null) throw new Error(`${here} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
    here = new URL(to, here).href;
  }
  throw new Error(`${url} led to no page`);
}

async function organization(
  { gateway, origin, query }: Pick<SsoSite, 'gateway' | 'origin' | 'query'>,
  name: string,
): Promise<SsoOrganization> {
  const slug = `sso-${name}`;
  const { id } = await gateway.admin<{ id: string }>('POST', '/organizations', { slug, name: slug });
  const domain = `${name}.example`;
  // The check of the DNS record has a test of its own; here the domain is verified as that check leaves it.
  await query(
    `insert into organization_domains (organization_id, domain, challenge, state, verified_at, created_by) values ($1, $2, 'c', 'verified', now(), 'acct_1')`,
    [id, domain],
  );
  const ownerEmail = `owner@${domain}`;
  const { browser: owner, accountId: ownerId } = await invited(
    { gateway, origin },
    { email: ownerEmail, organizationId: id, role: 'org_owner' },
  );
  const passkey = makeAuthenticator({ rpId: 'localhost', origin });
  const options = must(await owner.call('POST', '/session/passkeys/options', { password: PASSWORD }));
  must(await owner.call('POST', '/session/passkeys', { name: 'Key', response: passkey.create(options as never) }));
  // An account whose address nobody proved loses its password and passkeys when its provider names it.
  await gateway.admin('POST', `/accounts/${ownerId}/vouch`, { reason: 'The owner of a prove.' });
  return { id, slug, domain, owner, ownerEmail, ownerId, passkey };
}

/** Invites somebody, who accepts with a password. */
async function invited(
  { gateway, origin }: Pick<SsoSite, 'gateway' | 'origin'>,
  { email, organizationId, role }: { readonly email: string; readonly organizationId: string; readonly role: string },
): Promise<{ readonly browser: SsoBrowser; readonly accountId: string }> {
  const { link } = await gateway.admin<{ link: string }>('POST', '/invitations', {
    email,
    organization_id: organizationId,
    role,
  });
  const token = new URL(link).searchParams.get('token') ?? '';
  const browser = browserOn(origin);
  must(await browser.call('POST', '/invitations/accept', { token, name: email.split('@')[0], password: PASSWORD }));
  const { account } = must(await browser.call('GET', '/session')) as { account: { id: string } };
  return { browser, accountId: account.id };
}

export async function testAndActivate(
  { id, owner }: Pick<SsoOrganization, 'id' | 'owner'>,
  providerId: string,
  loginHint: string,
): Promise<void> {
  const at = `/organizations/${id}/identity-providers/${providerId}`;
  const started = must(await owner.call('POST', `${at}/test`, {})) as { id: string; location: string };
  const to = new URL(started.location);
  if (loginHint !== '') to.searchParams.set('login_hint', loginHint);
  const origin = new URL((await owner.call('GET', at)).body.redirect_url as string).origin;
  await endOf(owner, to.href, origin);
  const result = must(await owner.call('GET', `${at}/test-result?id=${started.id}`));
  if (result.state !== 'passed') throw new Error(`the test of ${providerId}: ${JSON.stringify(result)}`);
  must(await owner.call('POST', `${at}/activate`));
}

/** Signs in with a password, and with a passkey where the second step asks for one. */
export async function signInOwn(site: SsoSite, { passkey }: SsoOrganization): Promise<SsoBrowser> {
  const browser = site.browser();
  const options = must(await browser.call('POST', '/session/passkey-options', {}));
  must(await browser.call('POST', '/session/passkey', { response: passkey.get(options as never) }));
  return browser;
}

/** Returns the body of an answer that must be a success. */
export function must({ status, body }: Answered): Readonly<Record<string, unknown>> {
  if (status >= 300) throw new Error(`answered ${status}: ${JSON.stringify(body).slice(0, 500)}`);
  return body;
}

/** Reports whether the browser acts in the organization. */
export async function isIn(browser: SsoBrowser, { id }: Pick<SsoOrganization, 'id'>): Promise<boolean> {
  return (await browser.call('GET', `/organizations/${id}`)).status === 200;
}
