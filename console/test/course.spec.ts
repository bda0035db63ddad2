/** Lines of use as a chart's points: no digit is lost, and what has no series of its own is in the one of all others. */
import { expect, test } from '@playwright/test';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { coursePoints, type UsageLine } from '../src/components/charts/course.ts';
import { addUsd } from '../src/numbers/numbers.ts';

const MODEL = { label: 'Model', field: 'model' };
const TOP = ['fast', 'smart', ''];

const line = (model: string | null, day: number, spend: string) =>
  ({ model, start: `2026-11-${String(day).padStart(2, '0')}T00:00:00Z`, spend, requests: 1 }) as unknown as UsageLine;

const usd = (nanos: number) => `${Math.floor(nanos / 1e9)}.${String(nanos % 1e9).padStart(9, '0')}`;

test('the series of a day add up to what was spent that day, to the last digit', () => {
  const lines = array(
    record({
      model: constantFrom('fast', 'smart', 'rare', '__proto__', 'time', null),
      day: integer({ min: 1, max: 30 }),
      nanos: integer({ min: 0, max: 9e12 }),
    }),
  );
  assert(
    property(lines, (used) => {
      const points = coursePoints(
        used.map(({ model, day, nanos }) => line(model, day, usd(nanos))),
        { top: TOP, group: MODEL, metric: 'spend', plus: addUsd },
      );
      const total = points.flatMap(({ values }) => Object.values(values)).reduce(addUsd, usd(0));
      expect(total).toBe(
        addUsd(
          used.reduce((sum, { nanos }) => addUsd(sum, usd(nanos)), '0'),
          '0',
        ),
      );
      expect(points.map(({ time }) => time)).toEqual([...new Set(used.map(({ day }) => line(null, day, '0').start))].sort());
    }),
  );
});

test('the dearest have a series each, none is one too, and all others share one', () => {
  const lines = [
    line('rare', 2, '0.000000001'),
    line('odd', 2, '0.1'),
    line('fast', 2, '3'),
    line(null, 1, '7'),
    line('smart', 1, '0'),
  ];
  const points = coursePoints(lines, { top: TOP, group: MODEL, metric: 'spend', plus: addUsd });
  expect(points).toEqual([
    { time: '2026-11-01T00:00:00Z', values: { s1: '0.000000000', s2: '7.000000000' } },
    { time: '2026-11-02T00:00:00Z', values: { s0: '3.000000000', s3: '0.100000001' } },
  ]);
});
