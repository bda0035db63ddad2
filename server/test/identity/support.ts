/** A browser on the admin API: it keeps cookies, and says where it is. */

import { makeFirstAdminLink } from '../../src/admin/session/first-admin-link.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { newId } from '../../src/lib/id.ts';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { addProof } from '../../src/store/accounts/address-proofs.ts';
import * as signIn from '../../src/store/accounts/sign-in.ts';
import type { AdminWorld, Answer, Headers } from '../admin/support.ts';

export const PASSWORD = 'seven green umbrellas';

export interface Browser {
  (method: string, path: string, body?: unknown, headers?: Headers): Promise<Answer & { readonly setCookies: readonly string[] }>;
  readonly cookies: Map<string, string>;
}

/** A browser that has been nowhere yet. `cookies` are another one's, stolen or shared. */
export function browse({ address }: AdminWorld, cookies = new Map<string, string>()): Browser {
  const ask = async (method: string, path: string, body?: unknown, headers: Headers = {}) => {
    const response = await fetch(path.startsWith('/v1') ? `${address}${path}` : `${address}/api/v1${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(cookies.size === 0 ? {} : { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        origin: address,
        'sec-fetch-site': 'same-origin',
        'user-agent': 'Test browser',
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const setCookies = response.headers.getSetCookie();
    for (const cookie of setCookies) keep(cookies, cookie);
    const text = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      body: text === '' ? null : JSON.parse(text),
      setCookies,
    };
  };
  return Object.assign(ask, { cookies });
}

function keep(cookies: Map<string, string>, cookie: string): void {
  const [pair = ''] = cookie.split(';');
  const at = pair.indexOf('=');
  if (/max-age=0/i.test(cookie)) cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), pair.slice(at + 1));
}

let people = 0;

/** The hash of the password that everybody here has, by who made it. To hash one as the product does takes long on purpose. */
const hashes = new WeakMap<Identity, Promise<string>>();

/** Somebody with an account and a password, whose address is proved unless said otherwise. */
export async function makePerson(
  { deps }: AdminWorld,
  more: {
    readonly platformRole?: 'platform_admin' | 'platform_auditor';
    readonly name?: string;
    readonly email?: string;
    /** The organization whose handed-over link made the account: its address is not proved then. */
    readonly boundTo?: string;
  } = {},
) {
  people += 1;
  const person = { email: more.email ?? `somebody-${process.pid}-${people}@example.com`, name: more.name ?? 'Grace Hopper' };
  const at = new Date();
  const account = await accounts.insert(deps.db, {
    id: newId('acct'),
    ...person,
    platformRole: more.platformRole ?? null,
    madeHow: 'handed_link',
    boundOrganizationId: more.boundTo ?? null,
  });
  const hashing = hashes.get(deps.identity) ?? deps.identity.hashPassword(PASSWORD);
  hashes.set(deps.identity, hashing);
  const hash = await hashing;
  await signIn.setPassword(deps.db, { id: newId('auth'), accountId: account.id, hash, at, how: 'handed_invitation' });
  if (more.boundTo === undefined) {
    // As early as any clock that a test turns: what is added later is added after the proof.
    const proof = { accountId: account.id, address: account.email, how: 'mail', at: new Date(0), by: account } as const;
    await addProof(deps.db, proof);
  }
  return account;
}

/** A browser in which that person has signed in. */
export async function signedIn(world: AdminWorld, account: { readonly email: string }): Promise<Browser> {
  const browser = browse(world);
  const answer = await browser('POST', '/session/sign-in', { email: account.email, password: PASSWORD });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text}`);
  return browser;
}

/** The token of a fresh first-admin link; null when there is no need for one. */
export async function firstAdminToken({ deps }: AdminWorld): Promise<string | null> {
  const link = await makeFirstAdminLink(deps.db, {
    pepper: deps.keys.pepper,
    origin: 'http://localhost',
    nowMs: deps.clock.nowMs(),
    createdBy: 'test',
  });
  return link === null ? null : new URL(link).searchParams.get('token');
}
