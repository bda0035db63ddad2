import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonValues, readableName } from '../../test/support/json-values.ts';
import { readBody } from './read-body.ts';

const read = (text: string | Buffer) => readBody(Buffer.from(text as string));
const problemOf = (text: string | Buffer) => {
  const reading = read(text);
  return reading.ok ? null : reading.problem;
};

describe('readBody', () => {
  it('accepts any JSON object that says each thing once', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ unit: 'grapheme' }).filter(readableName),
          jsonValues.map((value) => JSON.parse(JSON.stringify(value))),
        ),
        (body) => {
          const reading = read(JSON.stringify(body, null, 1));
          if (reading.ok) expect(reading.body).toEqual(JSON.parse(JSON.stringify(body)));
          else expect(reading.problem.message).toMatch(/is unknown: write it as/);
        },
      ),
    );
  });

  it.each([
    ['', 'not valid JSON'],
    ['{', 'not valid JSON'],
    ['{"max_tokens":NaN}', 'not valid JSON'],
    ['{"a":01}', 'not valid JSON'],
    ['\ufeff{}', 'not valid JSON'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    ['"x"', 'must be a JSON object'],
  ])('refuses %j', (text, message) => {
    expect(problemOf(text)?.message).toContain(message);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(problemOf(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))?.message).toContain('UTF-8');
  });

  // promise: Duplicate top-level keys: 400
  it.each([
    '{"model":"a","model":"b"}',
    '{"model":"a","m\\u006fdel":"b"}',
    '{"model":"a", "x":{"y":"}"}, "model":"b"}',
    '{"x":"\\\\","x":1}',
    '{"x":{"y":1,"y":2}}',
    '{"x":[{"y":1,"y":2}]}',
  ])('refuses a key that appears twice: %s', (text) => {
    expect(problemOf(text)?.message).toContain('appears twice');
  });

  it.each(['{"a":{"x":1},"b":{"x":2}, "c":["a","a"]}', '{"a":"a", "b":"\\"a\\":1,\\"a\\":2"}', '{ "1":1, "0":2 }'])(
    'does not mistake equal names in different places for one twice: %s',
    (text) => {
      expect(problemOf(text)).toBeNull();
    },
  );

  // promise: A top-level key that equals a known field except in
  it.each(['Model', 'MAX_TOKENS', 'Stream', 'me\u017f\u017fages', 'max_to\u212aens'])(
    'refuses the known field in another case: %s',
    (key) => {
      const problem = problemOf(JSON.stringify({ model: 'a', [key]: 1 }));
      expect(problem?.message).toContain('is unknown: write it as');
      expect(problem?.param).toMatch(/^(model|max_tokens|stream|messages)$/);
    },
  );

  it('lets unknown fields be', () => {
    expect(problemOf('{"model":"a","X_Custom":1,"__proto__":{"a":1}}')).toBeNull();
  });

  it('accepts 64 levels and refuses 65, without running out of stack on a million', () => {
    const deep = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(problemOf(deep(64))).toBeNull();
    expect(problemOf(deep(65))?.message).toContain('deeper than 64');
    expect(problemOf(deep(1_000_000))?.message).toMatch(/deeper than 64|not valid JSON/);
  });
});
