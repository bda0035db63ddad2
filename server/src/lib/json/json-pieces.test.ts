import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonAssembly, piecesOf } from './json-pieces.ts';

/** Sends a value in pieces, as to another thread. */
function sentInPieces(whole: object): { value: unknown; pieces: number } {
  const assembly = new JsonAssembly();
  let pieces = 0;
  for (const piece of piecesOf(whole)) {
    assembly.add(structuredClone(piece));
    pieces += 1;
  }
  return { value: assembly.whole, pieces };
}

const containers = fc
  .jsonValue({ maxDepth: 5 })
  .filter((value) => typeof value === 'object' && value !== null) as fc.Arbitrary<object>;

test('what is put together is what was taken apart, in the same order', () => {
  fc.assert(
    fc.property(containers, (whole) => {
      expect(JSON.stringify(sentInPieces(whole).value)).toBe(JSON.stringify(whole));
    }),
  );
});

test('a large value goes in many pieces, and small ones of it stay together', () => {
  fc.assert(
    fc.property(fc.array(containers, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 9 }), (some, times) => {
      const text = 'x'.repeat(300_000);
      const whole = {
        model: 'm',
        messages: Array.from({ length: times }, () => ({ some, parts: [{ text }, { text }, some, { text }, { text }] })),
      };
      const { value, pieces } = sentInPieces(whole);
      expect(JSON.stringify(value)).toBe(JSON.stringify(whole));
      expect(pieces).toBeGreaterThanOrEqual(times);
      expect(pieces).toBeLessThan(10 + times * 12);
    }),
    { numRuns: 20 },
  );
});

test('a name that is none of its own stays a name', () => {
  const whole = JSON.parse(`{"__proto__":{"a":1},"b":[${'{"__proto__":[]},'.repeat(30_000)}{"constructor":2}]}`);
  const { value } = sentInPieces(whole);
  expect(JSON.stringify(value)).toBe(JSON.stringify(whole));
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
});
