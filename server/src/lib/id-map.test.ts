import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdMap } from './id-map.ts';

// Few ids of few characters, so that many collide.
const ids = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 0, maxLength: 3 });
const manyIds = fc.nat({ max: 3_000 }).map((number) => `req_${number}`);
const step = (id: fc.Arbitrary<string>) =>
  fc.oneof(
    fc.record({ do: fc.constant('set' as const), id, value: fc.nat() }),
    fc.record({ do: fc.constant('delete' as const), id }),
  );

test.each([
  ['few ids', ids, 200],
  ['more ids than it begins with room for', manyIds, 4_000],
])('it holds what a map holds: %s', (_, id, steps) => {
  fc.assert(
    fc.property(fc.array(step(id), { maxLength: steps, size: 'max' }), (taken) => {
      const model = new Map<string, number>();
      const map = new IdMap<number>();
      for (const one of taken) {
        if (one.do === 'set') {
          model.set(one.id, one.value);
          map.set(one.id, one.value);
        } else {
          expect(map.delete(one.id)).toBe(model.delete(one.id));
        }
        expect(map.get(one.id)).toBe(model.get(one.id));
        expect(map.size).toBe(model.size);
      }
      for (const one of taken) expect(map.get(one.id)).toBe(model.get(one.id));
    }),
    { numRuns: 100 },
  );
});
