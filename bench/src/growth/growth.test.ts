import { expect, test } from 'vitest';
import { growthEffort } from './growth.ts';

test('sizes are the full ones, small with --quick, and each can be given', () => {
  expect(growthEffort(['--growth'])).toEqual({ organizations: 100_000, keys: 1_000_000, hot: 20_000, rounds: 5, seconds: 5 });
  const quick = growthEffort(['--growth', '--quick', '--keys=4000', '--rounds=3']);
  expect(quick).toEqual({ organizations: 200, keys: 4_000, hot: 500, rounds: 3, seconds: 1 });
  for (const wrong of ['--keys=0', '--keys=', '--hot=many', '--seconds=1.5'])
    expect(() => growthEffort([wrong]), wrong).toThrow(/whole number above 0/);
});
