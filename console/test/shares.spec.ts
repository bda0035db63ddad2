/** The shares of a policy as its form and its table show them. */
import { expect, test } from '@playwright/test';
import { percentsOf, sharesOf } from '../src/pages/route-groups/shares.ts';

const member = (deployment_id: string, weight: number, priority = 0) => ({ deployment_id, weight, priority });

test('among members without a weight the first by id is taken, as the gateway does', () => {
  const members = [member('dep_2', 0), member('dep_1', 0), member('', 0)];
  expect(sharesOf({ strategy: 'weighted', members })).toEqual([0, 1, 0]);
  const equals = [member('dep_0', 5, 1), member('dep_9', 0), member('dep_8', 0)];
  expect(sharesOf({ strategy: 'priority', members: equals })).toEqual([0, 0, 1]);
});

test('shares follow the weights, and with priorities only those of the lowest', () => {
  const members = [member('dep_1', 1), member('dep_2', 3), member('dep_3', 4, 1)];
  expect(sharesOf({ strategy: 'weighted', members })).toEqual([1 / 8, 3 / 8, 4 / 8]);
  expect(sharesOf({ strategy: 'priority', members })).toEqual([1 / 4, 3 / 4, 0]);
  expect(sharesOf({ strategy: 'weighted', members: [] })).toEqual([]);
});

test('the percentages shown add up to 100', () => {
  expect(percentsOf([1 / 3, 1 / 3, 1 / 3])).toEqual(['34', '33', '33']);
  expect(percentsOf([1 / 3, 1 / 3, 1 / 3], 1)).toEqual(['33.4', '33.3', '33.3']);
  expect(percentsOf([0.29, 0.71])).toEqual(['29', '71']);
  expect(percentsOf([1 / 6, 1 / 6, 4 / 6, 0])).toEqual(['17', '17', '66', '0']);
  expect(percentsOf([0, 0])).toEqual(['0', '0']);
  for (const count of [7, 11, 13, 199]) {
    const sum = percentsOf(Array.from({ length: count }, () => 1 / count)).reduce((all, text) => all + Number(text), 0);
    expect(sum).toBe(100);
  }
});
