import { beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { makeAuthenticator } from './authenticator.ts';
import { browse, makePerson, PASSWORD, signedIn } from './support.ts';

const world = withAdmin(withDatabase());
beforeEach(() => {
  world().time.nowMs = Date.now();
});

/** What a browser shows again before it may add a passkey. */
const AGAIN = { password: PASSWORD };

/** Somebody with a passkey, made in a browser that is signed in. */
async function withPasskey() {
  const person = await makePerson(world());
  const browser = await signedIn(world(), person);
  const device = makeAuthenticator({ rpId: 'localhost', origin: world().address });
  const options = must(await browser('POST', '/session/passkeys/options', AGAIN));
  const made = must(await browser('POST', '/session/passkeys', { name: 'My phone', response: device.create(options) }));
  return { person, browser, device, made };
}

async function signInWith(device: ReturnType<typeof makeAuthenticator>, as = {}) {
  const browser = browse(world());
  const options = must(await browser('POST', '/session/passkey-options', {}));
  const answer = await browser('POST', '/session/passkey', { response: device.get(options, as) });
  return { browser, options, answer };
}

describe('a passkey', () => {
  test('signs its owner in without a password, and without asking for a second factor', async () => {
    const { person, browser, device, made } = await withPasskey();
    expect((await browser('GET', '/session/passkeys')).body.data).toEqual([{ ...made, name: 'My phone', synced: false }]);
    const { browser: elsewhere, options, answer } = await signInWith(device);
    expect(options).toMatchObject({ rpId: 'localhost', userVerification: 'required' });
    expect(answer.body).toEqual({ status: 'signed_in' });
    expect((await elsewhere('GET', '/session')).body).toMatchObject({ account: { id: person.id }, passkeys: 1 });
    const { body } = await world().root('GET', `/audit-events?object_id=${person.id}`);
    expect(body.data.map((event: { action: string }) => event.action)).toEqual([
      'account.sign_in',
      'account.passkey_add',
      'account.sign_in',
    ]);
  });

  test('is refused from another origin, for another site, without its owner’s finger, and for an old challenge', async () => {
    const { device } = await withPasskey();
    const refused = [
      await signInWith(device, { origin: 'https://evil.example' }),
      await signInWith(device, { rpId: 'evil.example' }),
      await signInWith(device, { verifiesUser: false }),
    ];
    for (const { browser, answer } of refused) {
      expect(answer.status).toBe(401);
      expect((await browser('GET', '/session')).status).toBe(401);
    }
    const { browser, options, answer } = await signInWith(device);
    expect(answer.status).toBe(200);
    const replayed = await browser('POST', '/session/passkey', { response: device.get(options) });
    expect(replayed.status).toBe(401);
    const stranger = makeAuthenticator({ rpId: 'localhost', origin: world().address });
    expect((await signInWith(stranger)).answer.status).toBe(401);
  });

  test('is not kept when it was made for another origin, and never for somebody else', async () => {
    const browser = await signedIn(world(), await makePerson(world()));
    const evil = makeAuthenticator({ rpId: 'localhost', origin: 'https://evil.example' });
    const options = must(await browser('POST', '/session/passkeys/options', AGAIN));
    const answer = await browser('POST', '/session/passkeys', { name: 'Evil', response: evil.create(options) });
    expect(answer.status).toBe(401);
    const good = makeAuthenticator({ rpId: 'localhost', origin: world().address });
    const mine = must(await browser('POST', '/session/passkeys/options', AGAIN));
    const other = await signedIn(world(), await makePerson(world()));
    expect((await other('POST', '/session/passkeys', { name: 'Mine', response: good.create(mine) })).status).toBe(401);
    expect((await browser('GET', '/session/passkeys')).body.data).toEqual([]);
    expect((await other('GET', '/session/passkeys')).body.data).toEqual([]);
  });

  test('that was deleted signs nobody in; nobody deletes another’s', async () => {
    const { browser, device, made } = await withPasskey();
    const other = await signedIn(world(), await makePerson(world()));
    expect((await other('DELETE', `/session/passkeys/${made.id}`)).status).toBe(404);
    expect((await signInWith(device)).answer.status).toBe(200);
    expect((await browser('DELETE', `/session/passkeys/${made.id}`)).status).toBe(204);
    expect((await signInWith(device)).answer.status).toBe(401);
  });

  test('of a disabled account opens nothing', async () => {
    const { person, device } = await withPasskey();
    await accounts.update(world().deps.db, person.id, { status: 'disabled' }, new Date());
    const { browser, answer } = await signInWith(device);
    expect(answer.status).toBe(403);
    expect((await browser('GET', '/session')).status).toBe(401);
  });

  test('needs a session of today', async () => {
    const { browser, person } = await withPasskey();
    await world().deps.db.execute(`update sessions set created_at = now() - interval '2 days' where account_id = '${person.id}'`);
    const answer = await browser('POST', '/session/passkeys/options', AGAIN);
    expect([answer.status, answer.body.detail]).toEqual([403, expect.stringContaining('Sign in again')]);
    const fresh = await signedIn(world(), person);
    expect((await fresh('POST', '/session/passkeys/options', AGAIN)).status).toBe(200);
  });

  // promise: Adding a sign-in method asks
  test('is added only by who shows the password or a passkey of theirs again: an open browser is not enough', async () => {
    const { browser, device, person } = await withPasskey();
    const options = (body: object) => browser('POST', '/session/passkeys/options', body);
    for (const body of [{}, { password: '' }, { password: PASSWORD, passkey: {} }, { passkey: null }]) {
      expect((await options(body)).status).toBe(400);
    }
    expect(await options({ password: 'not this one' })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/password' }] },
    });
    // A passkey in place of the password, and no session comes of it.
    const sessions = async () => must(await browser('GET', '/session/sessions')).data.length;
    const before = await sessions();
    const asked = must(await browser('POST', '/session/passkey-options', {}));
    const shown = must(await options({ passkey: device.get(asked) }));
    expect(await sessions()).toBe(before);
    const second = makeAuthenticator({ rpId: 'localhost', origin: world().address });
    must(await browser('POST', '/session/passkeys', { name: 'Second', response: second.create(shown) }));
    expect((await signInWith(second)).answer.status).toBe(200);
    // Somebody else's passkey proves nothing here, and an old answer opens nothing twice.
    const other = await withPasskey();
    const theirs = must(await browser('POST', '/session/passkey-options', {}));
    expect((await options({ passkey: other.device.get(theirs) })).status).toBe(401);
    expect((await options({ passkey: device.get(asked) })).status).toBe(401);
    expect((await browser('GET', '/session')).body.account.id).toBe(person.id);
  });

  test('cannot be guessed in by the password from a session that was left open', async () => {
    const browser = await signedIn(world(), await makePerson(world()));
    const statuses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) {
      statuses.push((await browser('POST', '/session/passkeys/options', { password: `guess ${guess}` })).status);
    }
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429]);
  });

  test('that was being made while the password was reset does not stay', async () => {
    const person = await makePerson(world());
    const browser = await signedIn(world(), person);
    const device = makeAuthenticator({ rpId: 'localhost', origin: world().address });
    const options = must(await browser('POST', '/session/passkeys/options', AGAIN));
    const { link } = must(await world().root('POST', `/accounts/${person.id}/password-reset`, {}));
    const token = new URL(link).searchParams.get('token');
    const [made] = await Promise.all([
      browser('POST', '/session/passkeys', { name: 'Late', response: device.create(options) }),
      browse(world())('POST', '/session/password-reset/confirm', { token, password: 'eleven purple bicycles' }),
    ]);
    // Either the passkey was there first, and is one that was added since the address was proved; or it is not there.
    expect((await signInWith(device)).answer.status).toBe(made.status === 201 ? 200 : 401);
  });
});
