import { expect, test } from 'vitest';
import { OldestRow } from './oldest-row.ts';

test('the age goes back to the last moment whose rows are all stored', () => {
  const oldest = new OldestRow();
  expect(oldest.ageMs(0)).toBe(0);
  oldest.waiting(10, 100);
  oldest.stored(6);
  // Four of the first moment are left, and five new ones.
  oldest.waiting(9, 200);
  expect(oldest.ageMs(250)).toBe(150);
  oldest.stored(4);
  oldest.waiting(5, 300);
  expect(oldest.ageMs(350)).toBe(250);
  oldest.stored(5);
  expect(oldest.ageMs(350)).toBe(50);
  oldest.none();
  expect(oldest.ageMs(400)).toBe(0);
});
