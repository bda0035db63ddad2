import { beforeEach, describe, expect, test } from 'vitest';
import * as accounts from '../../src/store/accounts.ts';
import { must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { makeAuthenticator } from './authenticator.ts';
import { browse, makePerson, signedIn } from './support.ts';

const world = withAdmin(withDatabase());
beforeEach(() => {
  world().time.nowMs = Date.now();
});

/** Somebody with a passkey, made in a browser that is signed in. */
async function withPasskey() {
  const person = await makePerson(world());
  const browser = await signedIn(world(), person);
  const device = makeAuthenticator({ rpId: 'localhost', origin: world().address });
  const options = must(await browser('POST', '/session/passkeys/options', {}));
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
    const options = must(await browser('POST', '/session/passkeys/options', {}));
    const answer = await browser('POST', '/session/passkeys', { name: 'Evil', response: evil.create(options) });
    expect(answer.status).toBe(401);
    const good = makeAuthenticator({ rpId: 'localhost', origin: world().address });
    const mine = must(await browser('POST', '/session/passkeys/options', {}));
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
    const answer = await browser('POST', '/session/passkeys/options', {});
    expect([answer.status, answer.body.detail]).toEqual([403, expect.stringContaining('Sign in again')]);
    const fresh = await signedIn(world(), person);
    expect((await fresh('POST', '/session/passkeys/options', {})).status).toBe(200);
  });
});
