import { describe, expect, test } from 'vitest';
import { parseModelName, parseName, parseSlug, parseTarget } from './names.ts';

const hex = (text: string) => [...text].map((character) => character.codePointAt(0)?.toString(16)).join(' ');

describe('names', () => {
  test.each(['Acme', 'Café Zürich', '株式会社', 'مؤسسة', 'a'.repeat(200), '🚀 team'])('%s is a name', (name) => {
    expect(parseName(name)).toEqual({ is: 'valid', value: name });
  });

  test('surrounding spaces are taken off', () => {
    expect(parseName('  Acme ')).toEqual({ is: 'valid', value: 'Acme' });
  });

  test('empty, blank and over-long names are refused', () => {
    for (const name of ['', '   ', 'a'.repeat(201), 'a'.repeat(10_000), ' '.repeat(10_000)])
      expect(parseName(name).is).toBe('invalid');
  });

  const deceptive = [
    0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x85, 0x061c, 0x200e, 0x200f, 0x2028, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066,
    0x2067, 0x2068, 0x2069, 0xfeff, 0xd800,
  ];
  test.each(deceptive.map((code) => code.toString(16)))('U+%s inside a name is refused', (code) => {
    expect(parseName(`a${String.fromCharCode(Number.parseInt(code, 16))}b`).is).toBe('invalid');
  });
});

test.each([
  ['acme', 'valid'],
  ['a', 'valid'],
  ['acme-2', 'valid'],
  ['a'.repeat(63), 'valid'],
  ['a'.repeat(64), 'invalid'],
  ['Acme', 'invalid'],
  ['-acme', 'invalid'],
  ['acme-', 'invalid'],
  ['org_1', 'invalid'],
  ['a/b', 'invalid'],
  ['', 'invalid'],
  ['acme\n', 'invalid'],
])('the slug %j is %s', (slug, expected) => {
  expect(parseSlug(slug).is).toBe(expected);
});

describe('model names', () => {
  test.each([
    'gpt-5-nano',
    'meta-llama/Llama-3.1-8B',
    '@cf/meta/llama',
    'claude-sonnet-4-5:thinking',
    'ft:gpt-4o:org::id',
    '模型',
    'a'.repeat(200),
  ])('%s is one', (name) => {
    expect(parseModelName(name).is).toBe('valid');
  });

  test.each([
    '',
    ' ',
    'a b',
    'a\u00a0b',
    'a\tb',
    'a\r\nb',
    'a\u0000',
    'a\u202eb',
    'a\u200bb',
    'gpt-5*',
    '.',
    '..',
    'a'.repeat(201),
  ])('%j is none', (name) => {
    expect(parseModelName(name).is, hex(name)).toBe('invalid');
  });
});

test('a target is a name, or a prefix with one star at its end', () => {
  expect(parseTarget('gpt-5')).toEqual({ is: 'valid', value: { is: 'exact', name: 'gpt-5' } });
  expect(parseTarget('gpt-5*')).toEqual({ is: 'valid', value: { is: 'prefix', prefix: 'gpt-5' } });
  expect(parseTarget('*')).toEqual({ is: 'valid', value: { is: 'prefix', prefix: '' } });
  for (const text of ['', '**', 'a*b', '*a', 'a b*', `${'a'.repeat(201)}*`]) expect(parseTarget(text).is).toBe('invalid');
});
