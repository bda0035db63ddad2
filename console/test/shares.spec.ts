/** The shares of a policy as its form and its table show them, and that shares add up. */
import { expect, test } from '@playwright/test';
import { sharesOf } from '../src/numbers/numbers.ts';
import { weightsOf } from '../src/pages/route-groups/weights.ts';

const member = (deployment_id: string, weight: number, priority = 0) => ({ deployment_id, weight, priority });

test('among members without a weight the first by id is taken, as the gateway does', () => {
  const members = [member('dep_2', 0), member('dep_1', 0), member('', 0)];
  expect(weightsOf({ strategy: 'weighted', members })).toEqual([0, 1, 0]);
  const equals = [member('dep_0', 5, 1), member('dep_9', 0), member('dep_8', 0)];
  expect(weightsOf({ strategy: 'priority', members: equals })).toEqual([0, 0, 1]);
});

test('shares follow the weights, and with priorities only those of the lowest', () => {
  const members = [member('dep_1', 1), member('dep_2', 3), member('dep_3', 4, 1)];
  expect(sharesOf(weightsOf({ strategy: 'weighted', members }), 1)).toEqual(['12.5%', '37.5%', '50.0%']);
  expect(sharesOf(weightsOf({ strategy: 'priority', members }))).toEqual(['25%', '75%', '0%']);
  expect(sharesOf(weightsOf({ strategy: 'weighted', members: [] }))).toEqual([]);
});

test('the percentages shown add up to 100', () => {
  expect(sharesOf([1, 1, 1])).toEqual(['34%', '33%', '33%']);
  expect(sharesOf([1, 1, 1], 1)).toEqual(['33.4%', '33.3%', '33.3%']);
  expect(sharesOf([29, 71])).toEqual(['29%', '71%']);
  expect(sharesOf([1, 1, 4, 0])).toEqual(['17%', '17%', '66%', '0%']);
  expect(sharesOf(['0.000000001', '0.000000001', '0.000000001', '9007199.254740991'])).toEqual(['0%', '0%', '0%', '100%']);
  expect(sharesOf([0, 0])).toEqual(['0%', '0%']);
  for (const count of [7, 11, 13, 199]) {
    const shares = sharesOf(Array.from({ length: count }, () => '0.000000007'));
    expect(shares.reduce((all, text) => all + Number.parseInt(text, 10), 0)).toBe(100);
  }
});
