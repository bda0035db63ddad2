import { expect, test } from 'vitest';
import { catalogueOf } from '../../../test/support/walk.ts';
import { Refusal } from '../refusal.ts';
import type { FoundSecret } from './cached-secret.ts';
import { RefusedProofs } from './refused-proofs.ts';
import { openSnapshot, type Snapshot } from './snapshot.ts';

const NOTHING = { rateLimits: {}, modelLimits: [], budgets: [] } as const;
const ACCEPTED: FoundSecret = {
  key: {
    ...{ id: 'key_1', organizationId: 'org_1', teamId: 'team_1', name: 'job', kind: 'workload' },
    ...{ owner: { is: 'service_account', serviceAccountId: 'svc_1' }, status: { is: 'active' }, expiresAtMs: null },
    ...{ ...NOTHING, access: { mode: 'inherit' }, version: 1 },
  },
  secretValidUntilMs: 300_000,
  isProof: true,
};

async function opened() {
  const time = { nowMs: 0 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const source = {
    loadCatalogue: async () => catalogueOf([]),
    loadOrganization: async () => null,
    findKeyBySecret: async () => null,
    findKey: async () => ACCEPTED.key,
    versions: async () => new Map(),
  };
  const ignored = { forget: () => {}, recount: () => {}, unreadable: () => {} };
  const snapshot = await openSnapshot({ source, clock, keysMax: 100, inFlight: () => [], ...ignored });
  return { snapshot, time };
}

/** Presents a proof. Returns the words of its refusal; null if it was accepted. */
async function wordsOf(snapshot: Snapshot, name: string, find: Parameters<Snapshot['keyByProof']>[1]): Promise<string | null> {
  try {
    return (await snapshot.keyByProof(name, find)) === null ? 'unknown' : null;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'invalid_api_key') return error.message;
    throw error;
  }
}

/** Returns a check that refuses, with its number. */
function refusing() {
  let made = 0;
  return async () => {
    made += 1;
    return { refused: `refused by check ${made}` };
  };
}

test('a refused proof is checked once in five seconds, however often it is presented', async () => {
  const { snapshot, time } = await opened();
  const find = refusing();
  const together = await Promise.all(Array.from({ length: 50 }, () => wordsOf(snapshot, 'bad', find)));
  expect(new Set(together)).toEqual(new Set(['refused by check 1']));
  time.nowMs = 4_999;
  expect(await wordsOf(snapshot, 'bad', find)).toBe('refused by check 1');
  time.nowMs = 5_000;
  expect(await wordsOf(snapshot, 'bad', find)).toBe('refused by check 2');
});

test.each([
  ['an organization', { organizationIds: ['org_9'] }],
  ['a key', { keyIds: ['key_9'] }],
  ['the catalogue', { catalogue: true }],
] as const)('a change of %s forgets refusals', async (_, change) => {
  const { snapshot } = await opened();
  expect(await wordsOf(snapshot, 'soon good', refusing())).toBe('refused by check 1');
  expect(await wordsOf(snapshot, 'soon good', async () => ACCEPTED)).toBe('refused by check 1');
  await snapshot.apply(change);
  expect(await wordsOf(snapshot, 'soon good', async () => ACCEPTED)).toBeNull();
});

test('a proof that is refused while something changes is checked again', async () => {
  const { snapshot } = await opened();
  let checks = 0;
  const find = async () => {
    checks += 1;
    if (checks > 1) return ACCEPTED;
    await snapshot.apply({ organizationIds: ['org_1'] });
    return { refused: 'there is no such rule' };
  };
  expect(await wordsOf(snapshot, 'new', find)).toBeNull();
  expect(checks).toBe(2);
});

test('many refused proofs displace no accepted one', async () => {
  const { snapshot } = await opened();
  expect(await wordsOf(snapshot, 'good', async () => ACCEPTED)).toBeNull();
  for (let sent = 0; sent < 20_000; sent += 1) await wordsOf(snapshot, `bad ${sent}`, async () => ({ refused: 'no' }));
  const never = () => Promise.reject(new Error('an accepted proof is not checked again'));
  expect(await wordsOf(snapshot, 'good', never)).toBeNull();
});

test('at most 5,000 refusals are remembered, and the newest are', () => {
  const refused = new RefusedProofs({ nowMs: () => 0, monotonicMs: () => 0 });
  for (let sent = 0; sent < 6_000; sent += 1) refused.add(`bad ${sent}`, { refused: 'no' });
  expect(refused.size).toBe(5_000);
  expect(() => refused.check('bad 999')).not.toThrow();
  expect(() => refused.check('bad 1000')).toThrow('no');
});

test('a check that fails is no refusal', async () => {
  const { snapshot } = await opened();
  const down = () => Promise.reject(new Error('the database is down'));
  await expect(wordsOf(snapshot, 'good', down)).rejects.toThrow('the database is down');
  expect(await wordsOf(snapshot, 'good', async () => ACCEPTED)).toBeNull();
});
