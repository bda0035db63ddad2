import { expect, test } from 'vitest';
import { describeDefect } from './defect.ts';

test('what an error quotes is left out, where it came from is not', () => {
  const secret = 'sk-hg-quoted-in-a-message';
  const thrown = (() => {
    try {
      return JSON.parse(secret);
    } catch (error) {
      return error;
    }
  })();
  expect(String(thrown)).toContain('sk-hg'); // Otherwise there would be nothing to leave out.
  const facts = describeDefect(thrown);
  expect(facts.error).toBe('SyntaxError');
  expect(facts.stack.join()).toContain('defect.test.ts');
  expect(JSON.stringify(describeDefect(new Error(`a library says ${secret}\n and ${secret}`)))).not.toContain('sk-hg');
  expect(JSON.stringify(describeDefect(secret))).not.toContain('sk-hg');
});

test('what the engine says of the program is kept', () => {
  expect(describeDefect(new TypeError('x is not a function')).error).toBe('TypeError: x is not a function');
  expect(describeDefect(Object.assign(new Error('gone'), { code: 'ECONNRESET' })).error).toBe('Error (ECONNRESET)');
});
