import { describe, expect, it } from 'vitest';
import { heldWhile } from '../../test/support/event-loop.ts';
import { testTransport, upstream } from '../../test/support/upstream.ts';
import type { ProviderName } from '../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../domain/routing/credential.ts';
import { type Clock, systemClock } from '../lib/timing/clock.ts';
import { createAnthropicProvider } from './anthropic/anthropic-provider.ts';
import { createCohereProvider } from './cohere/cohere-provider.ts';
import { createGeminiProvider } from './gemini/gemini-provider.ts';
import { createOpenAiProvider } from './openai/openai-provider.ts';
import type { Provider } from './provider.ts';
import { readVendorModels } from './vendor-models.ts';
import { createVoyageProvider } from './voyage/voyage-provider.ts';

const SECRET = 'sk-PROVIDER-SECRET';
const MAKERS = {
  openai: createOpenAiProvider,
  anthropic: createAnthropicProvider,
  gemini: createGeminiProvider,
  cohere: createCohereProvider,
  voyage: createVoyageProvider,
} as const;

const credentialAt = (provider: ProviderName, baseUrl: string): CredentialConfig => ({
  ...{ id: 'cred_1', provider, baseUrl, apiKey: SECRET },
});
const openAt = (name: keyof typeof MAKERS): Provider => MAKERS[name]({ transport: testTransport() });

/** A vendor that answers each path with a body, and notes what was asked. */
async function vendor(answer: (url: string) => unknown, status = 200) {
  const asked: string[] = [];
  const there = await upstream((request, response) => {
    asked.push(request.url ?? '');
    const body = answer(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  });
  const read = (name: keyof typeof MAKERS, clock: Clock = systemClock) =>
    readVendorModels(openAt(name), credentialAt(name, there.origin), clock);
  return { asked, read };
}

describe('a vendor’s list of models', () => {
  it('is read from an object or an array, each name once', async () => {
    const models = [{ id: 'b' }, { id: 'a', owned_by: 'x' }, { id: 'b' }];
    const there = await vendor((url) => (url.startsWith('/as-array') ? models : { object: 'list', data: models }));
    const want = { ok: true, models: ['b', 'a'], unusable: 0, isCut: false };
    expect(await there.read('openai')).toEqual(want);
    const array = await vendor(() => models);
    expect(await array.read('openai')).toEqual(want);
    const empty = await vendor(() => ({ data: [] }));
    expect(await empty.read('openai')).toEqual({ ...want, models: [] });
  });

  it.each([
    ['anthropic', { data: [{ id: 'one' }], has_more: true, last_id: 'one' }, 'after_id=one', { data: [{ id: 'two' }] }],
    ['gemini', { models: [{ name: 'models/one' }], nextPageToken: 'a&b' }, 'pageToken=a%26b', { models: [{ name: 'two' }] }],
    ['cohere', { models: [{ name: 'one' }], next_page_token: 'p2' }, 'page_token=p2', { models: [{ name: 'two' }] }],
  ] as const)('of %s is read over all pages', async (name, first, next, second) => {
    const there = await vendor((url) => (url.includes(next) ? second : first));
    expect(await there.read(name)).toEqual({ ok: true, models: ['one', 'two'], unusable: 0, isCut: false });
    expect(there.asked).toHaveLength(2);
  });

  it('has no pages where the vendor has none, whatever it says', async () => {
    const there = await vendor(() => ({ data: [{ id: 'a' }], has_more: true, last_id: 'a' }));
    expect(await there.read('openai')).toMatchObject({ ok: true, models: ['a'] });
    expect(there.asked).toHaveLength(1);
  });

  it('ends where a cursor comes again, and after 100 pages', async () => {
    const turning = await vendor(() => ({ data: [{ id: 'a' }], has_more: true, last_id: 'a' }));
    expect(await turning.read('anthropic')).toEqual({ ok: true, models: ['a'], unusable: 0, isCut: true });
    expect(turning.asked).toHaveLength(2);
    let page = 0;
    const endless = await vendor(() => {
      page += 1;
      return { data: [{ id: `m${page}` }], has_more: true, last_id: `m${page}` };
    });
    expect(await endless.read('anthropic')).toMatchObject({ ok: true, isCut: true });
    expect(endless.asked).toHaveLength(100);
  });

  it('may hold what no deployment can be named: it is counted and left out, and names of JavaScript are names', async () => {
    const hostile = [
      ...['__proto__', 'constructor', 'toString'].map((id) => ({ id })),
      ...['', ' ', 'a b', 'x'.repeat(201), 'a\u202Eb', 'a\0', '*', 'gpt*', '..', 5, null, {}, ['a']].map((id) => ({ id })),
      ...[null, 5, 'text', [], {}],
    ];
    const there = await vendor(() => ({ data: hostile }));
    expect(await there.read('openai')).toEqual({
      ...{ ok: true, models: ['__proto__', 'constructor', 'toString'], isCut: false },
      unusable: hostile.length - 3,
    });
  });

  it('of 100,000 models is read whole, while the event loop goes on', async () => {
    const data = Array.from({ length: 100_000 }, (_, at) => ({ id: `vendor/model-${at}`, object: 'model', owned_by: 'vendor' }));
    const body = Buffer.from(JSON.stringify({ object: 'list', data }));
    const there = await vendor(() => body);
    const { heldMs, result } = await heldWhile(() => there.read('openai'));
    expect(result.ok && result.models.length).toBe(100_000);
    // Parsed in one piece it holds the event loop for three times as long and more.
    expect(heldMs).toBeLessThan(60);
  });

  it('that is longer than 16 MB, or takes longer than 10 s, is a failure', async () => {
    const long = await vendor(() => Buffer.alloc(17 * 1024 * 1024, ' '));
    expect(await long.read('openai')).toMatchObject({ ok: false, message: expect.stringMatching(/longer than/) });
    let now = 0;
    const hasty: Clock = { nowMs: () => 0, monotonicMs: () => now };
    // The time that is left after the first page is what counts for the next one.
    const late = await vendor(() => {
      now += 9_990;
      return { data: [{ id: `m${now}` }], has_more: true, last_id: `m${now}` };
    });
    expect(await late.read('anthropic', hasty)).toMatchObject({ ok: true, isCut: true });
  });

  it.each(['no json', '{"data": "none"}', '{"error": 5}', '{"data": [{"id": "a"}', '{"data": [nonsense]}', '[}'])(
    'is not read from %s',
    async (body) => {
      const there = await vendor(() => body);
      const message = 'the provider answered without a list of models';
      expect(await there.read('openai')).toEqual({ ok: false, status: 200, message });
    },
  );

  it('that the vendor refuses says why, without the secret', async () => {
    const there = await vendor(() => ({ error: { message: `Incorrect API key ${SECRET}`, code: 'invalid_api_key' } }), 401);
    const answer = await there.read('openai');
    expect(answer).toMatchObject({ ok: false, status: 401 });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  it('is said not to exist where the vendor has none', async () => {
    const there = await vendor(() => ({ data: [] }));
    const message = 'this vendor has no list of models that this credential can read';
    expect(await there.read('voyage')).toEqual({ ok: false, status: null, message, isUnasked: true });
    expect(await readVendorModels(undefined, credentialAt('fake', ''), systemClock)).toMatchObject({ ok: false, message });
    expect(there.asked).toEqual([]);
  });
});
