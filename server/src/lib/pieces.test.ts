import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BYTES_IN_TURN_MAX, joined, joinedInTurn, Pieces, whole } from './pieces.ts';

test('joined buffers are all bytes in their order, and no other bytes are freed with them', () => {
  const kinds = fc.record({ length: fc.integer({ min: 0, max: 20_000 }), isPart: fc.boolean() });
  fc.assert(
    fc.property(fc.array(kinds, { maxLength: 20 }), (all) => {
      const wholes = all.map(({ length, isPart }, at) => Buffer.alloc(length + (isPart ? 10 : 0), at + 1));
      const pieces = wholes.map((whole, at) => (all[at]?.isPart ? whole.subarray(0, -10) : whole));
      const expected = Buffer.concat(pieces);
      expect(joined(pieces).equals(expected)).toBe(true);
      for (const [at, whole] of wholes.entries()) {
        const { length, isPart } = all[at] as (typeof all)[number];
        const isFreed = wholes.length > 1 && !isPart && length >= 4_096;
        expect(whole.length).toBe(isFreed ? 0 : length + (isPart ? 10 : 0));
      }
    }),
  );
});

test('a body that is too large for a turn stays in its pieces', () => {
  const pieces = [Buffer.alloc(BYTES_IN_TURN_MAX, 'a'), Buffer.from('b')];
  const left = joinedInTurn(pieces);
  expect(left).toBeInstanceOf(Pieces);
  expect(left.length).toBe(BYTES_IN_TURN_MAX + 1);
  expect(whole(left).equals(Buffer.concat(pieces))).toBe(true);
  expect(whole(joinedInTurn([Buffer.from('a'), Buffer.from('b')])).toString()).toBe('ab');
});
