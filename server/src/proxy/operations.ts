import { sayRefusal } from './data-plane.ts';
import type { GatewayRequest, Reply } from './http.ts';
import { Refusal } from './refusal.ts';

/** What the process says of itself, wired by main.ts. */
export interface Operations {
  /** Null when requests can be served, else why not. */
  notReady(): string | null;
  metrics(): Promise<string>;
  /** Whether this request may read the metrics: from loopback, or with a platform token. */
  mayReadMetrics(request: GatewayRequest): Promise<boolean>;
  /** The console's files by path; null for a path that is not the console's. */
  page(path: string): { readonly type: string; readonly body: Buffer } | null;
  requestId(): string;
}

/** Everything that is neither `/v1` nor `/api`: health, metrics, the console's own pages. Any other path is 404. */
export async function serveOperations(request: GatewayRequest, reply: Reply, operations: Operations): Promise<void> {
  const { method, path } = request;
  if (method !== 'GET' && method !== 'HEAD') return refuse(request, reply, operations);
  switch (path) {
    case '/health/live':
      return say(reply, 200, 'application/json', '{"status":"live"}');
    case '/health/ready':
      return sayReadiness(reply, operations.notReady());
    case '/metrics':
      if (!(await operations.mayReadMetrics(request))) return refuse(request, reply, operations);
      return say(reply, 200, 'text/plain; version=0.0.4; charset=utf-8', await operations.metrics());
  }
  const page = operations.page(path);
  if (page === null) return refuse(request, reply, operations);
  return say(reply, 200, page.type, method === 'HEAD' ? '' : page.body);
}

function sayReadiness(reply: Reply, why: string | null): void {
  if (why === null) say(reply, 200, 'application/json', '{"status":"ready"}');
  else say(reply, 503, 'application/json', JSON.stringify({ status: 'not_ready', reason: why }));
}

function say(reply: Reply, status: number, type: string, content: string | Buffer): void {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  const headers = ['content-type', type, 'content-length', String(body.length), 'x-content-type-options', 'nosniff'];
  reply.head(status, [
    ...headers,
    'cache-control',
    'no-store',
    'content-security-policy',
    "default-src 'self'; frame-ancestors 'none'",
  ]);
  reply.end(body);
}

function refuse(request: GatewayRequest, reply: Reply, operations: Operations): void {
  sayRefusal(request, reply, new Refusal('not_found', 'There is nothing at this path.'), operations.requestId());
}
