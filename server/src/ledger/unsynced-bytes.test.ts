import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UnsyncedBytes } from './unsynced-bytes.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ add: fc.uint8Array({ maxLength: 70_000, minLength: 1 }) }) },
  { weight: 1, arbitrary: fc.record({ synced: fc.double({ min: 0, max: 1, noNaN: true }) }) },
);

test('it has exactly what was added and not synced, in order', () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.array(step, { maxLength: 30 }), (start, steps) => {
      const unsynced = new UnsyncedBytes();
      unsynced.startAt(start);
      let model = Buffer.alloc(0);
      let from = start;
      for (const one of steps) {
        if ('add' in one) {
          // Bytes after the length are not part of this write.
          unsynced.add(Buffer.concat([one.add, Buffer.from('behind')]), one.add.length);
          model = Buffer.concat([model, one.add]);
        } else {
          const count = Math.floor(one.synced * model.length);
          unsynced.synced(from + count);
          from += count;
          model = model.subarray(count);
        }
        expect([unsynced.from, unsynced.to]).toEqual([from, from + model.length]);
        expect(unsynced.read()?.equals(model)).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

test('it keeps at most 8 MiB, says when that is not all, and begins again once all is synced', () => {
  const unsynced = new UnsyncedBytes();
  unsynced.startAt(100);
  const mebibyte = Buffer.alloc(1024 * 1024, 1);
  for (let i = 0; i < 8; i += 1) unsynced.add(mebibyte, mebibyte.length);
  expect(unsynced.read()).toHaveLength(8 * 1024 * 1024);
  unsynced.add(mebibyte, 1);
  expect(unsynced.read()).toBeNull();
  unsynced.synced(unsynced.to - 1);
  expect(unsynced.read()).toBeNull();
  unsynced.synced(unsynced.to);
  unsynced.add(mebibyte, 3);
  expect(unsynced.read()).toHaveLength(3);
});
