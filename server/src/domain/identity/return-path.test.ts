import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readReturnPath, withQuery } from './return-path.ts';

const HERE = 'https://gateway.example';

describe('the page to open after a sign-in', () => {
  test.each(['/', '/organizations', '/keys?status=active&sort=-created_at', '/teams/team_1?tab=members', '/a%20b'])(
    '%s',
    (path) => {
      expect(readReturnPath(path)).toBe(path);
    },
  );

  test.each([
    ...['', 'organizations', '//evil.test', '///evil.test', '/\\evil.test', '\\\\evil.test', '/%5cevil.test', '/%2F%2Fevil.test'],
    ...[
      'https://evil.test',
      'javascript:alert(1)',
      '/a//b',
      '/../../x',
      '/.//evil.test',
      '/\t/evil.test',
      '/\n',
      ' /keys',
      '/a#b',
    ],
    ...['/api/v1/session', '/api', '/%00', `/${'a'.repeat(2_001)}`, '/ä', '/?next=//evil.test'],
  ])('refuses %j', (path) => {
    expect(readReturnPath(path)).toBeNull();
  });

  test('whatever it accepts leads to our own host, in every way to read it', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '%2f',
      '%5c',
      '%5C',
      ':',
      '@',
      '.',
      '..',
      'evil.test',
      'https:',
      '?',
      '#',
      '\t',
      ' ',
      'keys',
      '&',
      '=',
    );
    const texts = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      fc.webUrl(),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const path = readReturnPath(text);
        if (path === null) return;
        for (const read of [path, decodeURIComponent(path.split('?')[0] ?? ''), path.replaceAll('\\', '/')]) {
          expect(new URL(read, HERE).origin).toBe(HERE);
          expect(read.startsWith('//')).toBe(false);
        }
        expect(new URL(withQuery(path, { sso: 'linked' }), HERE).origin).toBe(HERE);
      }),
      { numRuns: 5_000 },
    );
  });
});
