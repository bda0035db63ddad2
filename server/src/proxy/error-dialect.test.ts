import { describe, expect, test } from 'vitest';
import { errorDialectOf } from './error-dialect.ts';
import { Refusal, type RefusalCode, renderRefusal, serviceUnavailable } from './refusal.ts';

describe('the dialect of an error', () => {
  test.each([
    ['/v1/x', undefined, 'openai'],
    ['/v1/messages', undefined, 'anthropic'],
    ['/v1/messages/count_tokens?beta=true', undefined, 'anthropic'],
    ['/v1/models', '2023-06-01', 'anthropic'],
    ['/cursor/v1/chat/completions', undefined, 'openai'],
    ['/v1beta/models/gemini:generateContent', undefined, 'gemini'],
    ['/v1beta/models', '2023-06-01', 'gemini'],
    ['/v1beta', undefined, 'openai'],
    ['/', undefined, 'openai'],
  ])('at %s with the version %s is %s', (path, version, dialect) => expect(errorDialectOf(path, version)).toBe(dialect));
});

describe('an error in Gemini’s form', () => {
  const rendered = (refusal: Refusal) => {
    const { status, headers, body } = renderRefusal(refusal, 'gemini', 'req_1', null);
    return { status, headers, body: JSON.parse(body.toString()) };
  };

  test('has the status, the message and Google’s name of the status', () => {
    const { status, headers, body } = rendered(new Refusal('not_found', 'Nothing.'));
    expect(status).toBe(404);
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'NOT_FOUND', domain: 'headgate' }];
    expect(body).toEqual({ error: { code: 404, message: 'Nothing.', status: 'NOT_FOUND', details } });
    expect(headers[headers.indexOf('content-type') + 1]).toBe('application/json');
  });

  test.each<[RefusalCode, string]>([
    ['invalid_request', 'INVALID_ARGUMENT'],
    ['invalid_api_key', 'UNAUTHENTICATED'],
    ['model_not_allowed', 'PERMISSION_DENIED'],
    ['method_not_allowed', 'INVALID_ARGUMENT'],
    ['rate_limit_exceeded', 'RESOURCE_EXHAUSTED'],
    ['provider_error', 'INTERNAL'],
    ['service_unavailable', 'UNAVAILABLE'],
    ['provider_timeout', 'DEADLINE_EXCEEDED'],
  ])('calls %s %s', (code, name) => expect(rendered(new Refusal(code, 'No.')).body.error.status).toBe(name));

  test('keeps the advice on a retry', () => {
    const { headers, body } = rendered(serviceUnavailable('Later.'));
    expect(headers[headers.indexOf('retry-after') + 1]).toBe('1');
    expect(body.error.details).toContainEqual({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1s' });
  });

  test('says a day for a limit that never passes, because clients try again at once without a wait', () => {
    const { headers, body } = rendered(new Refusal('insufficient_quota', 'Used up.'));
    expect(headers[headers.indexOf('x-should-retry') + 1]).toBe('false');
    expect(body.error.details).toContainEqual({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '86400s' });
    expect(rendered(new Refusal('invalid_request', 'No.')).body.error.details).toHaveLength(1);
  });
});
