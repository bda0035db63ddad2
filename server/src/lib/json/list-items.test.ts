import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listParts, NotAList } from './list-items.ts';

const BOUNDS = { lists: new Set(['data', 'models']), itemBytesMax: 10_000 };

function read(text: string, bounds = BOUNDS) {
  const items: unknown[] = [];
  const fields: [string, unknown][] = [];
  for (const part of listParts(Buffer.from(text), bounds)) {
    if (part.is === 'item') items.push(JSON.parse(part.json.toString()));
    else if (part.is === 'field') fields.push([part.name, JSON.parse(part.json.toString())]);
  }
  return { items, fields };
}

/** JSON values whose texts have quotation marks, brackets and escapes. Names have no backslash. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: fc.constantFrom('a', '"', '\\', '[', ']', '{', '}', ',', ':', ' ', 'é', '\n') }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('id', 'a"b', '}', 'data', '__proto_'), tie('value'), { maxKeys: 4 }),
  ),
}));

describe('the parts of an answer with a list', () => {
  it('are what a parser reads, however it is written', () => {
    const spaces = fc.constantFrom(0, 1, 2, '\t');
    fc.assert(
      fc.property(fc.array(value), value, spaces, (list, other, space) => {
        expect(read(JSON.stringify({ object: other, data: list, more: other }, null, space))).toEqual({
          items: JSON.parse(JSON.stringify(list)),
          fields: [
            ['object', JSON.parse(JSON.stringify(other))],
            ['more', JSON.parse(JSON.stringify(other))],
          ],
        });
        expect(read(JSON.stringify(list, null, space)).items).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it('end with an error if the answer was cut off at any byte, and never without one', () => {
    const whole = Buffer.from('{"object": "list", "data": [{"id": "a\\"}"}, 5, "x"], "has_more": false}');
    for (let end = 0; end < whole.length; end += 1)
      expect(() => read(whole.subarray(0, end).toString()), String(end)).toThrow(NotAList);
  });

  it.each(['', 'null', '5', '"data"', '{data: []}', '{"data" []}', '[1,]', '[1 2]', '[1}', '{"data":[1],}', '{"data":]}'])(
    'are not read from %s',
    (text) => {
      expect(() => read(text)).toThrow();
    },
  );

  it('may not be longer than allowed', () => {
    const long = JSON.stringify({ data: [{ id: 'x'.repeat(300) }] });
    expect(read(long).items).toHaveLength(1);
    expect(() => read(long, { ...BOUNDS, itemBytesMax: 100 })).toThrow(NotAList);
    expect(() => read(`[${'['.repeat(500)}`, { ...BOUNDS, itemBytesMax: 100 })).toThrow(NotAList);
    // Other fields are passed over, whatever their size.
    expect(read(JSON.stringify({ rest: 'x'.repeat(300), data: [1] }), { ...BOUNDS, itemBytesMax: 100 }).items).toEqual([1]);
  });
});
