import fc from 'fast-check';
import { expect, test } from 'vitest';
import { statusOfError } from './error-status.ts';

test.each([
  ['Anthropic’s word', { type: 'error', error: { type: 'overloaded_error', message: 'x' } }, 529],
  ['OpenAI’s code', { error: { message: 'x', type: 'requests', code: 'rate_limit_exceeded' } }, 429],
  ['OpenAI’s type', { error: { message: 'x', type: 'invalid_request_error', code: null } }, 400],
  ['OpenRouter’s number', { error: { message: 'x', code: 402 } }, 402],
  ['a number in words', { error: { message: 'x', code: '503' } }, 503],
  ['Google’s number before its word', { error: { code: 400, status: 'INVALID_ARGUMENT' } }, 400],
  ['Google’s word', { error: { status: 'RESOURCE_EXHAUSTED' } }, 429],
  ['an envelope of its own', { message: 'x', type: 'timeout_error' }, 504],
  ['a number that is no error’s', { error: { code: 200 } }, 502],
  ['a number that is not whole', { error: { code: '450.5' } }, 502],
  ['a word nobody knows', { error: { type: 'constructor', code: 'oops' } }, 502],
  ['words alone', { error: 'no' }, 502],
])('an error that a provider put into a 200 has the status of %s', (_what, answer, status) => {
  expect(statusOfError(answer)).toBe(status);
});

test('it is an error’s status whatever is said', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom('error', 'code', 'status', 'type'), fc.jsonValue()), (answer) => {
      const status = statusOfError(answer);
      expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true);
    }),
  );
});
