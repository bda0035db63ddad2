/** Single sign-on as browsers see it, with a provider that says whatever a test wants. */
import { newId } from '../../src/lib/id.ts';
import { organizationDomains } from '../../src/store/schema.ts';
import * as memberships from '../../src/store/tenancy/memberships.ts';
import { type AdminWorld, makeOrganization, must } from '../admin/support.ts';
import { type Browser, browse } from '../identity/support.ts';
import type { Said } from '../support/saying-protocol.ts';

export const PUBLIC_URL = 'https://gate.example.com';
export const HERE = { origin: PUBLIC_URL };

/** An organization with a verified domain and an active provider. */
export interface Tenant {
  readonly id: string;
  readonly domain: string;
  readonly idp: string;
}

let made = 0;

/** Makes an organization with a verified domain and an active provider that creates accounts. */
export async function makeTenant({ root, deps }: AdminWorld, settings: object = {}): Promise<Tenant> {
  made += 1;
  const { id } = await makeOrganization(root);
  const domain = `tenant-${process.pid}-${made}.test`;
  await deps.db
    .insert(organizationDomains)
    .values({ organizationId: id, domain, challenge: 'x', state: 'verified', createdBy: 'test' });
  return { id, domain, idp: await makeProvider({ root, deps } as AdminWorld, id, settings) };
}

export async function makeProvider(
  { root }: Pick<AdminWorld, 'root'>,
  organizationId: string,
  settings: object = {},
): Promise<string> {
  const body = { name: 'Okta', protocol: 'oidc', config: { issuer: 'https://idp.test' }, creates_accounts: true, ...settings };
  const { id } = must(await root('POST', `/organizations/${organizationId}/identity-providers`, body));
  const path = `/organizations/${organizationId}/identity-providers/${id}`;
  const browser = browseAs(root);
  const test = must(await browser('POST', `${path}/test`, {}));
  await comeBack(browser, test.location, { subject: 'tester', email: 'tester@nowhere.test' });
  must(await root('POST', `${path}/activate`));
  return id;
}

/** The platform admin's token in something that keeps cookies. Filled by `useWorld`. */
let present: AdminWorld | null = null;
function browseAs(root: AdminWorld['root']): Browser {
  if (present === null) throw new Error('call useWorld first');
  const browser = browse(present);
  const ask: Browser = Object.assign(
    async (method: string, path: string, body?: unknown) => {
      if (path.startsWith('/sso/')) return browser(method, path, body, HERE);
      const answer = await root(method, path, body);
      for (const cookie of [answer.headers['set-cookie'] ?? ''].flat()) {
        const [pair = ''] = cookie.split(';');
        const at = pair.indexOf('=');
        if (at > 0) browser.cookies.set(pair.slice(0, at), pair.slice(at + 1));
      }
      return { ...answer, setCookies: [] };
    },
    { cookies: browser.cookies },
  );
  return ask;
}

/** Names the world that helpers open browsers on. */
export function useWorld(world: AdminWorld): AdminWorld {
  present = world;
  return world;
}

/** Starts a sign-in, and returns the address of the provider. */
export async function begin(browser: Browser, idp: string, query = ''): Promise<string> {
  const started = await browser('GET', `/sso/${idp}/start${query}`, undefined, HERE);
  if (started.status !== 303) throw new Error(`${started.status}: ${started.text}`);
  return started.headers.location ?? '';
}

/** Comes back from the provider with what it says. Returns where the browser is sent. */
export async function comeBack(browser: Browser, location: string, said: Said | { readonly error: string }): Promise<string> {
  const url = new URL(location);
  const [, idp = ''] = url.pathname.split('/');
  const query = new URLSearchParams({ state: url.searchParams.get('state') ?? '' });
  if ('error' in said) query.set('error', said.error);
  else query.set('says', JSON.stringify(said));
  const answer = await browser('GET', `/sso/${idp}/callback?${query}`, undefined, HERE);
  if (answer.status !== 303) throw new Error(`${answer.status}: ${answer.text}`);
  return answer.headers.location ?? '';
}

/** Signs in through a provider. Returns where the browser is sent. */
export async function arrive(browser: Browser, idp: string, said: Said, query = ''): Promise<string> {
  return comeBack(browser, await begin(browser, idp, query), said);
}

/** Returns why a browser was sent to the sign-in page. */
export function codeOf(location: string): string | null {
  const url = new URL(location, PUBLIC_URL);
  if (url.origin !== PUBLIC_URL) throw new Error(`sent elsewhere: ${location}`);
  return url.searchParams.get('sso');
}

/** Makes an account a member. */
export async function join(
  { deps }: AdminWorld,
  organizationId: string,
  accountId: string,
  role = 'org_member',
): Promise<string> {
  const id = newId('mem');
  await memberships.add(deps.db, { organizationId, id, accountId, role }, new Date());
  return id;
}

/** Returns the roles that a session gives, by organization. */
export async function opened(browser: Browser): Promise<Readonly<Record<string, readonly string[]>>> {
  return must(await browser('GET', '/session', undefined, HERE)).capabilities_by_organization;
}

/** Begins a test of an identity provider, at its path, in a browser of its own. */
export async function beginTest(world: AdminWorld, path: string) {
  const browser = browse(world);
  const answer = await world.root('POST', `${path}/test`, {});
  const [pair = ''] = (answer.headers['set-cookie'] ?? '').split(';');
  browser.cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
  return { browser, ...must(answer) };
}
