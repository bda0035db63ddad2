import { expect, test } from 'vitest';
import { givenEnd, givenRefusal } from '../../test/support/records.ts';
import type { Logger } from '../lib/log.ts';
import { createRequestLines, isWorthALine } from './request-lines.ts';

test('a line is for what an operator should hear of, and for nothing that is the caller’s own', () => {
  expect(isWorthALine(givenEnd(), 300)).toBe(false);
  expect(isWorthALine(givenRefusal({ httpStatus: 429 }), 300)).toBe(false);
  expect(isWorthALine(givenEnd({ status: 'failed', httpStatus: 400 }), 300)).toBe(false);
  expect(isWorthALine(givenEnd({ status: 'cancelled', httpStatus: 499 }), 300)).toBe(false);
  expect(isWorthALine(givenEnd({ status: 'failed', httpStatus: 502 }), 300)).toBe(true);
  expect(isWorthALine(givenEnd({ status: 'failed', httpStatus: 200 }), 300)).toBe(true); // A stream that broke.
  expect(isWorthALine(givenRefusal({ httpStatus: 503 }), 300)).toBe(true);
  expect(isWorthALine(givenEnd(), 1_500_000)).toBe(true);
});

test('lines are bounded in a second, and the next one says how many were left out', () => {
  const lines: { fields: Record<string, unknown>; text: string }[] = [];
  let nowMs = 5_000;
  const log = { warn: (fields: Record<string, unknown>, text: string) => lines.push({ fields, text }) } as unknown as Logger;
  const requests = createRequestLines({ log, clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } });
  const failed = givenEnd({ status: 'failed', httpStatus: 502, code: 'provider_error', requestId: 'req_1' });
  for (let at = 0; at < 500; at += 1) requests.note(failed, 2_000, 'a-trace');
  expect(lines).toHaveLength(20);
  expect(lines[0]).toEqual({
    text: 'a request failed',
    fields: {
      request_id: 'req_1',
      organization_id: 'org_01',
      key_id: 'key_01',
      endpoint: 'chat_completions',
      status: 'failed',
      http_status: 502,
      code: 'provider_error',
      model: 'gpt-5-nano',
      deployment_id: 'dep_01',
      attempts: 1,
      gateway_ms: 2,
      provider_ms: 450,
      trace_id: 'a-trace',
    },
  });
  nowMs += 1_000;
  requests.note(givenRefusal({ httpStatus: 503, calledName: 'a prompt by mistake' }), 2_000, null);
  expect(lines[20]).toMatchObject({ text: 'a request could not be served', fields: { left_out: 480 } });
  expect(JSON.stringify(lines[20])).not.toContain('a prompt');
});
