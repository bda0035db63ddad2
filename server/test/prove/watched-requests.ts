// A real gateway between a provider that writes down every head and a collector that keeps every delivery: the caller's trace arrives
// upstream, its spans fit together, and nothing secret and nothing of a body is in logs, traces or metrics.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CollectedSpan, type Collector, startCollector } from '../support/collector.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult, unmet } from './prove.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, PROVIDER_SECRET } from './tenant.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
/** In whatever a caller, a provider or an operator says that nobody else may see. */
const CANARY = 'canary-7d31f0';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const upstream = await startUpstream();
  const collector = await startCollector();
  const gateway = await startGateway({
    env: {
      HEADGATE_LOG: 'json',
      HEADGATE_METRICS_ORGANIZATIONS: '10',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${CANARY}-collector`,
    },
  });
  try {
    const key = await site(gateway, upstream.baseUrl);
    const asked = await ask(gateway, key, quick ? 2 : 50);
    const metrics = await (await fetch(`${gateway.base}/metrics`)).text();
    // A machine may stand still for longer than a stop waits for its collector: the spans come first, as they do every 5 s.
    await untilTold(upstream.heads, collector.spans);
    await gateway.stop(); // Delivers what waits.
    return allOf([
      tracesFit(upstream.heads, collector.spans),
      nothingLeaks(gateway, key, metrics, collector, asked),
      linesSayWhich(gateway.output(), asked.failed),
    ]);
  } finally {
    await gateway.kill();
    collector.close();
    upstream.stop();
  }
}

interface Upstream {
  readonly baseUrl: string;
  readonly heads: readonly IncomingHttpHeaders[];
  stop(): void;
}

/** Answers as it is asked: whole, as a stream, cut in the middle of one, or with an error that repeats what it was sent. */
async function startUpstream(): Promise<Upstream> {
  const heads: IncomingHttpHeaders[] = [];
  const server = createServer(async (request, response) => {
    // The job that checks credentials asks for a list of models now and then.
    if (request.method !== 'POST') return void response.writeHead(404).end();
    heads.push(request.headers);
    const body = Buffer.concat(await request.toArray()).toString();
    const asked = JSON.parse(body) as { model: string; stream?: boolean };
    const usage = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };
    const content = `${CANARY}-answer`;
    if (asked.model === 'broken') {
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: `cannot read ${body} of ${request.headers.authorization}` } }));
    } else if (asked.model === 'garbled') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"${CANARY}-answer": `);
    } else if (asked.stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const event = (fields: object) => response.write(`data: ${JSON.stringify({ model: asked.model, ...fields })}\n\n`);
      event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
      if (asked.model === 'cut') return void setTimeout(() => response.destroy(), 20);
      event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
      event({ choices: [], usage });
      response.end('data: [DONE]\n\n');
    } else {
      const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
      response.writeHead(200, { 'content-type': 'application/json', 'x-secret': `${CANARY}-head` });
      response.end(
        JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: asked.model, choices, usage }),
      );
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    heads,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function site(gateway: Gateway, baseUrl: string): Promise<Key> {
  const credentialId = await makeCredential(gateway, 'openai', baseUrl);
  for (const model of ['whole', 'broken', 'garbled', 'cut'])
    await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId });
  // Content is kept for this one: the way on which it could get lost is open.
  return makeKey(gateway, await makeTenant(gateway, { audit: { content: 'full' } }), { name: `${CANARY}-name` });
}

/** Half a minute at most; what is missing then is counted as missing. */
async function untilTold(heads: readonly IncomingHttpHeaders[], spans: readonly CollectedSpan[]): Promise<void> {
  const endMs = Date.now() + 30_000;
  const isTold = () => spans.filter(({ kind }) => kind === 3).length >= heads.length;
  while (!isTold() && Date.now() < endMs) await sleep(100);
}

interface Asked {
  readonly requests: number;
  /** Ids of the requests that failed by the provider's fault. */
  readonly failed: readonly string[];
}

async function ask(gateway: Gateway, key: Key, rounds: number): Promise<Asked> {
  const failed: string[] = [];
  let requests = 0;
  const call = async (body: object | string, headers: Record<string, string> = {}) => {
    requests += 1;
    const response = await fetch(`${gateway.base}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
        ...{ 'x-client-request-id': `${CANARY}-id`, 'user-agent': `${CANARY}-agent`, cookie: `session=${CANARY}-cookie` },
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    await response.text().catch(() => ''); // A stream that is cut may end so.
    return response;
  };
  const messages = [{ role: 'user', content: `${CANARY}-prompt` }];
  const traced = { traceparent: PARENT, tracestate: 'vendor=value', baggage: `user=${CANARY}-baggage` };
  for (let round = 0; round < rounds; round += 1) {
    await call({ model: 'whole', messages }, traced);
    await call({ model: 'whole', messages, stream: true }, traced);
    await call({ model: 'whole', messages }, { traceparent: `${CANARY}-trace`, tracestate: `${CANARY}=state` });
    for (const [model, stream] of [
      ['broken', false],
      ['garbled', false],
      ['cut', true],
    ] as const)
      failed.push((await call({ model, messages, stream })).headers.get('x-request-id') ?? '');
    await call({ model: `${CANARY}-model`, messages });
    await call(`{"model": "whole", "messages": "${CANARY}-broken-json`);
    await call({ model: 'whole', messages }, { authorization: `Bearer sk-hg-${CANARY}` });
    await call({ model: 'whole', messages }, { authorization: `Basic ${Buffer.from(CANARY).toString('base64')}` });
  }
  await fetch(`${gateway.base}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: gateway.base },
    body: JSON.stringify({ email: `${CANARY}@example.com`, password: `${CANARY}-password` }),
  });
  return { requests, failed };
}

/** Each call upstream names the span of its attempt; that span's parent is the request's, and its parent the caller's. */
function tracesFit(heads: readonly IncomingHttpHeaders[], spans: readonly CollectedSpan[]): ProveResult {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = (span: CollectedSpan | undefined) => byId.get(span?.parentSpanId ?? '');
  const told = heads.map(({ traceparent }) => /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(traceparent)));
  const attempts = told.map((parts) => byId.get(parts?.[2] ?? ''));
  const fitting = attempts.filter((attempt, at) => attempt?.traceId === told[at]?.[1] && parentOf(attempt)?.kind === 2);
  const ofCaller = attempts.filter(
    (attempt) => attempt?.traceId === TRACE && parentOf(attempt)?.parentSpanId === PARENT.slice(36, 52),
  );
  const states = heads.filter(({ tracestate }) => tracestate === 'vendor=value').length;
  const strays = heads.filter((head) =>
    /canary/.test(`${head.traceparent}${head.tracestate}${head.baggage}${head.cookie}`),
  ).length;
  const details = unmet({
    'calls went upstream': heads.length > 0,
    'each call is its attempt’s span under its request’s': fitting.length === heads.length,
    'some are in the caller’s trace': ofCaller.length > 0,
    'each of those has its tracestate': states === ofCaller.length,
    'no malformed or stray header is passed on': strays === 0,
  });
  return {
    holds: details.length === 0,
    details,
    figure: `traceparent upstream ${told.filter((parts) => parts !== null).length} of ${heads.length}, each its attempt's span under its request's ${fitting.length}; in the caller's trace ${ofCaller.length} with tracestate ${states}; malformed or stray headers passed on ${strays}`,
  };
}

function nothingLeaks(gateway: Gateway, key: Key, metrics: string, collector: Collector, asked: Asked): ProveResult {
  const secrets = [
    CANARY,
    key.secret,
    key.secret.slice(6),
    PROVIDER_SECRET,
    gateway.adminToken,
    Buffer.from(CANARY).toString('base64'),
  ];
  // The collector's own secret stands in the head of each delivery, where it belongs.
  const delivered = collector.raw().replaceAll(`x-collector-key\n${CANARY}-collector`, '');
  const places = { logs: gateway.output(), traces: delivered, metrics };
  const hits = Object.entries(places).map(
    ([place, text]) => [place, secrets.reduce((sum, secret) => sum + text.split(secret).length - 1, 0)] as const,
  );
  const sizes = Object.values(places).map((text) => text.length);
  return {
    holds: hits.every(([, count]) => count === 0) && sizes.every((size) => size > 500),
    figure: `${asked.requests} requests with canaries in keys, heads, prompts, answers, errors and a password: hits in ${hits.map(([place, count], at) => `${place} ${count} (${Math.round((sizes[at] as number) / 1_000)} kB)`).join(', ')}`,
    details: hits.flatMap(([place, count]) => (count === 0 ? [] : [linesWith(places[place as keyof typeof places], secrets)])),
  };
}

function linesWith(text: string, secrets: readonly string[]): string {
  const line = text.split('\n').find((one) => secrets.some((secret) => one.includes(secret)));
  return (line ?? '').slice(0, 600);
}

function linesSayWhich(output: string, failed: readonly string[]): ProveResult {
  const lines = output.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
  const about = lines.filter((line) => 'endpoint' in line);
  const leftOut = about.reduce((sum, line) => sum + Number(line.left_out ?? 0), 0);
  const known = about.filter((line) => failed.includes(String(line.request_id)) && /^[0-9a-f]{32}$/.test(String(line.trace_id)));
  const wrong = unmet({
    'lines are about requests': about.length > 0,
    'each has request and trace id': known.length === about.length,
    [`${known.length} lines and ${leftOut} left out are at most the ${failed.length} that failed`]:
      known.length + leftOut <= failed.length,
    [`at least ${Math.min(6, failed.length)} lines`]: known.length >= Math.min(6, failed.length),
  });
  return {
    holds: wrong.length === 0,
    figure: `failed requests ${failed.length}: lines in the log ${about.length}, each with request and trace id, left out and counted ${leftOut}`,
    details: [...wrong, ...about.filter((line) => !known.includes(line)).map((line) => JSON.stringify(line))],
  };
}
