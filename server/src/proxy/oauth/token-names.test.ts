import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameOfToken, TokenNames } from './token-names.ts';

test('a token has the name it would get, or none', () => {
  const tokens = fc.array(fc.string({ maxLength: 12 }), { maxLength: 50 });
  fc.assert(
    fc.property(tokens, tokens, (remembered, asked) => {
      const names = new TokenNames();
      for (const token of remembered) names.remember(token, nameOfToken(token));
      for (const token of [...remembered, ...asked])
        expect(names.known(token)).toBe(remembered.includes(token) ? nameOfToken(token) : undefined);
    }),
  );
});

test('two tokens have two names, which no header can hold', () => {
  expect(nameOfToken('a.b.c')).not.toBe(nameOfToken('a.b.d'));
  expect(nameOfToken('a.b.c')).toMatch(/^\n[\w-]{43}$/);
});

test('at most 2,000 names are remembered, and the newest are', () => {
  const names = new TokenNames();
  for (let made = 0; made < 3_000; made += 1) names.remember(`token ${made}`, `name ${made}`);
  expect(names.size).toBe(2_000);
  expect(names.known('token 999')).toBeUndefined();
  expect(names.known('token 1000')).toBe('name 1000');
});

test('a long token is not remembered', () => {
  const names = new TokenNames();
  names.remember('x'.repeat(4_097), 'name');
  names.remember('x'.repeat(4_096), 'name');
  expect(names.size).toBe(1);
});
