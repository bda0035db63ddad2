/** Floods of guesses: who is made to wait for them, and how little of the audit log they fill. */
import { describe, expect, test } from 'vitest';
import { newAdminToken } from '../../src/lib/secrets.ts';
import { must, withAdmin } from '../admin/support.ts';
import { browse, makePerson } from '../identity/support.ts';
import { withDatabase } from '../support/database.ts';

const world = withAdmin(withDatabase(), { trustedProxies: ['127.0.0.1'] });

interface Event {
  readonly object: { readonly id: string; readonly name: string | null };
  readonly after: Readonly<Record<string, unknown>>;
}

async function events(action: string): Promise<readonly Event[]> {
  return must(await world().root('GET', `/audit-events?action=${action}&limit=200`)).data;
}

describe('guesses at admin tokens', () => {
  const guess = async (from: string) =>
    (await world().withToken(newAdminToken())('GET', '/organizations', undefined, { 'x-forwarded-for': from })).status;

  test('from all of an IPv6 /64 are one guesser’s, and from another one somebody else’s', async () => {
    const statuses: number[] = [];
    for (let host = 1; host <= 104; host += 1) statuses.push(await guess(`2001:db8:9:9::${host.toString(16)}`));
    expect(new Set(statuses.slice(0, 100))).toEqual(new Set([401]));
    expect(statuses.at(-1)).toBe(429);
    expect(await guess('2001:db8:9:9:ffff::1')).toBe(429);
    expect(await guess('2001:db8:9:a::1')).toBe(401);
    expect(await events('admin_token.refused')).toHaveLength(1);
  });

  test('of a minute are told in two events: the first at once, the others when it is over, with some of where they came from', async () => {
    const before = (await events('admin_token.refused')).length;
    world().time.nowMs += 60_000;
    await guess('198.51.100.1');
    const [rest] = await events('admin_token.refused').then((all) => all.filter(({ after }) => after.guesses !== 1));
    expect(rest?.after).toMatchObject({ guesses: 100, addresses: ['2001:db8:9:9::2', '2001:db8:9:a::1'] });
    expect(await events('admin_token.refused')).toHaveLength(before + 2);
  });
});

describe('refused sign-ins', () => {
  const EACH_MAX = 20;
  /** Each with a passkey of its own: one that is tried again and again is made to wait, which is no event. */
  const refused = async (from: string) => {
    const response = { id: `of ${from}`, rawId: 'made-up', type: 'public-key', response: {}, clientExtensionResults: {} };
    return (await browse(world())('POST', '/session/passkey', { response }, { 'x-forwarded-for': from })).status;
  };

  test('of a minute are an event each only so far; the others are counted in one', async () => {
    const person = await makePerson(world());
    const wrong = { email: person.email, password: 'not this one' };
    for (let nth = 0; nth < 3; nth += 1)
      expect((await browse(world())('POST', '/session/sign-in', wrong, { 'x-forwarded-for': '203.0.113.1' })).status).toBe(401);
    for (let nth = 1; nth <= 30; nth += 1) expect(await refused(`203.0.113.${nth}`)).toBe(401);
    const told = await events('account.sign_in_refused');
    expect(told).toHaveLength(EACH_MAX);
    expect(
      told.filter(({ object }) => object.id === person.id),
      'one that is repeated is counted',
    ).toHaveLength(1);
    world().time.nowMs += 60_000;
    expect(await refused('198.51.100.1')).toBe(401);
    const [next, rest] = await events('account.sign_in_refused');
    expect(next?.after).toEqual({ reason: 'no_challenge' });
    // Twice the same person from the same address, and eleven passkeys from addresses that had no event of their own.
    expect(rest).toMatchObject({
      object: { id: 'several' },
      after: {
        refused: 13,
        reasons: { wrong_credentials: 2, no_challenge: 11 },
        some: expect.arrayContaining([{ account: person.id, address: '203.0.113.1' }]),
      },
    });
    expect(await events('account.sign_in_refused')).toHaveLength(EACH_MAX + 2);
  });
});
