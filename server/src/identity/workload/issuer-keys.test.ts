import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TrustedIssuer } from '../../domain/identity/trust.ts';
import { createIssuerKeys, type FetchedKeySet, type IssuerKeys, KeysUnreachable } from './issuer-keys.ts';
import { BadKeySet, readKeySet, refusePrivateKeys } from './key-set.ts';

const MINUTE_MS = 60_000;
const issuer: TrustedIssuer = {
  ...{ organizationId: 'org_a', id: 'iss_a', name: 'Cluster', issuer: 'https://issuer.test', keySource: 'discovery' },
  ...{ keysUrl: null, pastedKeys: null, algorithms: ['RS256'], tokenTypes: ['jwt'], lifeSecondsMax: 3_600 },
  ...{ isDirect: false, status: 'active', version: 1 },
};

let first: JWK;
let second: JWK;
beforeAll(async () => {
  const made = async (kid: string) => ({ ...(await exportJWK((await generateKeyPair('RS256')).publicKey)), kid });
  first = await made('first');
  second = await made('second');
});

let nowMs: number;
let listed: readonly JWK[] | Error;
let fetches: number;
let stored: FetchedKeySet | null;
let keys: IssuerKeys;

const open = () =>
  createIssuerKeys({
    clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
    fetch: async () => {
      fetches += 1;
      if (listed instanceof Error) throw listed;
      return JSON.stringify({ keys: listed });
    },
    load: async () => stored,
    save: async (_, fetched) => {
      stored = fetched;
    },
  });
const kidsOf = async (keyId: string | null) => (await keys.find(issuer, 'RS256', keyId)).map(({ kid }) => kid);

beforeEach(() => {
  nowMs = Date.parse('2026-03-10T12:00:00Z');
  listed = [first];
  fetches = 0;
  stored = null;
  keys = open();
});

describe('the keys of an issuer', () => {
  test('are fetched once for everybody who waits, and again after 15 minutes', async () => {
    expect(await Promise.all([kidsOf('first'), kidsOf('first'), kidsOf('first')])).toEqual([['first'], ['first'], ['first']]);
    expect(fetches).toBe(1);
    nowMs += 14 * MINUTE_MS;
    await kidsOf('first');
    expect(fetches).toBe(1);
    nowMs += MINUTE_MS;
    await kidsOf('first');
    expect(fetches).toBe(2);
  });

  test('are fetched for an unknown kid at most once in 30 seconds', async () => {
    await kidsOf('first');
    listed = [first, second];
    for (let guess = 0; guess < 100; guess += 1) expect(await kidsOf(`guess ${guess}`)).toEqual([]);
    expect(fetches).toBe(1);
    nowMs += 30_000;
    expect(await kidsOf('second')).toEqual(['second']);
    expect(fetches).toBe(2);
  });

  test('that was removed is gone after the next fetch', async () => {
    await kidsOf('first');
    listed = [second];
    nowMs += 15 * MINUTE_MS;
    expect(await kidsOf('first')).toEqual([]);
    expect(await kidsOf('second')).toEqual(['second']);
  });

  test('count for 24 hours while the issuer is down, and then nobody can tell', async () => {
    await kidsOf('first');
    listed = new Error('the connection was refused');
    nowMs += 23 * 60 * MINUTE_MS;
    expect(await kidsOf('first')).toEqual(['first']);
    // A key that nobody has seen may be new.
    await expect(kidsOf('second')).rejects.toThrow(KeysUnreachable);
    nowMs += 60 * MINUTE_MS;
    await expect(kidsOf('first')).rejects.toThrow('the connection was refused');
  });

  test('that were never fetched are unknown, and not absent', async () => {
    listed = new Error('it answered with status 503');
    await expect(kidsOf('first')).rejects.toThrow(KeysUnreachable);
    // Nobody asks again so soon.
    await expect(kidsOf('first')).rejects.toThrow(KeysUnreachable);
    expect(fetches).toBe(1);
  });

  test('are found in the table after a start while the issuer is down', async () => {
    await kidsOf('first');
    listed = new Error('the connection was refused');
    nowMs += 60 * MINUTE_MS;
    keys = open();
    expect(await kidsOf('first')).toEqual(['first']);
  });

  test('of a changed issuer are fetched anew', async () => {
    await kidsOf('first');
    listed = [second];
    stored = null;
    const changed = await keys.find({ ...issuer, version: 2 }, 'RS256', 'first');
    expect(changed).toEqual([]);
  });

  test('that are pasted are never fetched', async () => {
    const pasted: TrustedIssuer = { ...issuer, keySource: 'pasted', pastedKeys: JSON.stringify({ keys: [first] }) };
    expect(await keys.find(pasted, 'RS256', 'first')).toHaveLength(1);
    expect(await keys.find(pasted, 'RS256', 'second')).toHaveLength(0);
    expect(fetches).toBe(0);
  });
});

describe('a key set', () => {
  test.each([
    ['no JSON', '<html>', 'is not JSON'],
    ['a list', '[]', 'is not a JSON object with a list "keys"'],
    ['no keys', '{"keys":[]}', 'has no public key'],
    ['a shared secret', '{"keys":[{"kty":"oct","k":"AAAA"}]}', 'has no public key'],
    ['keys to encrypt', '{"keys":[{"kty":"RSA","use":"enc","n":"x","e":"AQAB"}]}', 'has no public key'],
    ['too many keys', JSON.stringify({ keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) }), 'has more than 100 keys'],
    ['too many bytes', ' '.repeat(200_000), 'is larger than 128 kB'],
    ['odd items', '{"keys":[null,1,"x",[],{"kty":1}]}', 'has no public key'],
  ])('of %s is refused', (_, text, words) => {
    expect(() => readKeySet(text)).toThrow(BadKeySet);
    expect(() => readKeySet(text)).toThrow(words);
  });

  test('keeps no private part, and is refused with one if a person pasted it', async () => {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const text = JSON.stringify({ keys: [await exportJWK(privateKey)] });
    expect(Object.keys(readKeySet(text).keys[0] ?? {}).sort()).toEqual(['e', 'kty', 'n']);
    expect(() => refusePrivateKeys(text)).toThrow('has a private or shared key');
  });
});
