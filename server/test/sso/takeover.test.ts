/** The column *later by an identity provider* of the takeover table: an account that somebody else made, and its owner who comes through one. */
import { beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { must, withAdmin } from '../admin/support.ts';
import { type Authenticator, makeAuthenticator } from '../identity/authenticator.ts';
import { type Browser, browse, makePerson, PASSWORD } from '../identity/support.ts';
import { directoryOf, mustScim, patchBody, personBody } from '../scim/support.ts';
import { withDatabase } from '../support/database.ts';
import { SAYING } from '../support/saying-protocol.ts';
import { arrive, codeOf, comeBack, HERE, join, makeTenant, opened, PUBLIC_URL, type Tenant, useWorld } from './support.ts';

const world = withAdmin(withDatabase(), { publicUrl: PUBLIC_URL, protocols: { oidc: SAYING } });

beforeEach(() => {
  useWorld(world()).time.nowMs = Date.now();
});

/** What somebody who made an account with another's address holds of it. */
interface Attacker {
  readonly session: Browser;
  readonly device: Authenticator;
  readonly email: string;
}

/** An account of an address of `domain`, made by a link that a tenant handed to itself, with every way in that its maker can add. */
async function attack(maker: Tenant, domain: Tenant): Promise<Attacker & { readonly id: string }> {
  const person = await makePerson(world(), { boundTo: maker.id });
  const email = `victim-${person.id.slice(-8)}@${domain.domain}`;
  await accounts.update(world().deps.db, person.id, { email }, new Date());
  await join(world(), maker.id, person.id, 'org_admin');
  const session = browse(world());
  must(await session('POST', '/session/sign-in', { email, password: PASSWORD }, HERE));
  const device = makeAuthenticator({ rpId: 'gate.example.com', origin: PUBLIC_URL });
  const options = must(await session('POST', '/session/passkeys/options', { password: PASSWORD }, HERE));
  must(await session('POST', '/session/passkeys', { name: 'Mine', response: device.create(options) }, HERE));
  return { id: person.id, session, device, email };
}

/** The organizations that the attacker opens, by the session, the password and the passkey. */
async function opensFor({ session, device, email }: Attacker): Promise<readonly string[]> {
  const byPassword = browse(world());
  await byPassword('POST', '/session/sign-in', { email, password: PASSWORD }, HERE);
  const byPasskey = browse(world());
  const options = must(await byPasskey('POST', '/session/passkey-options', {}, HERE));
  await byPasskey('POST', '/session/passkey', { response: device.get(options) }, HERE);
  const found: string[] = [];
  for (const browser of [session, byPassword, byPasskey]) {
    const isIn = (await browser('GET', '/session', undefined, HERE)).status === 200;
    if (isIn) found.push(...Object.keys(await opened(browser)));
  }
  return found;
}

describe('an account that somebody else made, later by an identity provider', () => {
  // promise: An address is proved by mail
  test('of the same organization: its owner gets in, and its maker no more', async () => {
    const tenant = await makeTenant(world());
    const attacker = await attack(tenant, tenant);
    // A link to a person at the provider who is the attacker is one more way in.
    const linking = must(
      await attacker.session('POST', `/sso/${tenant.idp}/link`, { address: `mallory@${tenant.domain}` }, HERE),
    );
    expect(
      codeOf(await comeBack(attacker.session, linking.location, { subject: 'mallory', email: `mallory@${tenant.domain}` })),
    ).toBe('linked');
    const owner = browse(world());
    // The owner is told what is gone, so that nobody misses a passkey of their own without a reason.
    expect(await arrive(owner, tenant.idp, { subject: 'ada', email: attacker.email })).toBe(
      '/?link_removed=password.passkeys.sessions.links',
    );
    expect(Object.keys(await opened(owner))).toEqual([tenant.id]);
    expect(await opensFor(attacker)).toEqual([]);
    const mallory = browse(world());
    await arrive(mallory, tenant.idp, { subject: 'mallory', email: `mallory@${tenant.domain}` });
    expect(must(await mallory('GET', '/session', undefined, HERE)).account.id).not.toBe(attacker.id);
    const { data } = must(await world().root('GET', `/audit-events?object_id=${attacker.id}&action=account.address_prove`));
    expect(data).toMatchObject([{ after: { how: 'identity_provider', removed: { passkeys: 1, password: true } } }]);
  });

  test('of another organization: nobody gets in by the address, and its maker joins nothing', async () => {
    const maker = await makeTenant(world());
    const tenant = await makeTenant(world());
    const attacker = await attack(maker, tenant);
    const owner = browse(world());
    expect(codeOf(await arrive(owner, tenant.idp, { subject: 'ada', email: attacker.email }))).toBe('signed_in_first');
    expect((await owner('GET', '/session', undefined, HERE)).status).toBe(401);
    // The maker is a person at that provider too, and tries to bring the account along.
    const linking = must(
      await attacker.session('POST', `/sso/${tenant.idp}/link`, { address: `mallory@${tenant.domain}` }, HERE),
    );
    const insider = { subject: 'mallory', email: `mallory@${tenant.domain}` };
    expect(codeOf(await comeBack(attacker.session, linking.location, insider))).toBe('no_account');
    expect(new Set(await opensFor(attacker))).toEqual(new Set([maker.id]));
    expect(must(await world().root('GET', `/organizations/${tenant.id}/members`)).data).toEqual([]);
  });

  test('of the owner: a proved account keeps its own ways in', async () => {
    const tenant = await makeTenant(world());
    const attacker = await attack(tenant, tenant);
    must(await world().root('POST', `/accounts/${attacker.id}/vouch`, { reason: 'met in person' }));
    expect(await arrive(browse(world()), tenant.idp, { subject: 'ada', email: attacker.email })).toBe('/');
    expect(await opensFor(attacker)).toEqual([tenant.id, tenant.id, tenant.id]);
  });

  test('of a platform admin: belongs to nobody, and nobody gets it by its address', async () => {
    const tenant = await makeTenant(world());
    const email = `made-before@${tenant.domain}`;
    must(await world().root('POST', '/accounts', { email, name: 'Made before' }));
    expect(codeOf(await arrive(browse(world()), tenant.idp, { subject: 'ada', email }))).toBe('signed_in_first');
  });
});

describe('a person whom the directory names by `externalId`', () => {
  /** Makes a person of the tenant's directory. */
  async function directed(tenant: Tenant, email: string, externalId: string) {
    const { token } = must(await world().root('POST', `/organizations/${tenant.id}/scim-tokens`, { name: externalId }));
    const scim = directoryOf(world().address, token);
    const person = mustScim(await scim('POST', '/Users', personBody(email, { externalId })));
    return { scim, id: person.id as string };
  }
  /** Signs in through the provider. Returns where the browser is sent, and whether the address is proved then. */
  async function proofOf(tenant: Tenant, said: Parameters<typeof arrive>[2]) {
    const browser = browse(world());
    const at = await arrive(browser, tenant.idp, said);
    return [at, must(await browser('GET', '/session', undefined, HERE)).account.address_proved];
  }

  // promise: An address is proved by mail
  test('has a proved address as soon as the provider says that it is verified, as a person has who was made at sign-in', async () => {
    const tenant = await makeTenant(world());
    const email = `cleo@${tenant.domain}`;
    const { scim, id } = await directed(tenant, email, 'cleo');
    expect(await proofOf(tenant, { subject: 'cleo', email, emailVerified: false })).toEqual(['/', false]);
    expect(await proofOf(tenant, { subject: 'cleo', email: null })).toEqual(['/', false]);
    expect(await proofOf(tenant, { subject: 'cleo', email: `dan@${tenant.domain}` })).toEqual(['/', false]);
    expect((await proofOf(tenant, { subject: 'cleo', email })).at(-1)).toBe(true);
    // A new address of the directory needs a new proof, which the next sign-in is.
    const moved = `cleo.b@${tenant.domain}`;
    const renamed = { op: 'replace', path: 'emails[type eq "work"].value', value: moved };
    mustScim(await scim('PATCH', `/Users/${id}`, patchBody(renamed)));
    expect(await proofOf(tenant, { subject: 'cleo', email })).toEqual(['/', false]);
    expect((await proofOf(tenant, { subject: 'cleo', email: moved })).at(-1)).toBe(true);
  });

  test('in an account that somebody else made here: its owner gets in, and its maker no more', async () => {
    const tenant = await makeTenant(world());
    const attacker = await attack(tenant, tenant);
    await directed(tenant, attacker.email, 'victim');
    // Without a proof, the link alone removes nothing.
    expect(await proofOf(tenant, { subject: 'victim', email: attacker.email, emailVerified: false })).toEqual(['/', false]);
    expect(await proofOf(tenant, { subject: 'victim', email: attacker.email })).toEqual([
      '/?link_removed=password.passkeys.sessions',
      true,
    ]);
    expect(await opensFor(attacker)).toEqual([]);
    // The second sign-in removes nothing, also of what was added since.
    expect(await proofOf(tenant, { subject: 'victim', email: attacker.email })).toEqual(['/', true]);
  });

  test('in an account that was made outside of this organization: the provider proves nothing', async () => {
    const tenant = await makeTenant(world());
    const email = `made-before@${tenant.domain}`;
    const { id } = must(await world().root('POST', '/accounts', { email, name: 'Made before' }));
    must(await world().root('POST', `/organizations/${tenant.id}/members`, { account_id: id, role: 'org_member' }));
    await directed(tenant, email, 'before');
    expect(await proofOf(tenant, { subject: 'before', email })).toEqual(['/', false]);
  });
});
