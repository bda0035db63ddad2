import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Attempt, createAttempts } from './attempts.ts';
import { SignInRefused } from './refusal.ts';

function counted() {
  const time = { nowMs: 1_000_000 };
  const attempts = createAttempts(() => time.nowMs);
  /** Returns true if the attempt was made; it then counts as failed. */
  const fails = (attempt: Attempt): boolean => {
    try {
      attempts.count(attempt);
      return true;
    } catch (error) {
      if (!(error instanceof SignInRefused)) throw error;
      return false;
    }
  };
  return { time, attempts, fails };
}

const password = (from: string, device: string | null = null): Attempt => ({
  owner: 'password:ada',
  from,
  byAnybody: { device },
});
const times = (count: number, work: (at: number) => boolean) => Array.from({ length: count }, (_, at) => work(at));

describe('attempts that anybody can make', () => {
  test('wait where they come from, and nowhere else', () => {
    const { fails } = counted();
    expect(times(7, () => fails(password('203.0.113.9')))).toEqual([true, true, true, true, true, false, false]);
    expect(fails(password('198.51.100.4'))).toBe(true);
    expect(fails({ ...password('203.0.113.9'), owner: 'password:grace' })).toBe(true);
  });

  test('from everywhere together wait a minute at most, and a device that is known never waits for others', () => {
    const { time, fails } = counted();
    times(500, (at) => fails(password(`10.0.${at % 250}.${at}`)));
    expect(fails(password('192.0.2.1')), 'a new device').toBe(false);
    expect(fails(password('10.0.0.1', 'device'))).toBe(true);
    time.nowMs += 60_001;
    expect(fails(password('192.0.2.1'))).toBe(true);
  });

  test('of a known device are counted by themselves, wherever it is', () => {
    const { fails } = counted();
    expect(times(7, (at) => fails(password(`10.1.1.${at}`, 'device')))).toEqual([true, true, true, true, true, false, false]);
    expect(fails(password('10.1.1.1', 'another'))).toBe(true);
    expect(fails(password('10.1.1.1'))).toBe(true);
  });

  test('a success forgets one’s own failures, and not what others guessed', async () => {
    const { attempts, fails } = counted();
    times(4, () => fails(password('10.2.0.1')));
    await attempts.throttled(password('10.2.0.1'), async () => 'in');
    expect(times(6, () => fails(password('10.2.0.1')))).toEqual([true, true, true, true, true, false]);
    times(300, (at) => fails(password(`10.3.${at % 250}.1`)));
    attempts.forget(password('10.2.0.1'));
    expect(fails(password('10.2.0.1')), 'the crowd is still there').toBe(false);
  });
});

describe('an address', () => {
  test('that guesses at many waits at most a minute; kinds are counted apart', () => {
    const { time, fails } = counted();
    const at = (owner: number): Attempt => ({ owner: `password:${owner}`, from: '2001:db8::1', byAnybody: { device: null } });
    times(120, (owner) => fails(at(owner)));
    expect(fails({ owner: 'password:new', from: '2001:db8::ffff', byAnybody: { device: null } }), 'the same /64').toBe(false);
    expect(fails({ owner: null, from: '2001:db8::1', kind: 'reset' })).toBe(true);
    time.nowMs += 60_001;
    expect(fails(at(1_000))).toBe(true);
  });
});

test('nobody is ever kept out for more than 15 minutes, and a known device not by anybody else', () => {
  const attempt = fc.record({
    from: fc.integer({ min: 1, max: 40 }).map((host) => `10.9.0.${host}`),
    device: fc.constantFrom(null, null, null, 'other'),
  });
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 400 }), (all) => {
      const { time, fails } = counted();
      for (const { from, device } of all) fails(password(from, device));
      expect(fails(password('10.9.0.1', 'own'))).toBe(true);
      time.nowMs += 15 * 60_000;
      expect(fails(password('10.9.0.1'))).toBe(true);
    }),
  );
});
