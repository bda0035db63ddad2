/** Amounts as people type them. */
import { expect, test } from '@playwright/test';
import { budgetsBody, newBudget } from '../src/forms/budget-draft.ts';
import { decimalOf } from '../src/forms/decimal.ts';

test('a comma is a decimal comma where it can be nothing else', () => {
  expect(decimalOf(' 0,15 ')).toBe('0.15');
  expect(decimalOf('0,150')).toBe('0.150');
  expect(decimalOf('12,5')).toBe('12.5');
  expect(decimalOf('1234,567')).toBe('1234.567');
  expect(decimalOf('1.50')).toBe('1.50');
});

test('1,000 is never read as 1: no budget is made of it', () => {
  expect(decimalOf('1,000')).toBe('1,000');
  expect(decimalOf('100,000')).toBe('100,000');
  expect(
    budgetsBody([
      { ...newBudget(), amount: '1,000' },
      { ...newBudget(), amount: '10,50' },
    ]).map(({ amount }) => amount),
  ).toEqual(['1,000', '10.50']);
});
