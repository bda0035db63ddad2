import { afterEach, describe, expect, test } from 'vitest';
import { type CollectedSpan, type Collector, startCollector } from '../../test/support/collector.ts';
import { deployment, type House, model, openHouse, type WalkHouse } from '../../test/support/walk.ts';
import { systemClock } from '../lib/timing/clock.ts';
import { createFakeProvider } from '../providers/fake/fake-provider.ts';
import type { Provider, ProviderRequest } from '../providers/provider.ts';
import { openTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const HELLO = { model: 'fast', messages: [{ role: 'user', content: 'a-prompt-nobody-else-may-see' }] };

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Traced extends WalkHouse {
  readonly collector: Collector;
  readonly telemetry: Telemetry;
  /** The headers that the provider received, one entry for each attempt. */
  readonly forwarded: Record<string, string>[];
  readonly told: string[];
}

async function open(house: House = {}, options: Partial<TelemetryOptions> = {}): Promise<Traced> {
  const collector = await startCollector();
  const forwarded: Record<string, string>[] = [];
  const told: string[] = [];
  const telemetry = openTelemetry({
    endpoint: collector.endpoint,
    headers: { 'x-collector': 'its-secret' },
    service: { name: 'headgate', version: '1.2.3', instance: 'here' },
    share: 1,
    clock: systemClock,
    onDelivery: (what, problem) => told.push(`${what}: ${problem ?? 'taken'}`),
    ...options,
  });
  const provider = listening(house.provider ?? createFakeProvider(), forwarded);
  const opened = await openHouse({ ...house, provider, gateway: { tracing: telemetry.tracing } });
  closers.push(
    () => collector.close(),
    () => opened.close(),
    () => telemetry.close(),
  );
  return { ...opened, collector, telemetry, forwarded, told };
}

function listening(provider: Provider, forwarded: Record<string, string>[]): Provider {
  return {
    name: provider.name,
    wireFor: (client, deployment) => provider.wireFor(client, deployment),
    readError: (status, headers, body, credential) => provider.readError(status, headers, body, credential),
    open: (request: ProviderRequest, sink) => {
      const pairs: [string, string][] = [];
      for (let at = 0; at < request.forward.length; at += 2) pairs.push([request.forward[at], request.forward[at + 1]] as never);
      forwarded.push(Object.fromEntries(pairs));
      return provider.open(request, sink);
    },
  };
}

const requestSpan = (spans: readonly CollectedSpan[]) => spans.find(({ kind }) => kind === 2) as CollectedSpan;
const attempts = (spans: readonly CollectedSpan[]) => spans.filter(({ kind }) => kind === 3);

describe('a request in a trace', () => {
  test('is a span with one child per attempt, in the trace its caller began, and the provider gets the child for a parent', async () => {
    const { ask, telemetry, collector, forwarded } = await open();
    const headers = ['traceparent', `00-${TRACE}-${SPAN}-01`, 'tracestate', 'vendor=value'];
    const said = await ask(HELLO, { headers });
    await telemetry.close();
    const request = requestSpan(collector.spans);
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, name: 'POST /v1/chat/completions', status: 0 });
    expect(request.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'http.response.status_code': 200,
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'fast',
      'headgate.request.id': said.headers['x-request-id'],
      'headgate.organization.id': 'org_1',
      'headgate.key.id': 'key_1',
    });
    const [attempt] = attempts(collector.spans) as [CollectedSpan];
    expect(attempt).toMatchObject({ traceId: TRACE, parentSpanId: request.spanId, name: 'chat fake-small', status: 0 });
    expect(attempt.attributes).toMatchObject({
      'gen_ai.provider.name': 'fake',
      'gen_ai.request.model': 'fake-small',
      'gen_ai.response.model': 'fake-small',
      'gen_ai.response.finish_reasons': ['stop'],
    });
    expect(attempt.attributes['gen_ai.usage.input_tokens']).toBeGreaterThan(0);
    expect(attempt.attributes['gen_ai.usage.output_tokens']).toBeGreaterThan(0);
    expect(forwarded).toEqual([{ traceparent: `00-${TRACE}-${attempt.spanId}-01`, tracestate: 'vendor=value' }]);
  });

  test('begins a trace where the caller sent none, or one that is malformed', async () => {
    const { ask, telemetry, collector, forwarded } = await open();
    await ask(HELLO, { headers: ['traceparent', `00-${TRACE.toUpperCase()}-${SPAN}-01`, 'tracestate', 'vendor=value'] });
    await telemetry.close();
    const request = requestSpan(collector.spans);
    expect(request.parentSpanId).toBe('');
    expect(request.traceId).not.toBe(TRACE);
    expect(forwarded[0]).toEqual({ traceparent: expect.stringMatching(`^00-${request.traceId}-[0-9a-f]{16}-01$`) });
  });

  test('its stream’s span lasts until the stream ends and says when it began', async () => {
    const { ask, telemetry, collector } = await open();
    await ask({ ...HELLO, stream: true });
    await telemetry.close();
    const [attempt] = attempts(collector.spans) as [CollectedSpan];
    const first = attempt.attributes['gen_ai.response.time_to_first_chunk'] as number;
    expect(first * 1_000).toBeLessThanOrEqual(attempt.durationMs + 1);
    expect(attempt.attributes).toMatchObject({ 'gen_ai.response.model': 'fake-small' });
    expect(requestSpan(collector.spans).attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'headgate.status': 'succeeded',
    });
  });

  test('a failed attempt is an error with its reason, and the next one is a span of its own', async () => {
    const broken = deployment({ id: 'dep_1', upstreamModel: 'fake-500' });
    const whole = deployment({ id: 'dep_2', priority: 1 });
    const { ask, telemetry, collector, forwarded } = await open({ targets: [model('fast', [broken, whole])] });
    expect((await ask(HELLO)).status).toBe(200);
    await telemetry.close();
    const made = attempts(collector.spans);
    expect(made.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([
      [2, '500'],
      [0, undefined],
    ]);
    expect(forwarded.map(({ traceparent }) => traceparent?.slice(36, 52))).toEqual(made.map(({ spanId }) => spanId));
    expect(requestSpan(collector.spans)).toMatchObject({ status: 0, attributes: { 'headgate.attempts': 2 } });
  });

  test('of a refusal says why and not what was asked for; an unknown key leaves none', async () => {
    const { ask, telemetry, collector } = await open();
    await ask({ ...HELLO, model: 'a-prompt-in-the-wrong-place' });
    await ask(HELLO, { secret: 'sk-hg-nonsense' });
    await telemetry.close();
    expect(collector.spans).toHaveLength(1);
    expect(collector.spans[0]?.attributes).toMatchObject({ 'error.type': 'model_not_found', 'headgate.status': 'refused' });
    expect(collector.raw()).not.toContain('a-prompt');
  });
});

describe('what is recorded', () => {
  test('is the share that was asked for, and what the caller records', async () => {
    const { ask, telemetry, collector, forwarded } = await open({}, { share: 0 });
    await ask(HELLO);
    await ask(HELLO, { headers: ['traceparent', `00-${TRACE}-${SPAN}-00`] });
    await ask(HELLO, { headers: ['traceparent', `00-${TRACE}-${SPAN}-01`] });
    await telemetry.close();
    expect(attempts(collector.spans)).toHaveLength(1);
    // Requests that are not recorded here still belong to the trace, which a later service may record.
    expect(forwarded.map(({ traceparent }) => traceparent?.slice(-2))).toEqual(['00', '00', '01']);
    expect(forwarded[1]?.traceparent).toContain(TRACE);
  });

  test('are metrics of every attempt, under the names for generative AI', async () => {
    const { ask, telemetry, collector } = await open({}, { share: 0 });
    await ask(HELLO);
    await ask({ ...HELLO, stream: true });
    await telemetry.close();
    const of = (name: string) => collector.points.filter((point) => point.name === name);
    const whose = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'fake', 'gen_ai.request.model': 'fake-small' };
    expect(of('gen_ai.client.operation.duration')).toMatchObject([{ attributes: whose, count: 2 }]);
    expect(of('gen_ai.client.operation.time_to_first_chunk')).toMatchObject([{ attributes: whose, count: 1 }]);
    expect(of('gen_ai.client.token.usage').map(({ attributes }) => attributes['gen_ai.token.type'])).toEqual(['input', 'output']);
  });

  test('holds nothing of a body and no key', async () => {
    const { ask, telemetry, collector, secret } = await open();
    const said = await ask(HELLO);
    await ask({ ...HELLO, stream: true });
    await telemetry.close();
    expect(collector.spans.length).toBeGreaterThan(0);
    const { choices } = said.json() as unknown as { choices: { message: { content: string } }[] };
    for (const canary of ['a-prompt', secret, choices[0]?.message.content as string])
      expect(collector.raw()).not.toContain(canary);
    expect(collector.raw()).toContain('its-secret'); // The collector's own, in the head of each delivery.
  });
});

test('a collector that refuses is told of once, and no request waits for it', async () => {
  const { ask, collector, told } = await open({}, { tracesEveryMs: 20 });
  collector.answer(400);
  for (let at = 0; at < 3; at += 1) {
    expect((await ask(HELLO)).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  expect(told).toEqual([expect.stringMatching(/^traces: /)]);
  collector.answer(200);
  await ask(HELLO);
  await expect.poll(() => told.at(-1)).toBe('traces: taken');
});
