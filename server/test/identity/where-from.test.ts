import { describe, expect, test } from 'vitest';
import { withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { browse, makePerson, PASSWORD, signedIn } from './support.ts';

const FORWARDED = { 'x-forwarded-for': '203.0.113.9', 'x-headgate-visitor': '203.0.113.10' };

/** The address that a session says it is from, when its sign-in claimed to be forwarded. */
async function addressOf(world: ReturnType<ReturnType<typeof withAdmin>>): Promise<string> {
  world.time.nowMs = Date.now();
  const person = await makePerson(world);
  const browser = browse(world);
  await browser('POST', '/session/sign-in', { email: person.email, password: PASSWORD }, FORWARDED);
  return (await browser('GET', '/session/sessions')).body.data[0].ip;
}

describe('a forwarded address', () => {
  const direct = withAdmin(withDatabase());
  const behindProxy = withAdmin(withDatabase(), { trustedProxies: ['127.0.0.1/32'] });

  test('counts from a trusted proxy, and from nobody else', async () => {
    expect(await addressOf(direct())).toBe('127.0.0.1');
    expect(await addressOf(behindProxy())).toBe('203.0.113.9');
  });

  test('cannot make another site the gateway’s own', async () => {
    const person = await makePerson(direct());
    const answer = await browse(direct())(
      'POST',
      '/session/sign-in',
      { email: person.email, password: PASSWORD },
      { origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    );
    expect(answer.status).toBe(403);
  });
});

describe('while the database is away', () => {
  const given = withDatabase();
  const world = withAdmin(given);

  test('nobody is told that they are wrong or signed out', async () => {
    const person = await makePerson(world());
    const browser = await signedIn(world(), person);
    await given().close();
    const answers = [
      await browser('GET', '/session'),
      await browser('POST', '/session/sign-in', { email: person.email, password: PASSWORD }),
      await browse(world())('POST', '/session/sign-in', { email: person.email, password: PASSWORD }),
      await browser('DELETE', '/session'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    expect(answers.flatMap(({ setCookies }) => setCookies)).toEqual([]);
  });
});
