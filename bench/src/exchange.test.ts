import { expect, test } from 'vitest';
import { jsonAnswerBody, jsonRequestBody, streamRequestBody } from './exchange.ts';

test('requests have 925 bytes and answers 987, and both are JSON', () => {
  expect(Buffer.byteLength(jsonRequestBody)).toBe(925);
  expect(Buffer.byteLength(streamRequestBody('s1'))).toBe(925);
  expect(Buffer.byteLength(jsonAnswerBody)).toBe(987);
  expect(() => [jsonRequestBody, streamRequestBody('s1'), jsonAnswerBody].map((text) => JSON.parse(text))).not.toThrow();
});

test('an answer can stand in an nginx configuration as it is', () => {
  expect(jsonAnswerBody).not.toMatch(/['$\\]/);
});
