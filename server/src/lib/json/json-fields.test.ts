import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldSpans } from './json-fields.ts';

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const names = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '"', '\\', 'ü', '{', ','));

test('a value stands where its span says, without the white space around it', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(names, fc.jsonValue(), space, fc.nat(3)), { selector: ([name]) => name }),
      space,
      (fields, around) => {
        const written = fields.map(([name, value, white, indent]) => {
          return `${white}${JSON.stringify(name)}${white}:${white}${JSON.stringify(value, null, indent)}${white}`;
        });
        const bytes = Buffer.from(`${around}{${written.join(',') || around}}${around}`);
        const spans = fieldSpans(bytes);
        expect([...spans.keys()]).toEqual(fields.map(([name]) => name.toWellFormed()));
        for (const [name, value, , indent] of fields) {
          const [from, to] = spans.get(name) as readonly [number, number];
          expect(bytes.toString('utf8', from, to)).toBe(JSON.stringify(value, null, indent));
        }
      },
    ),
  );
});
