import { expect, test } from 'vitest';
import { BadSeedFlag, seedFlags } from './seed.ts';

test('the size comes from flags, the rest are settings', () => {
  const { size, rest } = seedFlags(['--organizations', '5', '--keys=70', '--port', '4100', '--headgate-data-dir=/x'], 1_000);
  expect(size).toEqual({ organizations: 5, keys: 70, requests: 10_000, days: 30, untilMs: 1_000 });
  expect(rest).toEqual(['--port', '4100', '--headgate-data-dir=/x']);
});

test('a size that is none is refused with one line that names the flag', () => {
  for (const flags of [
    ['--keys'],
    ['--keys', '0'],
    ['--keys', '-1'],
    ['--keys=1e3'],
    ['--keys', '99999999999'],
    ['--keys', 'many'],
  ]) {
    expect(() => seedFlags(flags, 0)).toThrow(BadSeedFlag);
    expect(() => seedFlags(flags, 0)).toThrow('--keys');
  }
});
