import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerText } from './header-text.ts';

describe('a name in a header', () => {
  test('stands as it is where it is plain, and percent-encoded where it is not', () => {
    expect(headerText('gpt-5*')).toBe('gpt-5*');
    expect(headerText('@cf/meta/llama-3:70b')).toBe('@cf/meta/llama-3:70b');
    expect(headerText('通义千问')).toBe('%E9%80%9A%E4%B9%89%E5%8D%83%E9%97%AE');
    expect(headerText('a"b\\c d%20\r\n')).toBe('a%22b%5Cc%20d%2520%0D%0A');
    expect(headerText('é')).toBe('%C3%A9');
    expect(headerText('\ud800')).toBe('%EF%BF%BD');
  });

  test('of whatever it is made is visible ASCII, may stand in quotes, and is told back by decoding it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const text = headerText(name);
        expect(text).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]*$/);
        expect(() => validateHeaderValue('x-name', text)).not.toThrow();
        expect(decodeURIComponent(text)).toBe(name.toWellFormed());
      }),
    );
  });
});
