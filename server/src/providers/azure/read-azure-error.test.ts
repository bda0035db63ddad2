import { describe, expect, it } from 'vitest';
import { readAzureError } from './read-azure-error.ts';

const read = (status: number, body: unknown, headers = {}) =>
  readAzureError(status, headers, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)), null);
const filtered = (inner: object | null) => ({
  error: { message: 'Filtered.', type: null, param: 'prompt', code: 'content_filter', innererror: inner },
});

describe('an error of Azure', () => {
  it.each<[string, object | null, string]>([
    [
      'categories',
      { content_filter_result: { hate: { filtered: true }, violence: { filtered: false } } },
      'Filtered. (content_filter: hate)',
    ],
    [
      'categories by the other name',
      { content_filter_results: { jailbreak: { filtered: true } } },
      'Filtered. (content_filter: jailbreak)',
    ],
    ['none', null, 'Filtered. (content_filter)'],
    [
      'odd ones',
      { content_filter_result: { 'x\n<b>': { filtered: true }, sexual: 7, hate: null } },
      'Filtered. (content_filter)',
    ],
  ])('of the content filter is a refusal, and names %s', (_, inner, message) => {
    expect(read(400, filtered(inner))).toMatchObject({ kind: 'refused', status: 400, param: 'prompt', message });
  });

  it.each<[number, unknown, string]>([
    [
      401,
      { error: { code: '401', message: 'Access denied due to invalid subscription key or wrong API endpoint.' } },
      'credential',
    ],
    [401, { statusCode: 401, message: 'Unauthorized. Access token is missing, invalid, or expired.' }, 'credential'],
    [404, { error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' } }, 'caller'],
    [
      429,
      { error: { code: '429', message: 'Requests have exceeded token rate limit of your current OpenAI S0 pricing tier.' } },
      'rate_limited',
    ],
    [429, { error: { code: 'insufficient_quota', message: 'x' } }, 'quota'],
    [400, { error: { code: 'context_length_exceeded', message: 'x' } }, 'context_length'],
    [400, { error: { code: 'OperationNotSupported', message: 'x' } }, 'caller'],
    [500, { error: { code: 'content_filter', message: 'x' } }, 'unavailable'],
    [400, '<html>', 'caller'],
    [400, 'null', 'caller'],
    [400, '[]', 'caller'],
  ])('%d %j is of the kind %s', (status, body, kind) => {
    expect(read(status, body).kind).toBe(kind);
  });

  it('is retried when Azure says, with or without headers of a reset', () => {
    const headers = { 'retry-after': '6', 'x-ratelimit-remaining-requests': '0' };
    expect(read(429, { error: { code: '429', message: 'x' } }, headers).retryAfterMs).toBe(6_000);
    expect(read(429, { error: { code: '429', message: 'x' } }, { ...headers, 'retry-after-ms': '5123' }).retryAfterMs).toBe(
      5_123,
    );
  });
});
