import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchedLookups } from './batched-lookups.ts';

/** Returns a loader whose loads the test ends; a name's value is the number of loads before its own. */
function givenLoads() {
  const loads: { readonly names: readonly string[]; end(): void; fail(): void }[] = [];
  const load = (names: readonly string[]) =>
    new Promise<ReadonlyMap<string, number>>((resolve, reject) => {
      const version = loads.length;
      loads.push({
        names,
        end: () => resolve(new Map(names.filter((name) => name !== 'none').map((name) => [name, version]))),
        fail: () => reject(new Error(`no ${names.join()}`)),
      });
    });
  return { loads, load };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('what comes while there is no room is asked together, each name once, and no more than fit', async () => {
  const { loads, load } = givenLoads();
  const ask = batchedLookups(load, { namesMax: 2, loadsMax: 1 });
  const first = ask('a');
  await settled();
  const later = ['b', 'c', 'b', 'none'].map(ask);
  expect(loads.map(({ names }) => names)).toEqual([['a']]);
  loads[0]?.end();
  await settled();
  loads[1]?.end();
  await settled();
  loads[2]?.end();
  expect(await Promise.all([first, ...later])).toEqual([0, 1, 1, 1, null]);
  expect(loads.map(({ names }) => names)).toEqual([['a'], ['b', 'c'], ['none']]);
});

test('a load of many that fails is asked one by one, and fails none but those that fail alone', async () => {
  const { loads, load } = givenLoads();
  const ask = batchedLookups(load, { namesMax: 10, loadsMax: 1 });
  const first = ask('a');
  await settled();
  const later = Promise.allSettled(['b', 'c'].map(ask));
  loads[0]?.end();
  await settled();
  loads[1]?.fail();
  await settled();
  loads[2]?.fail();
  loads[3]?.end();
  expect([await first, (await later).map(({ status }) => status)]).toEqual([0, ['rejected', 'fulfilled']]);
});

test('what is asked in one turn is asked together', async () => {
  const { loads, load } = givenLoads();
  const ask = batchedLookups(load, { namesMax: 2, loadsMax: 2 });
  const all = ['a', 'b', 'c', 'd', 'e'].map(ask);
  expect(loads).toEqual([]);
  await settled();
  expect(loads.map(({ names }) => names)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  loads[1]?.end();
  await settled();
  expect(loads[2]?.names).toEqual(['e']);
  for (const { end } of loads) end();
  expect(await Promise.all(all)).toEqual([0, 0, 1, 1, 2]);
});

test('an answer is never older than its question, whatever ends when', async () => {
  const steps = fc.array(
    fc.oneof(fc.record({ ask: fc.integer({ min: 0, max: 5 }) }), fc.record({ end: fc.nat() }), fc.constant('turn')),
    {
      maxLength: 60,
    },
  );
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 }), async (all, loadsMax, namesMax) => {
      const { loads, load } = givenLoads();
      const ask = batchedLookups(load, { namesMax, loadsMax });
      const open = new Set<number>();
      const asked: Promise<boolean>[] = [];
      let begun = 0;
      const look = () => {
        for (; begun < loads.length; begun += 1) open.add(begun);
        expect(open.size).toBeLessThanOrEqual(loadsMax);
      };
      const turn = async () => {
        await settled();
        look();
      };
      const end = async (which: number) => {
        const at = [...open][which % Math.max(1, open.size)];
        if (at === undefined) return;
        open.delete(at);
        loads[at]?.end();
        await turn();
      };
      for (const step of all) {
        if (typeof step === 'string') await turn();
        else if ('ask' in step) {
          const before = loads.length;
          asked.push(ask(`n${step.ask}`).then((version) => version !== null && version >= before));
          look();
        } else await end(step.end);
      }
      await turn();
      while (open.size > 0) await end(0);
      expect(await Promise.all(asked)).not.toContain(false);
    }),
    { numRuns: 200 },
  );
});
