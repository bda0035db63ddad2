import { expect, test } from 'vitest';
import { warningOf } from './rate-limit.ts';

test.each([
  [0, 100, null],
  [79, 100, null],
  [80, 100, 'approaching_limit'],
  [94, 100, 'approaching_limit'],
  [95, 100, 'near_limit'],
  [100, 100, 'near_limit'],
  [0, 0, 'near_limit'],
])('%d of %d warns %s', (used, limit, warning) => {
  expect(warningOf(used, limit)).toBe(warning);
});
