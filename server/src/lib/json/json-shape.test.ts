import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfValues, jsonShape } from './json-shape.ts';

const NO_BOUNDS = { valuesMax: Number.POSITIVE_INFINITY, levelsMax: Number.POSITIVE_INFINITY };
const shape = (text: string, bounds = NO_BOUNDS) => jsonShape(Buffer.from(text), bounds);

/** Counts the same from the parsed value. */
function counted(value: unknown): { values: number; levels: number } {
  if (typeof value !== 'object' || value === null) return { values: 1, levels: 0 };
  const inner = Object.values(value).map(counted);
  return {
    values: 1 + inner.reduce((sum, one) => sum + one.values, 0),
    levels: 1 + Math.max(0, ...inner.map((one) => one.levels)),
  };
}

describe('the shape of a JSON text', () => {
  test.each([
    ['1', 1],
    ['[]', 1],
    ['[ ]', 1],
    ['{}', 1],
    ['[1,2]', 3],
    ['[[],[]]', 3],
    ['{"a":1,"b":[{}]}', 4],
    ['{"a,b":"c,[{"}', 2],
    ['"\\"[,"', 1],
    [`["${'x'.repeat(100)}\\\\","${'y'.repeat(60)}\\"[,"]`, 3],
    [`"${'\\\\'.repeat(40)}",1`, 2],
  ])('%s has its values', (text, values) => {
    expect(shape(text)).toEqual({ is: 'within', values });
  });

  // promise: A body's JSON has at most 400,000 values
  test('is what the parsed value has, however it is written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(4), (value, indent) => {
        const { values, levels } = counted(value);
        const text = JSON.stringify(value, null, indent);
        expect(shape(text)).toEqual({ is: 'within', values });
        expect(text.length).toBeGreaterThanOrEqual(bytesOfValues(values) - 1);
        expect(shape(text, { valuesMax: values, levelsMax: levels }).is).toBe('within');
        if (values > 1) expect(shape(text, { ...NO_BOUNDS, valuesMax: values - 1 }).is).toBe('too_many');
        if (levels > 0) expect(shape(text, { ...NO_BOUNDS, levelsMax: levels - 1 }).is).toBe('too_deep');
      }),
      { numRuns: 2_000 },
    );
  });

  test('reads any bytes to their end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(jsonShape(Buffer.from(bytes), NO_BOUNDS).is).toBe('within');
      }),
    );
  });

  test('stops where a bound is passed', () => {
    expect(shape('['.repeat(1_000_000), { valuesMax: 10_000_000, levelsMax: 64 })).toEqual({ is: 'too_deep', values: 65 });
    expect(shape(`[${'0,'.repeat(1_000_000)}`, { valuesMax: 400_000, levelsMax: 64 })).toEqual({
      is: 'too_many',
      values: 400_001,
    });
  });
});
