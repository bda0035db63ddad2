import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { redactSecrets } from '../lib/redact.ts';
import type { UpstreamHeaders } from '../upstream/call.ts';
import type { Transport } from '../upstream/transport.ts';
import { createAnthropicProvider } from './anthropic/anthropic-provider.ts';
import { createCohereProvider } from './cohere/cohere-provider.ts';
import { createGeminiProvider } from './gemini/gemini-provider.ts';
import { createOpenAiProvider } from './openai/openai-provider.ts';
import { type ProviderError, passHeaders } from './provider.ts';
import { readOpenAiError } from './read-error.ts';
import { createVoyageProvider } from './voyage/voyage-provider.ts';

const nowhere = {} as Transport;
const vendors = {
  openai: createOpenAiProvider({ transport: nowhere }),
  anthropic: createAnthropicProvider({ transport: nowhere }),
  gemini: createGeminiProvider({ transport: nowhere }),
  cohere: createCohereProvider({ transport: nowhere }),
  voyage: createVoyageProvider({ transport: nowhere }),
};

const credential: CredentialConfig = { id: 'cred_1', provider: 'openai', baseUrl: null, apiKey: 'plainkey0123456789abcdef' };

function read(vendor: keyof typeof vendors, status: number, body: unknown, headers: UpstreamHeaders = {}): ProviderError {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return vendors[vendor].readError(status, headers, bytes, credential);
}

const openai = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
  error: { message, type, param: null, code },
});
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message }, request_id: 'req_1' });

const google = (code: number, message: string, status: string, details: object[] = []) => ({
  error: { code, message, status, details },
});
const quotaFailure = (quotaId: string) => ({
  '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
  violations: [{ quotaId }],
});
const EXCEEDED = 'You exceeded your current quota, please check your plan.';

describe('an error of Cohere or Voyage', () => {
  it.each<['cohere' | 'voyage', number, unknown, ProviderError['kind']]>([
    ['cohere', 400, { message: 'invalid request: all elements in history must have a message.' }, 'caller'],
    ['cohere', 400, { message: 'too many tokens: size limit exceeded by 11326 tokens.' }, 'context_length'],
    ['cohere', 401, { message: 'invalid api token' }, 'credential'],
    ['cohere', 402, { message: 'Please add or update your payment method.' }, 'quota'],
    ['cohere', 404, { message: "model 'x' not found" }, 'caller'],
    ['cohere', 429, { message: 'You are using a Trial key, which is limited to 40 API calls / minute.' }, 'rate_limited'],
    ['cohere', 429, { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' }, 'quota'],
    ['cohere', 429, { message: 'trial token rate limit exceeded, limit is 100000 tokens per minute' }, 'rate_limited'],
    ['cohere', 500, '<html>', 'unavailable'],
    ['voyage', 400, { detail: 'Argument input_type is not valid.' }, 'caller'],
    ['voyage', 400, { detail: 'The max allowed tokens per submitted batch is 120000.' }, 'context_length'],
    ['voyage', 401, { detail: 'Provided API key is invalid.' }, 'credential'],
    ['voyage', 422, { detail: [{ loc: ['body'], msg: 'field required' }] }, 'caller'],
    [
      'voyage',
      429,
      { detail: 'You have not yet added your payment method and have reduced rate limits of 3 RPM.' },
      'rate_limited',
    ],
    ['voyage', 503, '', 'unavailable'],
  ])('%s %i %j is %s', (vendor, status, body, kind) => {
    const error = read(vendor, status, body);
    expect(error.kind).toBe(kind);
    const { message, detail } = body as { message?: string; detail?: unknown };
    const said = message ?? detail;
    expect(error.message).toBe(typeof said === 'string' ? said : `the provider answered ${status}`);
  });
});

describe('an error of Google', () => {
  it.each<[number, unknown, ProviderError['kind']]>([
    [400, google(400, 'Invalid value at contents', 'INVALID_ARGUMENT'), 'caller'],
    [400, google(400, 'API key not valid.', 'INVALID_ARGUMENT', [{ reason: 'API_KEY_INVALID' }]), 'credential'],
    [400, google(400, 'API key expired.', 'INVALID_ARGUMENT', [{ reason: 'API_KEY_EXPIRED' }]), 'credential'],
    [
      400,
      google(400, 'The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).', 'INVALID_ARGUMENT'),
      'context_length',
    ],
    [403, google(403, 'Permission denied', 'PERMISSION_DENIED'), 'credential'],
    [404, google(404, 'models/x is not found', 'NOT_FOUND'), 'caller'],
    [
      429,
      google(429, EXCEEDED, 'RESOURCE_EXHAUSTED', [quotaFailure('GenerateRequestsPerMinutePerProjectPerModel-FreeTier')]),
      'rate_limited',
    ],
    [
      429,
      google(429, EXCEEDED, 'RESOURCE_EXHAUSTED', [quotaFailure('GenerateRequestsPerDayPerProjectPerModel-FreeTier')]),
      'quota',
    ],
    [429, [google(429, EXCEEDED, 'RESOURCE_EXHAUSTED', [quotaFailure('GenerateRequestsPerDayPerProject')])], 'quota'],
    [429, google(429, EXCEEDED, 'RESOURCE_EXHAUSTED'), 'rate_limited'],
    [429, { error: { details: [null, 5, { violations: 'x' }, { violations: [null, {}] }] } }, 'rate_limited'],
    [503, google(503, 'The model is overloaded.', 'UNAVAILABLE'), 'unavailable'],
    [500, '<html>', 'unavailable'],
  ])('%i %j is %s', (status, body, kind) => {
    expect(read('gemini', status, body).kind).toBe(kind);
  });

  it('that refuses our key counts as 401', () => {
    expect(
      read('gemini', 400, google(400, 'API key not valid.', 'INVALID_ARGUMENT', [{ reason: 'API_KEY_INVALID' }])).status,
    ).toBe(401);
  });

  it.each<[unknown, number | null]>([
    ['34.4s', 34_400],
    ['0.0005s', 1],
    ['3600s', 3_600_000],
    ['999999999s', 86_400_000],
    ['-5s', null],
    ['1e9s', null],
    ['34', null],
    [34, null],
    [undefined, null],
  ])('asks to wait by its details: %j', (retryDelay, ms) => {
    const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay };
    expect(read('gemini', 429, google(429, EXCEEDED, 'RESOURCE_EXHAUSTED', [info])).retryAfterMs).toBe(ms);
  });
});

describe('an error answer', () => {
  it.each<[keyof typeof vendors, number, unknown, ProviderError['kind']]>([
    ['openai', 400, openai('Unknown parameter'), 'caller'],
    ['openai', 400, openai("This model's maximum context length is 8192 tokens.", 'context_length_exceeded'), 'context_length'],
    [
      'openai',
      400,
      { object: 'error', message: "This model's maximum context length is 4096 tokens", type: 'BadRequestError', code: 400 },
      'context_length',
    ],
    // The words of servers that speak OpenAI's format.
    ['openai', 400, openai('Your input exceeds the context window of this model.'), 'context_length'],
    [
      'openai',
      400,
      { code: 400, error: "This model's maximum prompt length is 131072 but the request contains 150000 tokens." },
      'context_length',
    ],
    [
      'openai',
      400,
      { error: { code: 400, message: 'the request exceeds the available context size', type: 'exceed_context_size_error' } },
      'context_length',
    ],
    [
      'openai',
      422,
      openai('Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 8000'),
      'context_length',
    ],
    ['openai', 400, openai('Invalid request: Your request exceeded model token limit: 8192'), 'context_length'],
    ['openai', 400, openai('Range of input length should be [1, 30720]', 'invalid_parameter_error'), 'context_length'],
    ['openai', 400, { error: { code: '1261', message: 'Prompt exceeds max length' } }, 'context_length'],
    ['openai', 400, openai('The response was filtered', 'content_filter'), 'refused'],
    ['openai', 400, openai('Your prompt was flagged as potentially violating our usage policy.', 'invalid_prompt'), 'refused'],
    ['openai', 400, openai('Content Exists Risk'), 'refused'],
    ['openai', 404, openai('The model does not exist', 'model_not_found'), 'caller'],
    ['openai', 413, openai('too large'), 'caller'],
    ['openai', 422, { detail: 'Unprocessable' }, 'caller'],
    ['openai', 401, openai('Incorrect API key', 'invalid_api_key'), 'credential'],
    ['openai', 403, openai('Country not supported'), 'credential'],
    ['openai', 402, { error: { message: 'Insufficient Balance' } }, 'quota'],
    ['openai', 429, openai('Rate limit reached', 'rate_limit_exceeded', 'requests'), 'rate_limited'],
    ['openai', 429, openai('You exceeded your current quota', 'insufficient_quota', 'insufficient_quota'), 'quota'],
    ['openai', 400, openai('Billing hard limit has been reached', 'billing_hard_limit_reached'), 'quota'],
    ['openai', 500, openai('The server had an error', null, 'server_error'), 'unavailable'],
    ['openai', 503, '', 'unavailable'],
    ['openai', 502, '<html><h1>502 Bad Gateway</h1></html>', 'unavailable'],
    ['openai', 408, '', 'unavailable'],
    ['openai', 409, '', 'unavailable'],
    ['openai', 307, '', 'unavailable'],
    ['anthropic', 400, anthropic('invalid_request_error', 'max_tokens: field required'), 'caller'],
    [
      'anthropic',
      400,
      anthropic('invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum'),
      'context_length',
    ],
    [
      'anthropic',
      400,
      anthropic('invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
      'quota',
    ],
    ['anthropic', 401, anthropic('authentication_error', 'invalid x-api-key'), 'credential'],
    ['anthropic', 403, anthropic('permission_error', 'no'), 'credential'],
    ['anthropic', 404, anthropic('not_found_error', 'model: x'), 'caller'],
    ['anthropic', 413, anthropic('request_too_large', 'too large'), 'caller'],
    ['anthropic', 429, anthropic('rate_limit_error', 'Number of request tokens has exceeded your rate limit'), 'rate_limited'],
    ['anthropic', 500, anthropic('api_error', 'Internal server error'), 'unavailable'],
    ['anthropic', 529, anthropic('overloaded_error', 'Overloaded'), 'unavailable'],
  ])('of %s with status %i is told apart: %j is %s', (vendor, status, body, kind) => {
    expect(read(vendor, status, body)).toMatchObject({ kind, status, retryAfterMs: null });
  });

  it.each<[UpstreamHeaders, number | null]>([
    [{ 'retry-after': '2' }, 2_000],
    [{ 'retry-after': '2', 'retry-after-ms': '1500.5' }, 1_501],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:10 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 10_000],
    [{ 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' }, 0],
    [{ 'retry-after': '999999999' }, 86_400_000],
    [{ 'retry-after': '-5' }, null],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('with %j asks to wait %s ms', (headers, ms) => {
    expect(read('openai', 429, '', headers).retryAfterMs).toBe(ms);
  });

  it('may say not to retry, and a redirect is never worth another try', () => {
    expect(read('openai', 500, '').retryable).toBe(true);
    expect(read('anthropic', 529, '', { 'x-should-retry': 'true' }).retryable).toBe(true);
    expect(read('openai', 500, '', { 'x-should-retry': 'false' }).retryable).toBe(false);
    expect(read('openai', 302, '').retryable).toBe(false);
  });

  it('keeps the provider’s words, and says the status when there are none or only a page', () => {
    expect(read('openai', 400, openai('Unknown parameter: x')).message).toBe('Unknown parameter: x');
    expect(read('openai', 400, { error: 'plain words' }).message).toBe('plain words');
    expect(read('openai', 400, [{ error: { message: 'in a list' } }]).message).toBe('in a list');
    expect(read('openai', 502, 'upstream connect error', { 'content-type': 'text/plain' }).message).toBe(
      'upstream connect error',
    );
    for (const body of ['', '<html>x</html>', 'null', '[]', '{', { error: { message: 5 } }]) {
      expect(read('openai', 502, body).message).toBe('the provider answered 502');
    }
    expect(read('openai', 400, { error: { message: 'bad', param: 'n' } }).param).toBe('n');
  });

  it('is bounded to 2,000 characters and holds no control characters', () => {
    const long = read('openai', 400, openai(`a\r\nb\u0000\u202e${'x'.repeat(100_000)}`));
    expect(long.message.length).toBeLessThanOrEqual(2_000);
    expect(read('openai', 400, openai('a\r\nb\u0000\u202ec')).message).toBe('a b c');
  });

  it('is read without a throw whatever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 599 }), fc.oneof(fc.json(), fc.string()), (status, text) => {
        const error = readOpenAiError(status, {}, Buffer.from(text));
        expect(error.message.length).toBeGreaterThan(0);
        expect(error.message.length).toBeLessThanOrEqual(2_000);
      }),
    );
  });
});

describe('what a provider says is cleared of secrets:', () => {
  it.each([
    'Incorrect API key provided: sk-PROVIDER-SECRET. You can find your API key at https://platform.openai.com/account/api-keys.',
    'Incorrect API key provided: sk-proj-abc********************************wxyz.',
    'Incorrect API key provided: some0opaque0value.',
    'invalid x-api-key: PROVIDER-SECRET',
    'Authorization: PROVIDER-SECRET-without-scheme',
    'the header "Authorization: Bearer PROVIDER-SECRET" is wrong',
    'bearer   PROVIDER-SECRET.',
    '{"api_key": "PROVIDER-SECRET"}',
    `key ${credential.apiKey} is revoked`,
    `key ${credential.apiKey.slice(0, 14)}… is revoked`,
    'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefabcdef was rejected',
    'gsk_PROVIDERSECRET AIzaPROVIDERSECRET0123456789 hgadm_PROVIDERSECRET AKIAPROVIDERSECRETX',
  ])('%s', (message) => {
    const clean = read('openai', 401, openai(message)).message;
    expect(clean).not.toMatch(/PROVIDER-?SECRET|wxyz|some0opaque0value|0123456|abcdef/);
    expect(clean).toContain('[redacted]');
  });

  it('the key is found wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 60 }),
        fc.string({ maxLength: 50 }),
        fc.string({ maxLength: 50 }),
        (key, before, after) => {
          fc.pre(!'[redacted]'.includes(key) && !/\s/.test(key));
          const clean = redactSecrets(`${before} ${key} ${after}`, key);
          expect(clean.split(' ').includes(key) && !before.includes(key) && !after.includes(key)).toBe(false);
        },
      ),
    );
  });

  it('passwords in addresses and named secrets go too', () => {
    const words = 'dial postgres://me:hunter22@db.example/x, password=hunter2222, "token": "abcdefgh1"';
    expect(redactSecrets(words, null)).toBe(
      'dial postgres://[redacted]@db.example/x, password=[redacted], "token": "[redacted]"',
    );
  });

  it('secrets of clouds go by their names and forms', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkq\n'.repeat(4)}-----END PRIVATE KEY-----`;
    for (const [words, left] of [
      ['client_secret=abc8Q~0123456789&grant_type=x', 'client_secret=[redacted]&grant_type=x'],
      ['{"access_token":"abcdefghij"}', '{"access_token":"[redacted]"}'],
      ['secret_access_key: wJalrXUtnFEMI/K7MDENG', 'secret_access_key: [redacted]'],
      [`the key ${pem} is wrong`, 'the key [redacted] is wrong'],
      [`cut ${pem.slice(0, 60)}`, 'cut [redacted]'],
      ['for ASIAIOSFODNN7EXAMPLE and ya29.a0AfB_byExample0123', 'for [redacted] and [redacted]'],
    ] as const)
      expect(redactSecrets(words, null)).toBe(left);
  });

  it('each secret of a credential goes, and each line of a private key', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA';
    const other = {
      credential: { id: 'cred_1', provider: 'vertex', baseUrl: null, apiKey: 'before-0123456789' },
      untilMs: 1,
    } as const;
    const secret = {
      kind: 'gcp_service_account',
      clientEmail: 'a@b.iam.gserviceaccount.com',
      privateKeyId: 'cafe',
      privateKey: `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`,
    } as const;
    const body = Buffer.from(JSON.stringify({ error: { message: `bad ${line} and before-0123456789, by a@b` } }));
    const credential = { ...other.credential, apiKey: '', secret, other };
    expect(readOpenAiError(400, {}, body, credential).message).toBe('bad [redacted] and [redacted], by a@b');
  });

  it('ordinary words stay', () => {
    const words =
      'The model `gpt-5` does not exist; ask-me-later, risk-free. Unexpected token: comma. Basic checks failed. See https://example.com/a@b';
    expect(redactSecrets(words, 'another-key')).toBe(words);
  });
});

describe('a provider’s own headers', () => {
  it('reach the client only from a short list; limits, cookies, ids and accounts never do', () => {
    const passed = passHeaders({
      ...{
        'openai-processing-ms': '12',
        'openai-version': '2020-10-01',
        'content-type': 'x',
        'x-ratelimit-limit-requests': '1',
        'set-cookie': ['a=b'],
      },
      ...{
        'openai-organization': 'org',
        'x-request-id': 'req',
        'request-id': 'req',
        server: 'x',
        'anthropic-ratelimit-requests-limit': '1',
        'cf-ray': 'x',
      },
      ...{ connection: 'close', 'transfer-encoding': 'chunked', 'content-length': '1', 'openai-model': 'x'.repeat(500) },
    });
    expect(passed).toEqual(['openai-processing-ms', '12', 'openai-version', '2020-10-01']);
  });
});
