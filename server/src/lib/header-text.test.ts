import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headerText } from './header-text.ts';

test('any text is visible ASCII as a header, and is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(headerText(text)).toMatch(/^[\x21-\x7e]*$/);
      expect(decodeURIComponent(headerText(text))).toBe(text.toWellFormed());
    }),
  );
});

test('what is ASCII stays as it is, but for spaces, controls and the sign of the encoding', () => {
  expect(headerText('gpt-5/nano:free@eu"\\')).toBe('gpt-5/nano:free@eu"\\');
  expect(headerText('a b%\r\n\x7f')).toBe('a%20b%25%0D%0A%7F');
  expect(headerText('😀\ud800')).toBe('%F0%9F%98%80%EF%BF%BD');
});
