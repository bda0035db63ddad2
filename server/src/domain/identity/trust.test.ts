import { describe, expect, test } from 'vitest';
import { audienceOf, checkRule, placeOf, type TrustCondition } from './trust.ts';

const words = (condition: TrustCondition, claims: object) =>
  checkRule({ conditions: [condition], keyBy: [] }, claims as Record<string, unknown>).checks[0]?.words;
const takes = (condition: TrustCondition, claims: object, keyBy: readonly string[] = []) =>
  checkRule({ conditions: [condition], keyBy }, claims as Record<string, unknown>);

describe('a condition', () => {
  const id: TrustCondition = { claim: 'id', match: 'equals', values: ['42'] };

  test.each([
    [{ id: '42' }, true, 'id: 42'],
    [{ id: 42 }, true, 'id: 42'],
    [{ id: '43' }, false, 'id: wanted 42, got 43'],
    [{ id: '42 ' }, false, 'id: wanted 42, got 42 '],
    [{}, false, 'id: wanted 42, the token has none'],
    [{ id: ['42'] }, false, 'id: wanted 42, got a list, and a condition compares one value'],
    [{ id: { is: '42' } }, false, 'id: wanted 42, got an object, and a condition compares one value'],
    [{ id: null }, false, 'id: wanted 42, got null'],
    [{ id: 42.5 }, false, 'id: wanted 42, got a number that is not whole or not exact'],
  ])('equals 42 of %j is %s', (claims, ok, sentence) => {
    expect(takes(id, claims).matches).toBe(ok);
    expect(words(id, claims)).toBe(sentence);
  });

  test('numbers that are not exact match nothing, so that two of them are never equal', () => {
    const large = JSON.parse('{"id":9007199254740993}') as object;
    expect(takes({ claim: 'id', match: 'equals', values: ['9007199254740992'] }, large).matches).toBe(false);
  });

  test('one_of and prefix compare text as it is', () => {
    expect(takes({ claim: 'ref', match: 'one_of', values: ['a', 'b'] }, { ref: 'b' }).matches).toBe(true);
    expect(words({ claim: 'ref', match: 'one_of', values: ['a', 'b'] }, { ref: 'c' })).toBe('ref: wanted one of a, b, got c');
    expect(takes({ claim: 'ref', match: 'prefix', values: ['refs/heads/'] }, { ref: 'refs/heads/x' }).matches).toBe(true);
    expect(takes({ claim: 'ref', match: 'prefix', values: ['refs/heads/'] }, { ref: 'xrefs/heads/' }).matches).toBe(false);
    expect(takes({ claim: 'ref', match: 'prefix', values: [''] }, { ref: 'anything' }).matches).toBe(false);
  });

  test.each(['__proto__', 'constructor', 'toString', '/a/__proto__', '/a/length'])('nothing is inherited: %s', (claim) => {
    expect(words({ claim, match: 'equals', values: ['x'] }, { a: ['x'] })).toBe(`${claim}: wanted x, the token has none`);
  });

  test('what is shown is short and has no control characters', () => {
    const sentence = words(id, { id: `\u001b[31m\u202e${'x'.repeat(5_000)}` }) ?? '';
    expect(sentence.length).toBeLessThan(200);
    expect(sentence).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

test('a rule without conditions takes nothing', () => {
  expect(checkRule({ conditions: [], keyBy: [] }, { id: '42' }).matches).toBe(false);
});

test('a rule reads the values of its keys, and refuses a token that lacks one', () => {
  const id: TrustCondition = { claim: 'id', match: 'equals', values: ['42'] };
  expect(takes(id, { id: '42', sub: 'a', n: { s: 'b' } }, ['sub', '/n/s']).values).toEqual(['a', 'b']);
  for (const sub of [undefined, '', 'x'.repeat(300), 'a\nb', ['a']]) {
    const { matches, values } = takes(id, { id: '42', sub }, ['sub']);
    expect([matches, values]).toEqual([false, null]);
  }
});

test('an audience names one organization, by its slug or its id', () => {
  const base = 'https://gateway.test';
  expect(placeOf(base, audienceOf(base, 'acme'))).toBe('acme');
  expect(placeOf(base, `${base}/trust/org_0192`)).toBe('org_0192');
  for (const other of ['', 'acme/', '../acme', 'Acme', 'acme?x', 'acme#x', '%61cme', 'a'.repeat(65)])
    expect(placeOf(base, `${base}/trust/${other}`), other).toBeNull();
  expect(placeOf(base, 'https://gateway.test.evil.test/trust/acme')).toBeNull();
});
