import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextBuilder } from './text-builder.ts';

test('what is taken is what was added, however long and whatever numbers', () => {
  const builder = new TextBuilder();
  const number = fc.oneof(fc.maxSafeInteger(), fc.maxSafeNat(), fc.nat({ max: 1_000 }), fc.double());
  const latin1 = fc.string({
    unit: fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 3_000,
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(number, latin1), { maxLength: 40 }), (pieces) => {
      builder.begin();
      for (const piece of pieces) {
        if (typeof piece === 'string') builder.text(piece);
        else builder.int(piece);
      }
      expect(builder.take()).toBe(pieces.join(''));
    }),
  );
});

test('whole numbers at the edges of a digit', () => {
  const builder = new TextBuilder();
  for (let power = 0; power < 16; power += 1)
    for (const value of [10 ** power - 1, 10 ** power, 10 ** power + 1]) {
      builder.begin();
      builder.int(value);
      expect(builder.take()).toBe(String(value));
    }
});

test('a character that one byte cannot hold is refused', () => {
  const builder = new TextBuilder();
  builder.begin();
  expect(() => builder.text('€')).toThrow(RangeError);
});
