/** Lines that clients send and results that vendors return: whatever they hold, each is a line, an error of its own, or nothing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isId, requestTimeMs } from '../../lib/id.ts';
import { holdRequestId, lineRequestId } from './line-ids.ts';
import { readLine } from './read-line.ts';
import { chargeOf, readResult } from './read-result.ts';

const PATH = '/v1/chat/completions';
const read = (text: string | Buffer) => readLine(Buffer.from(text), PATH, 'openai-chat');
const asked = (more: object = {}, body: object = {}) =>
  JSON.stringify({
    ...{ custom_id: 'a', method: 'POST', url: PATH },
    ...more,
    body: { model: 'fast', messages: [{ role: 'user', content: 'hello' }], max_tokens: 7, ...body },
  });

describe('a line of the input', () => {
  test('is read with what it asks', () => {
    expect(read(asked())).toMatchObject({ is: 'read', customId: 'a', facts: { model: 'fast', outputCap: 7, stream: false } });
  });

  test.each([
    ['{"custom_id": "a"', 'invalid_line'],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_line'],
    ['{"custom_id": "a", "custom_id": "b"}', 'invalid_line'],
    ['[]', 'invalid_line'],
    [asked({ custom_id: 7 }), 'invalid_custom_id'],
    [asked({ custom_id: 'x'.repeat(513) }), 'invalid_custom_id'],
    [asked({ method: 'GET' }), 'invalid_method'],
    [asked({ url: '/v1/embeddings' }), 'endpoint_mismatch'],
    [JSON.stringify({ custom_id: 'a', method: 'POST', url: PATH, body: 'text' }), 'invalid_body'],
    [asked({}, { model: 7 }), 'invalid_body'],
    [asked({}, { max_tokens: -1 }), 'invalid_body'],
    [asked({}, { stream: true }), 'unsupported_field'],
  ] as const)('%s is an error of its own', (text, error) => {
    expect(read(text as string)).toMatchObject({ is: 'bad', error });
  });

  test('that is too long is one, without being read', () => {
    expect(readLine(null, PATH, 'openai-chat')).toMatchObject({ is: 'bad', error: 'line_too_long' });
  });

  test('that continues something stored at a provider is not sent', () => {
    const body = { model: 'fast', input: 'hi', previous_response_id: 'resp_1' };
    const line = JSON.stringify({ custom_id: 'a', method: 'POST', url: '/v1/responses', body });
    const found = readLine(Buffer.from(line), '/v1/responses', 'openai-responses');
    expect(found).toMatchObject({ is: 'bad', error: 'invalid_body', message: expect.stringContaining('previous_response_id') });
  });
});

describe('a result', () => {
  const result = (more: object) => readResult(Buffer.from(JSON.stringify({ custom_id: '7', ...more })));

  test('is an answer only with a status of success and a body', () => {
    expect(result({ response: { status_code: 200, body: {} } })).toMatchObject({ line: 7, isAnswer: true });
    expect(result({ response: { status_code: 400, body: {} } })).toMatchObject({ httpStatus: 400, isAnswer: false });
    expect(result({ response: { status_code: 200 } })).toMatchObject({ isAnswer: false });
    expect(result({ response: { status_code: 1e9, body: {} } })).toMatchObject({ httpStatus: 0, isAnswer: false });
    expect(result({ error: { code: 'batch_expired' } })).toMatchObject({
      isAnswer: false,
      body: { error: { code: 'batch_expired' } },
    });
  });

  test.each(['"7"', '{', '{"custom_id":"07"}', '{"custom_id":"-1"}', '{"custom_id":"1e3"}', '{"custom_id":7}', '{}', 'null'])(
    '%s is none',
    (text) => {
      expect(readResult(Buffer.from(text))).toBeNull();
    },
  );

  test('is never thrown on, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.uint8Array({ maxLength: 60 }), (value, bytes) => {
        readResult(Buffer.from(bytes));
        const found = readResult(Buffer.from(JSON.stringify({ custom_id: '1', response: value })));
        expect(found?.line).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the charge of a line', () => {
  const held = { is: 'held', inputTokens: 40, outputTokens: 20, nanoUsd: 9_000 } as const;
  const price = { id: 'price_1', effectiveFromMs: 0, perMillion: { input: 1_000_000, output: 2_000_000 } };
  const charge = (usage: unknown) => chargeOf({ model: 'm', choices: [], usage }, held, 'openai-chat', price);

  test('is what the answer reports', () => {
    expect(charge({ prompt_tokens: 3, completion_tokens: 4 })).toMatchObject({ tokens: 7, nanoUsd: 11, why: 'reported' });
  });

  test('is the estimate where there is no report, or an impossible one', () => {
    const estimate = { tokens: 60, nanoUsd: 80 };
    expect(charge(undefined)).toMatchObject({ ...estimate, why: 'no_usage' });
    for (const bad of [
      { prompt_tokens: 4e18, completion_tokens: 1 },
      { prompt_tokens: -3, completion_tokens: 1 },
    ])
      expect(charge(bad)).toMatchObject({ ...estimate, why: 'implausible' });
  });

  test('is nothing that can be counted without a price', () => {
    expect(chargeOf({}, held, 'openai-chat', null)).toMatchObject({ tokens: 60, nanoUsd: null });
  });
});

test('ids of rows are ids of requests with the time of the admission, the same each time and different for each line', () => {
  const batch = 'batch_0192f3aa00007000800000000000000';
  const ids = Array.from({ length: 500 }, (_, line) => lineRequestId(batch, line, 1_700_000_000_000));
  expect(new Set([...ids, holdRequestId(batch, 1, 1_700_000_000_000)]).size).toBe(501);
  expect(ids.every((id) => isId('req', id) && requestTimeMs(id) === 1_700_000_000_000)).toBe(true);
  expect(lineRequestId(batch, 7, 1_700_000_000_000)).toBe(ids[7]);
});
