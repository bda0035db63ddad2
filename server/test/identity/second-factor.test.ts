import { beforeEach, describe, expect, test } from 'vitest';
import * as signIn from '../../src/store/accounts/sign-in.ts';
import { must, withAdmin } from '../admin/support.ts';
import { withDatabase } from '../support/database.ts';
import { type Browser, browse, makePerson, PASSWORD, signedIn } from './support.ts';
import { totpCode } from './totp.ts';

const world = withAdmin(withDatabase());
beforeEach(() => {
  world().time.nowMs = Date.now();
});

type Person = Awaited<ReturnType<typeof makePerson>>;

/** Somebody with an authenticator app. `code`: what it shows, so many steps of 30 s from now. */
async function withApp() {
  const person = await makePerson(world());
  const browser = await signedIn(world(), person);
  const made = must(await browser('POST', '/session/totp', { password: PASSWORD }));
  const code = (steps = 0) => totpCode(made.secret, Date.now() + steps * 30_000);
  const first = code();
  expect((await browser('POST', '/session/totp/confirm', { code: first })).status).toBe(204);
  return { person, browser, made, code, first };
}

/** Waits until a half minute has begun, where its end is near: what is shown must not change on the way. */
async function earlyInStep(): Promise<void> {
  const leftMs = 30_000 - (Date.now() % 30_000);
  if (leftMs < 12_000) await new Promise((resolve) => setTimeout(resolve, leftMs));
}

/** A browser that has shown the password and is asked for more. */
async function halfway(person: Person): Promise<Browser> {
  const browser = browse(world());
  const answer = await browser('POST', '/session/sign-in', { email: person.email, password: PASSWORD });
  expect(answer.body).toEqual({ status: 'second_factor', methods: ['totp', 'recovery_code'] });
  return browser;
}

const show = (browser: Browser, code: string, method = 'totp') => browser('POST', '/session/second-factor', { method, code });

async function eventsAbout(accountId: string): Promise<readonly string[]> {
  const { body } = await world().root('GET', `/audit-events?object_id=${accountId}&limit=200`);
  return body.data.map((event: { action: string }) => event.action).reverse();
}

describe('an authenticator app', () => {
  test('counts only once a code of it was confirmed, and needs the password again', async () => {
    const person = await makePerson(world());
    const browser = await signedIn(world(), person);
    const wrong = await browser('POST', '/session/totp', { password: 'not this one' });
    expect([wrong.status, wrong.body.errors]).toEqual([400, [{ pointer: '/password', message: 'is wrong' }]]);
    const { uri, secret, recovery_codes: codes } = must(await browser('POST', '/session/totp', { password: PASSWORD }));
    expect(uri).toMatch(/^otpauth:\/\/totp\/Headgate:/);
    expect(new URL(uri).searchParams.get('secret')).toBe(secret);
    expect(codes).toHaveLength(10);
    await signedIn(world(), person);
    expect((await browser('GET', '/session')).body.two_factor).toEqual({ enabled: false, recovery_codes_left: 0 });
    const confirmed = await browser('POST', '/session/totp/confirm', { code: '000000' });
    expect([confirmed.status, confirmed.body.errors[0].pointer]).toEqual([400, '/code']);
    await browser('POST', '/session/totp/confirm', { code: totpCode(secret, Date.now()) });
    expect((await browser('GET', '/session')).body.two_factor).toEqual({ enabled: true, recovery_codes_left: 10 });
  });

  test('is asked for after the password, which alone opens nothing', async () => {
    const { person, code } = await withApp();
    const browser = await halfway(person);
    expect((await browser('GET', '/session')).status).toBe(401);
    const next = code(1);
    expect((await show(browser, ` ${next.slice(0, 3)} ${next.slice(3)} `)).body).toEqual({ status: 'signed_in' });
    expect((await browser('GET', '/session')).body.account.id).toBe(person.id);
    expect(await eventsAbout(person.id)).toEqual(['account.sign_in', 'account.second_factor_add', 'account.sign_in']);
  });

  test('opens once with each code', async () => {
    const { person, code, first } = await withApp();
    await earlyInStep();
    const seen = code(1);
    expect((await show(await halfway(person), seen)).status).toBe(200);
    const thief = await halfway(person);
    const again = await show(thief, seen);
    expect([again.status, again.body.detail]).toEqual([401, expect.stringContaining('already used')]);
    expect((await thief('GET', '/session')).status).toBe(401);
    expect((await show(await halfway(person), first)).status, 'the code that set it up').toBe(401);
    const last = await halfway(person);
    await earlyInStep();
    // Whichever of those that count now was not used: the step may have turned since.
    const another = [code(0), code(-1), code(1)].find((one) => one !== first && one !== seen) as string;
    expect((await show(last, another)).status, 'another one').toBe(200);
    expect((await show(await halfway(person), seen)).status, 'the one before that').toBe(401);
  });

  test('is not confirmed by a code that was used before', async () => {
    const { person, browser, code, first } = await withApp();
    await earlyInStep();
    const seen = code(1);
    expect((await show(await halfway(person), seen)).status).toBe(200);
    for (const used of [first, seen]) {
      const again = await browser('POST', '/session/totp/confirm', { code: used });
      const errors = [{ pointer: '/code', message: expect.stringContaining('already used') }];
      expect([again.status, again.body?.errors]).toEqual([400, errors]);
    }
    expect((await eventsAbout(person.id)).filter((action) => action === 'account.second_factor_add')).toHaveLength(1);
  });

  test('whose clock is an hour off is refused, and the clock is named', async () => {
    const { person, made } = await withApp();
    for (const hours of [-1, 1]) {
      const answer = await show(await halfway(person), totpCode(made.secret, Date.now() + hours * 3_600_000));
      expect([answer.status, answer.body.detail]).toEqual([401, expect.stringContaining('clock')]);
    }
    expect(await eventsAbout(person.id)).toContain('account.sign_in_refused');
  });

  test('belongs to the sign-in it was asked for: not to another browser, not to an older session', async () => {
    const { person, code } = await withApp();
    await halfway(person);
    expect((await show(browse(world()), code())).status).toBe(401);
    const other = await signedIn(world(), await makePerson(world()));
    expect((await show(other, code())).status).toBe(401);
    const both = browse(world(), new Map([...other.cookies, ...(await halfway(person)).cookies]));
    expect((await show(both, '000000')).status).toBe(401);
    expect((await show(both, code(1))).status).toBe(200);
    expect((await both('GET', '/session')).body.account.id).toBe(person.id);
  });

  test('can be taken away with the password, and then the password is enough', async () => {
    const { person, browser } = await withApp();
    expect((await browser('DELETE', '/session/totp', { password: 'not this one' })).status).toBe(400);
    expect((await browser('DELETE', '/session/totp', { password: PASSWORD })).status).toBe(204);
    expect((await browser('GET', '/session')).body.two_factor.enabled).toBe(false);
    await signedIn(world(), person);
    expect((await browser('DELETE', '/session/totp', { password: PASSWORD })).status).toBe(409);
  });
});

describe('guessing a code', () => {
  test('ends the sign-in after five tries, and then takes longer and longer', async () => {
    const { person, code } = await withApp();
    const browser = await halfway(person);
    const statuses: number[] = [];
    for (let tries = 0; tries < 6; tries += 1) statuses.push((await show(browser, '000000')).status);
    expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
    expect(statuses[5]).toBe(429);
    world().time.nowMs += 60_000;
    expect((await show(browser, code(1))).status, 'the right one comes too late').toBe(401);
    world().time.nowMs += 3_600_000;
    expect((await show(await halfway(person), code(1))).status).toBe(200);
  });
});

describe('a recovery code', () => {
  test('opens once, however it is typed, and is kept as a hash', async () => {
    const { person, made } = await withApp();
    const [first = '', second = ''] = made.recovery_codes as string[];
    const factors = await world().deps.db.execute(
      `select recovery_codes as kept from two_factors where account_id = '${person.id}'`,
    );
    expect(JSON.stringify(factors.rows)).not.toContain(first);
    const browser = await halfway(person);
    expect((await show(browser, first.toUpperCase().replace('-', ' '), 'recovery_code')).status).toBe(200);
    expect((await browser('GET', '/session')).body.two_factor).toEqual({ enabled: true, recovery_codes_left: 9 });
    const again = await show(await halfway(person), first, 'recovery_code');
    expect(again.status).toBe(401);
    expect((await show(await halfway(person), second, 'recovery_code')).status).toBe(200);
    expect((await signIn.factorsOf(world().deps.db, person.id)).recoveryCodesLeft).toBe(8);
  });

  test('of a race opens once', async () => {
    const { person, made } = await withApp();
    const browsers = [await halfway(person), await halfway(person), await halfway(person)];
    const answers = await Promise.all(browsers.map((browser) => show(browser, made.recovery_codes[0], 'recovery_code')));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  test('opens nothing after new ones were made', async () => {
    const { person, browser, made } = await withApp();
    expect((await browser('POST', '/session/recovery-codes', { password: 'not this one' })).status).toBe(400);
    const renewed = must(await browser('POST', '/session/recovery-codes', { password: PASSWORD }));
    expect(renewed.recovery_codes).toHaveLength(10);
    expect((await show(await halfway(person), made.recovery_codes[1], 'recovery_code')).status).toBe(401);
    expect((await show(await halfway(person), renewed.recovery_codes[1], 'recovery_code')).status).toBe(200);
  });
});

test('an admin token has no factors of its own', async () => {
  const { root } = world();
  const answers = [
    await root('POST', '/session/totp', { password: PASSWORD }),
    await root('GET', '/session/passkeys'),
    await root('GET', '/session/sessions'),
    await root('POST', '/session/password', { current_password: 'a', new_password: PASSWORD }),
  ];
  expect(answers.map((answer) => answer.status)).toEqual([403, 403, 403, 403]);
});
