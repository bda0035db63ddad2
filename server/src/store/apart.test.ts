import fc from 'fast-check';
import { expect, test } from 'vitest';
import { togetherOrApart } from './apart.ts';
import { StoreError, StoreUnavailable } from './errors.ts';

const parts = (count: number) => Array.from({ length: count }, (_, index) => `org_${index}`);
const outOfRange = () => new StoreError('the database refused a statement (22003)', '22003');

/** Returns work that behaves like a statement: it does everything, or nothing if one of its rows is damaged. */
function statement(all: readonly string[], damaged: ReadonlySet<string>) {
  const asked: (readonly string[] | null)[] = [];
  const work = async (only: readonly string[] | null) => {
    asked.push(only);
    if ((only ?? all).some((part) => damaged.has(part))) throw outOfRange();
    return only ?? all;
  };
  return { work, asked };
}

test('does what is not damaged, once, and passes over the rest', async () => {
  const which = fc.integer({ min: 0, max: 40 }).chain((count) => fc.tuple(fc.constant(count), fc.subarray(parts(count))));
  await fc.assert(
    fc.asyncProperty(which, async ([count, some]) => {
      const [all, damaged] = [parts(count), new Set(some)];
      const { work } = statement(all, damaged);
      const { done, passedOver } = await togetherOrApart(async () => all, work);
      expect(done).toEqual(all.filter((part) => !damaged.has(part)));
      expect(passedOver).toEqual(some);
    }),
  );
});

test('is one statement where nothing is damaged, and few where one part is', async () => {
  const all = parts(1_000);
  const whole = statement(all, new Set());
  const failing = async (): Promise<never> => {
    throw new Error('asked for parts');
  };
  expect((await togetherOrApart(failing, whole.work)).passedOver).toEqual([]);
  expect(whole.asked).toEqual([null]);
  const one = statement(all, new Set(['org_777']));
  expect((await togetherOrApart(async () => all, one.work)).passedOver).toEqual(['org_777']);
  expect(one.asked.length).toBeLessThanOrEqual(22);
});

test('passes over nothing where the database is away', async () => {
  const away = async (): Promise<never> => {
    throw new StoreUnavailable('the database does not answer', '08006');
  };
  await expect(togetherOrApart(async () => parts(3), away)).rejects.toBeInstanceOf(StoreUnavailable);
  let statements = 0;
  const later = async (): Promise<never> => {
    statements += 1;
    throw statements === 1 ? outOfRange() : new StoreUnavailable('the database does not answer', '08006');
  };
  await expect(togetherOrApart(async () => parts(3), later)).rejects.toBeInstanceOf(StoreUnavailable);
});
