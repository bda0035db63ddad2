/**
 * Who gets into another tenant by an account that somebody else made. One cell for each way an account comes to be × what happens next × with
 * and without a mail server. The attacker administers one tenant; the owner of the address is invited by another.
 */
import { makeAuthenticator } from '../identity/authenticator.ts';

/** A running gateway, as the table asks it. */
export interface TakeoverSite {
  /** Where calls go, without a trailing slash. */
  readonly address: string;
  /** What browsers say they come from, and for which name passkeys are made. */
  readonly origin: string;
  readonly rpId: string;
  /** A platform admin. Throws for an answer that is not 2xx. */
  root(method: string, path: string, body?: unknown): Promise<Json>;
  /** The text of the newest mail to an address that holds this; null where there is no mail server. */
  readonly mail: ((to: string, holding: string) => Promise<string>) | null;
}

// biome-ignore lint/suspicious/noExplicitAny: the table asks for a field by its name, and a wrong one fails its cell.
type Json = any;

export type Made = 'by link' | 'by mail' | 'by an admin';
export type ByMail = 'invited by another tenant' | 'reset' | 'passkey added before' | 'claimed';
/** The address comes through an identity provider: of the tenant that made the account, or of the other one. */
export type ByProvider = 'its tenant’s provider' | 'the other one’s provider';
export type Then = ByMail | ByProvider;

export interface Cell {
  readonly hasMail: boolean;
  readonly made: Made;
  readonly then: Then;
  /** The attacker holds a session that acts in the other tenant; through its own tenant's provider: one of this account. */
  readonly attackerIn: boolean;
  /** The owner of the address does. */
  readonly ownerIn: boolean;
}

export const MADE: readonly Made[] = ['by link', 'by mail', 'by an admin'];
const THEN: readonly ByMail[] = ['invited by another tenant', 'reset', 'passkey added before', 'claimed'];

/** Every cell that this site can have: without a mail server nothing is made by mail. */
export async function takeoverCells(site: TakeoverSite): Promise<readonly Cell[]> {
  const here = await twoTenants(site);
  const cells: Cell[] = [];
  for (const made of MADE.filter((one) => one !== 'by mail' || site.mail !== null)) {
    for (const then of THEN) cells.push({ hasMail: site.mail !== null, made, then, ...(await attack(here, made, then)) });
  }
  return cells;
}

export const PASSWORDS = {
  attacker: 'a quiet wolf by the gate',
  owner: 'two lanterns over water',
  boss: 'nine maps of the harbour',
};

/** The steps of one cell. The owner of the address has the mailbox, or without mail the ear of a platform admin; the attacker has everything else. */
async function attack(here: Tenants, made: Made, then: ByMail): Promise<Pick<Cell, 'attackerIn' | 'ownerIn'>> {
  const { site } = here;
  const email = fresh('owner');
  const attacker = visitor(site);
  const owner = visitor(site);
  const device = makeAuthenticator({ rpId: site.rpId, origin: site.origin });
  await makeAccount(here, { made, email, attacker, owner });
  if (then === 'passkey added before') await addPasskey(made === 'by link' ? attacker : owner, device);
  if (then === 'claimed') await claim(here, email, attacker);
  const invitation = await here.boss.call('POST', '/invitations', {
    email,
    organization_id: here.other,
    role: 'org_admin',
  });
  // Worst case: the attacker sees the link that the other tenant handed over, and is first.
  await attacker.call('POST', '/invitations/accept', { token: tokenIn(invitation.body.link) });
  await attacker.call('POST', '/invitations/accept', {
    token: tokenIn(invitation.body.link),
    name: 'Mallory',
    password: PASSWORDS.attacker,
  });
  if (then !== 'invited by another tenant') await proveAndAccept(here, { email, owner, link: invitation.body.link });
  const attackers = [attacker, await byPassword(site, email), await byPasskey(site, device)];
  return { attackerIn: await anyIn(attackers, here.other), ownerIn: await anyIn([owner], here.other) };
}

export interface Tenants {
  readonly site: TakeoverSite;
  /** The attacker's own tenant and the other one. */
  readonly own: string;
  readonly other: string;
  readonly mallory: Visitor;
  readonly boss: Visitor;
}

export async function twoTenants(site: TakeoverSite): Promise<Tenants> {
  const [own, other] = [await organization(site), await organization(site)];
  return {
    site,
    own,
    other,
    mallory: await administrator(site, own, 'org_admin'),
    boss: await administrator(site, other, 'org_owner'),
  };
}

async function organization(site: TakeoverSite): Promise<string> {
  const slug = fresh('tenant');
  return (await site.root('POST', '/organizations', { slug, name: slug })).id;
}

async function administrator(site: TakeoverSite, organizationId: string, role: string): Promise<Visitor> {
  const sent = await site.root('POST', '/invitations', { email: fresh('admin'), organization_id: organizationId, role });
  const admin = visitor(site);
  await admin.call('POST', '/invitations/accept', { token: tokenIn(sent.link), name: 'Admin', password: PASSWORDS.boss });
  return admin;
}

interface Making {
  readonly made: Made;
  readonly email: string;
  readonly attacker: Visitor;
  readonly owner: Visitor;
}

export async function makeAccount({ site, own, mallory }: Tenants, { made, email, attacker, owner }: Making): Promise<void> {
  if (made === 'by an admin') return void (await site.root('POST', '/accounts', { email, name: 'Owner' }));
  const sent = await mallory.call('POST', '/invitations', { email, organization_id: own, role: 'org_member' });
  if (made === 'by link') {
    const body = { token: tokenIn(sent.body.link), name: 'Owner', password: PASSWORDS.attacker };
    return void (await attacker.call('POST', '/invitations/accept', body));
  }
  const text = (await site.mail?.(email, '/invitation?')) ?? '';
  const link = new URL(/https?:\S+\/invitation\?\S+/.exec(text)?.[0] ?? site.origin);
  const mailToken = link.searchParams.get('mail_token');
  const body = { token: link.searchParams.get('token'), name: 'Owner', password: PASSWORDS.owner };
  await owner.call('POST', '/invitations/accept', mailToken === null ? body : { ...body, mail_token: mailToken });
}

/** In a browser that is signed in: without a word of the password if that will do, else with the one that its user knows. */
export async function addPasskey(browser: Visitor, device: ReturnType<typeof makeAuthenticator>): Promise<void> {
  const bare = await browser.call('POST', '/session/passkeys/options', {});
  const options =
    bare.status < 300 ? bare : await browser.call('POST', '/session/passkeys/options', { password: PASSWORDS.attacker });
  if (options.status >= 300) return;
  await browser.call('POST', '/session/passkeys', { name: 'Kept for later', response: device.create(options.body) });
}

/** The attacker's tenant invites the address again, and the attacker opens the link as if nobody had an account. */
async function claim({ own, mallory }: Tenants, email: string, attacker: Visitor): Promise<void> {
  const sent = await mallory.call('POST', '/invitations', { email, organization_id: own, role: 'org_member' });
  if (sent.status >= 300) return; // A member already: the account is theirs as it is.
  const body = { token: tokenIn(sent.body.link), name: 'Owner', password: PASSWORDS.attacker };
  await attacker.call('POST', '/invitations/accept', body);
}

/** The owner takes the account by mail, or by a platform admin's link and word, and accepts. */
async function proveAndAccept(
  here: Tenants,
  { email, owner, link }: { readonly email: string; readonly owner: Visitor; readonly link: string },
): Promise<void> {
  const { site } = here;
  const token = tokenIn(await resetLink(site, email));
  await owner.call('POST', '/session/password-reset/confirm', { token, password: PASSWORDS.owner });
  await owner.call('POST', '/session/sign-in', { email, password: PASSWORDS.owner });
  const first = await owner.call('POST', '/invitations/accept', { token: tokenIn(link) });
  if (first.status < 300) return;
  if (site.mail === null) {
    const { data } = await site.root('GET', `/accounts?search=${encodeURIComponent(email)}`);
    await site.root('POST', `/accounts/${data[0].id}/vouch`, { reason: 'showed a passport' }).catch(() => null);
  }
  const again = await owner.call('POST', '/invitations/accept', { token: tokenIn(link) });
  if (again.status < 300) return;
  // The link was used up: the owner's word to the other tenant gets them a new one.
  const anew = await here.boss.call('POST', '/invitations', { email, organization_id: here.other, role: 'org_admin' });
  if (anew.status < 300) await owner.call('POST', '/invitations/accept', { token: tokenIn(anew.body.link) });
}

async function resetLink(site: TakeoverSite, email: string): Promise<string> {
  if (site.mail === null) {
    const { data } = await site.root('GET', `/accounts?search=${encodeURIComponent(email)}`);
    return (await site.root('POST', `/accounts/${data[0].id}/password-reset`, {})).link;
  }
  await visitor(site).call('POST', '/session/password-reset', { email });
  return /https?:\S+\/reset-password\?\S+/.exec(await site.mail(email, '/reset-password?'))?.[0] ?? site.origin;
}

export async function byPassword(site: TakeoverSite, email: string): Promise<Visitor> {
  const browser = visitor(site);
  await browser.call('POST', '/session/sign-in', { email, password: PASSWORDS.attacker });
  return browser;
}

export async function byPasskey(site: TakeoverSite, device: ReturnType<typeof makeAuthenticator>): Promise<Visitor> {
  const browser = visitor(site);
  const { body } = await browser.call('POST', '/session/passkey-options', {});
  await browser.call('POST', '/session/passkey', { response: device.get(body) });
  return browser;
}

/** True when one of them acts in the organization. */
export async function anyIn(browsers: readonly Visitor[], organizationId: string): Promise<boolean> {
  for (const browser of browsers) {
    if ((await browser.call('GET', `/organizations/${organizationId}`)).status === 200) return true;
  }
  return false;
}

export interface Visitor {
  call(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: Json }>;
}

/** A browser that keeps its cookies. */
function visitor({ address, origin }: TakeoverSite): Visitor {
  const cookies = new Map<string, string>();
  return {
    call: async (method, path, body) => {
      const response = await fetch(`${address}/api/v1${path}`, {
        method,
        headers: {
          origin,
          'sec-fetch-site': 'same-origin',
          ...(cookies.size === 0 ? {} : { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      for (const cookie of response.headers.getSetCookie()) keep(cookies, cookie);
      const text = await response.text();
      return { status: response.status, body: text === '' ? null : JSON.parse(text) };
    },
  };
}

function keep(cookies: Map<string, string>, cookie: string): void {
  const [pair = ''] = cookie.split(';');
  const at = pair.indexOf('=');
  if (/max-age=0(;|$)/i.test(cookie)) cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), pair.slice(at + 1));
}

export function tokenIn(link: string): string {
  return new URL(link).searchParams.get('token') ?? '';
}

let made = 0;

export function fresh(what: string): string {
  made += 1;
  const name = `${what}-${process.pid}-${made}`;
  return what === 'tenant' ? name : `${name}@headgate.test`;
}
