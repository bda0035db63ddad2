import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyAttempt } from '../../../test/support/any-record.ts';
import { attemptsText, keptText, MESSAGE_CHARS_MAX, parseAttempts } from './attempt.ts';
import { ATTEMPT_FIELDS, ENTRY_FIELD_SEPARATOR, ENTRY_SEPARATOR } from './settled-rows.ts';

describe('the text of attempts', () => {
  test('is read back as it was written, whatever the provider said', () => {
    fc.assert(
      fc.property(fc.array(anyAttempt, { maxLength: 4 }), (attempts) => {
        const text = attemptsText(attempts);
        const read = parseAttempts(text);
        expect(attemptsText(read ?? [])).toBe(text);
        expect(read).toHaveLength(attempts.length);
        attempts.forEach((attempt, at) => {
          expect(read?.[at]).toEqual({
            ...attempt,
            upstreamModel: keptText(attempt.upstreamModel, 256),
            code: keptText(attempt.code ?? '', 256) || null,
            message: keptText(attempt.message ?? '', MESSAGE_CHARS_MAX) || null,
          });
        });
      }),
    );
  });

  test('has exactly its fields, no other control character, and whole Unicode', () => {
    fc.assert(
      fc.property(fc.array(anyAttempt, { minLength: 1, maxLength: 4 }), (attempts) => {
        const text = attemptsText(attempts);
        expect(text.replaceAll(ENTRY_SEPARATOR, '').replaceAll(ENTRY_FIELD_SEPARATOR, '')).not.toMatch(/\p{Cc}/u);
        expect(text.isWellFormed()).toBe(true);
        for (const one of text.split(ENTRY_SEPARATOR))
          expect(one.split(ENTRY_FIELD_SEPARATOR)).toHaveLength(ATTEMPT_FIELDS.length);
      }),
    );
  });

  test('of an empty list is empty, and damaged text is no list', () => {
    expect(attemptsText([])).toBe('');
    expect(parseAttempts('')).toEqual([]);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseAttempts(text)));
    expect(parseAttempts('dep_1')).toBeNull();
  });

  test('keeps numbers within a column, and drops what is no number', () => {
    const [attempt] = fc.sample(anyAttempt, 1);
    if (attempt === undefined) throw new Error('no sample');
    const odd = { ...attempt, startedMs: 1e12, tookMs: -4, status: Number.NaN, waitMs: 1.6 };
    expect(parseAttempts(attemptsText([odd]))).toMatchObject([{ startedMs: 2 ** 31 - 1, tookMs: 0, status: null, waitMs: 2 }]);
  });
});
