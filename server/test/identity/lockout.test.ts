/** Wrong passwords delay who guesses, not whose password it is; and many sign-ins at once wait for each other. */
import { describe, expect, test } from 'vitest';
import { identityOptions } from '../../src/admin/session/identity-options.ts';
import { openIdentity } from '../../src/identity/identity.ts';
import { withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { type Browser, browse, makePerson, PASSWORD } from './support.ts';

const given = withDatabase();
const world = withAdmin(given, { trustedProxies: ['127.0.0.1'] }, { hasSlowPasswords: true });

function signIn(browser: Browser, email: string, { password = PASSWORD, from }: { password?: string; from: string }) {
  return browser('POST', '/session/sign-in', { email, password }, { 'x-forwarded-for': from });
}

/** Guesses until somebody who is there has to wait; returns how many were looked at. */
async function guess(email: string, from: string, most = 8): Promise<number> {
  let looked = 0;
  for (let tried = 0; tried < most; tried += 1) {
    const answer = await signIn(browse(world()), email, { password: `guess ${tried}`, from });
    if (answer.status === 401) looked += 1;
  }
  return looked;
}

describe('a stranger who guesses', () => {
  test('waits alone: the owner signs in from elsewhere at once, and so does the next one at the stranger’s address', async () => {
    const [owner, neighbour] = [await makePerson(world()), await makePerson(world())];
    expect(await guess(owner.email, '203.0.113.9')).toBe(5);
    expect((await signIn(browse(world()), owner.email, { from: '203.0.113.9' })).status).toBe(429);
    expect((await signIn(browse(world()), owner.email, { from: '198.51.100.4' })).status).toBe(200);
    expect((await signIn(browse(world()), neighbour.email, { from: '203.0.113.9' })).status).toBe(200);
    expect((await signIn(browse(world()), owner.email, { from: '203.0.113.9' })).status, 'nor did that help the stranger').toBe(
      429,
    );
  });

  test('is one stranger in all of an IPv6 /64, and another one beside it', async () => {
    const owner = await makePerson(world());
    for (let host = 1; host <= 5; host += 1) {
      expect((await signIn(browse(world()), owner.email, { password: 'no', from: `2001:db8:7:7::${host}` })).status).toBe(401);
    }
    expect((await signIn(browse(world()), owner.email, { from: '2001:db8:7:7:ffff:ffff:ffff:ffff' })).status).toBe(429);
    expect((await signIn(browse(world()), owner.email, { from: '2001:db8:7:8::1' })).status).toBe(200);
  });

  test('does not delay a device that signed in before, not even from its own address', async () => {
    const owner = await makePerson(world());
    const device = browse(world());
    expect((await signIn(device, owner.email, { from: '198.51.100.20' })).status).toBe(200);
    expect((await device('DELETE', '/session')).status).toBe(204);
    expect(await guess(owner.email, '198.51.100.20', 6)).toBe(5);
    expect((await signIn(browse(world()), owner.email, { from: '198.51.100.20' })).status, 'a new device waits').toBe(429);
    expect((await signIn(device, owner.email, { from: '198.51.100.20' })).status).toBe(200);
  });

  test('gets nothing by a device’s cookie: it counts guesses too, and is nobody else’s', async () => {
    const [owner, other] = [await makePerson(world()), await makePerson(world())];
    const device = browse(world());
    expect((await signIn(device, owner.email, { from: '198.51.100.30' })).status).toBe(200);
    const cookie = device.cookies.get('headgate_device') ?? '';
    expect(cookie).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
    const holding = (value: string) => browse(world(), new Map([['headgate_device', value]]));
    const statuses: number[] = [];
    for (let tried = 0; tried < 7; tried += 1) {
      const guessed = { password: `guess ${tried}`, from: `192.0.2.${tried}` };
      statuses.push((await signIn(holding(cookie), owner.email, guessed)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    await guess(other.email, '192.0.2.200', 5);
    const [id = '', mark = ''] = cookie.split('.');
    const forged = `${id}.${mark.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))}`;
    for (const value of [cookie, forged, id, `${mark}.${id}`, `${id}.`, 'x', '']) {
      expect((await signIn(holding(value), other.email, { from: '192.0.2.200' })).status, value).toBe(429);
    }
  });
});

describe('many sign-ins at once', () => {
  test('wait for each other and are all answered', async () => {
    const person = await makePerson(world());
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => signIn(browse(world()), person.email, { from: `10.9.${at}.1` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  });

  test('more than may wait are told to come back, and leave nothing behind', async () => {
    const { clock } = world().deps;
    const options = identityOptions(given().db, { key: Buffer.alloc(32, 7), publicUrl: null, clock });
    const identity = openIdentity({ ...options, hashesWaitingMax: 2 });
    const visitor = (ip: string) => ({ ip, cookie: undefined, origin: undefined, userAgent: undefined });
    const tried = Array.from({ length: 6 }, (_, at) =>
      identity.signIn({ email: `nobody-${at}@example.com`, password: 'no such thing' }, visitor(`10.8.0.${at}`)),
    );
    const codes = (await Promise.allSettled(tried)).map((one) => (one.status === 'rejected' ? one.reason.code : 'in'));
    expect(codes.toSorted()).toEqual([...Array(3).fill('busy'), ...Array(3).fill('wrong_credentials')]);
    const person = await makePerson(world());
    const outcome = await identity.signIn({ email: person.email, password: PASSWORD }, visitor('10.8.0.9'));
    expect(outcome.is).toBe('signed_in');
  });
});
