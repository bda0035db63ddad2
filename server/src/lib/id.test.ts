import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isId, newId, requestId, requestTail, requestTimeMs, restampRequestId } from './id.ts';

// promise: Request ids are `req_` + UUIDv7; the id's
test('a request id carries the time of its admission', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
      const id = requestId(ms);
      expect(id).toMatch(/^req_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
      expect(requestTimeMs(id)).toBe(ms);
    }),
  );
});

test('a request id moved to another time keeps its tail, and to its own time is the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms, otherMs) => {
      const id = requestId(ms);
      const moved = restampRequestId(id, otherMs + 0.7);
      expect(requestTimeMs(moved)).toBe(otherMs);
      expect(requestTail(moved)).toBe(requestTail(id));
      expect(restampRequestId(moved, ms)).toBe(id);
      expect(restampRequestId(id, ms + 0.2)).toBe(id);
      expect(requestId(ms)).not.toBe(id);
    }),
  );
});

test('ids made in one millisecond sort in the order they were made', () => {
  const made = Array.from({ length: 1_000 }, () => newId('key', 1_800_000_000_000));
  expect([...made].sort()).toEqual(made);
  expect(new Set(made).size).toBe(1_000);
});

test('what is not a request id has no time', () => {
  for (const text of ['', 'req_', `req_${'g'.repeat(32)}`, `${requestId()}0`, newId('org'), requestId().toUpperCase()]) {
    expect(requestTimeMs(text)).toBeNull();
  }
  expect(isId('org', newId('org'))).toBe(true);
  expect(isId('org', newId('key'))).toBe(false);
});
