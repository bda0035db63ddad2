/** How long an answer takes must not tell whether an address has an account. Compared within one run, as ratios. */
import { expect, test } from 'vitest';
import { newId } from '../../src/lib/id.ts';
import * as accounts from '../../src/store/accounts/accounts.ts';
import { withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { browse, makePerson } from './support.ts';

const mailed: string[] = [];
const mailer = {
  configured: true,
  send: async ({ to }: { readonly to: string }) => {
    mailed.push(to);
    return { is: 'sent' } as const;
  },
};
const PUBLIC_URL = 'https://gateway.example';
const world = withAdmin(withDatabase(), { mailer, publicUrl: PUBLIC_URL }, { hasSlowPasswords: true });

const ROUNDS = 7;
/** Generous: the machine may be busy. Without the hash an answer takes a tenth of the time and less. */
const RATIO_MAX = 2;
const HOUR_MS = 3_600_000;

/** Milliseconds that a call takes, by itself: what it leaves to be done is done before the next one. */
async function timed(path: string, body: object, status: number): Promise<number> {
  world().time.nowMs += 2 * HOUR_MS; // Nobody waits for failures this long ago.
  const startedMs = performance.now();
  const answer = await browse(world())('POST', path, body, { origin: PUBLIC_URL });
  const tookMs = performance.now() - startedMs;
  expect(answer.status).toBe(status);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await world().root('GET', '/accounts?limit=1');
  return tookMs;
}

/** The shortest of each kind, taken in turns: a busy machine only ever makes an answer longer, and never all of them. */
async function shortest<Kind extends string>(
  kinds: Readonly<Record<Kind, () => Promise<number>>>,
): Promise<Record<Kind, number>> {
  const names = Object.keys(kinds) as Kind[];
  const taken = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of names) {
      const tookMs = await kinds[name]();
      if (round > 0) taken.get(name)?.push(tookMs); // The first round opens connections and compiles.
    }
  }
  return Object.fromEntries(names.map((name) => [name, Math.min(...(taken.get(name) ?? []))])) as Record<Kind, number>;
}

/** Said again where a busy machine spoiled it; what really takes longer does so every time. */
const AGAIN = { retry: 2 };

function expectAlike(one: number, other: number): void {
  expect(Math.max(one, other) / Math.min(one, other)).toBeLessThan(RATIO_MAX);
}

test(
  'a sign-in takes as long for an address nobody has, and for an account without a password, as for a wrong password',
  AGAIN,
  async () => {
    const { deps } = world();
    const known = await makePerson(world());
    const invited = { email: 'without-password@example.com', name: 'Invited', platformRole: null };
    await accounts.insert(deps.db, { id: newId('acct'), ...invited });
    const signIn = (email: string) => () => timed('/session/sign-in', { email, password: 'not this one' }, 401);
    const hashing = async () => {
      const startedMs = performance.now();
      await deps.identity.hashPassword('not this one');
      return performance.now() - startedMs;
    };
    const took = await shortest({
      known: signIn(known.email),
      unknown: signIn('nobody@example.com'),
      without: signIn(invited.email),
      hashing,
    });
    expectAlike(took.known, took.unknown);
    expectAlike(took.known, took.without);
    // A password is hashed whoever it is for.
    for (const tookMs of [took.known, took.unknown, took.without]) expect(tookMs).toBeGreaterThan(took.hashing / 2);
  },
);

test(
  'a password reset is answered as soon for an address nobody has as for a known one, which alone gets a mail',
  AGAIN,
  async () => {
    const known = await makePerson(world());
    mailed.length = 0;
    const ask = (email: string) => () => timed('/session/password-reset', { email }, 204);
    const took = await shortest({ known: ask(known.email), unknown: ask('nobody@example.com') });
    expectAlike(took.known, took.unknown);
    expect(new Set(mailed)).toEqual(new Set([known.email]));
  },
);
