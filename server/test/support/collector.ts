/** A collector of traces and metrics as OpenTelemetry describes it: OTLP over HTTP in JSON, on a free port. Keeps all it is sent. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 server, 3 client. */
  readonly kind: number;
  /** 2 when it is an error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly durationMs: number;
}

export interface Collector {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** By the metric's name: its points' attributes, and for a histogram how many it holds and their sum. */
  readonly points: readonly CollectedPoint[];
  /** Everything that came, as it came: heads and bodies. */
  readonly raw: () => string;
  /** What is answered from now on. */
  answer(status: number): void;
  close(): void;
}

export interface CollectedPoint {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly count: number;
  readonly sum: number;
}

export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const points: CollectedPoint[] = [];
  const raw: string[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      raw.push(`${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n\n${text}`);
      if (status === 200 && request.url === '/v1/traces') spans.push(...spansIn(JSON.parse(text)));
      // Each delivery holds all points since the start: the newest replaces the ones before.
      if (status === 200 && request.url === '/v1/metrics') points.splice(0, points.length, ...pointsIn(JSON.parse(text)));
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    points,
    raw: () => raw.join('\n\n'),
    answer: (next) => {
      status = next;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly Pair[];
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

function spansIn(body: { resourceSpans: { scopeSpans: { spans: WireSpan[] }[] }[] }): CollectedSpan[] {
  const all = body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return all.map((span) => ({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    name: span.name,
    kind: span.kind,
    status: span.status?.code ?? 0,
    attributes: attributesIn(span.attributes),
    durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
  }));
}

interface WireMetric {
  readonly name: string;
  readonly histogram?: { readonly dataPoints: { attributes: Pair[]; count: number | string; sum: number }[] };
}

function pointsIn(body: { resourceMetrics: { scopeMetrics: { metrics: WireMetric[] }[] }[] }): CollectedPoint[] {
  const all = body.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return all.flatMap(({ name, histogram }) =>
    (histogram?.dataPoints ?? []).map(({ attributes, count, sum }) => ({
      name,
      attributes: attributesIn(attributes),
      count: Number(count),
      sum,
    })),
  );
}

/** An attribute's value stands under the name of its type; numbers of 64 bits are text. */
function attributesIn(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      if ('intValue' in value) return [key, Number(value.intValue)];
      if ('arrayValue' in value) {
        const { values } = value.arrayValue as { values: Record<string, unknown>[] };
        return [key, values.map((one) => Object.values(one)[0])];
      }
      return [key, Object.values(value)[0]];
    }),
  );
}
