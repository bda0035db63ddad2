import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { sayRefusal } from '../proxy/data-plane.ts';
import { nothingAt } from '../proxy/endpoints/nothing-here.ts';

/** The process's answers about itself and the console's files, provided by main.ts. */
export interface Operations {
  /** Returns null if the process can serve requests, else the reason why not. */
  notReady(): string | null;
  /** Returns the number of cold counters: needed, but without their past yet. */
  coldCounters(): number;
  metrics(): Promise<string>;
  /**
   * Reports whether a request may read the metrics: from a program on this machine, with the metrics token, or with a platform
   * token.
   */
  mayReadMetrics(request: GatewayRequest): Promise<boolean>;
  /** Returns the console's file at an address, or null if there is none. */
  file(address: string): PageFile | null;
  /** Returns the console's page for an address that it does not have, or null if this process does not serve the console. */
  pageNotFound(): PageFile | null;
  requestId(): string;
  /** The `Strict-Transport-Security` header of pages. Null if the gateway is not reached over https. */
  readonly strictTransport: readonly [name: string, value: string] | null;
}

/** A file of the console, ready to be sent. */
export interface PageFile {
  readonly type: string;
  readonly body: Buffer;
  /** The body in brotli, made by the build. Null if the build made none, or if it is not smaller. */
  readonly brotli: Buffer | null;
  readonly etag: string;
  /** True if the address contains a hash of the content, so that browsers may cache it for a year. */
  readonly isImmutable: boolean;
}

/**
 * Serves every path outside the data plane and the admin API: health, metrics and the console's pages. Any other path is 404: a page
 * for browsers.
 */
export async function serveOperations(request: GatewayRequest, reply: Reply, operations: Operations): Promise<void> {
  const { method, path } = request;
  if (method !== 'GET' && method !== 'HEAD') return refuse(request, reply, operations);
  switch (path) {
    case '/health/live':
      return say(reply, 200, 'application/json', '{"status":"live"}');
    case '/health/ready':
      return sayReadiness(reply, operations.notReady(), operations.coldCounters());
    case '/metrics':
      if (!(await operations.mayReadMetrics(request))) return refuse(request, reply, operations);
      return say(reply, 200, 'text/plain; version=0.0.4; charset=utf-8', await operations.metrics());
  }
  const file = operations.file(path);
  if (file !== null) return sayFile(request, reply, file, operations);
  const page = isBrowser(request) ? operations.pageNotFound() : null;
  if (page === null) return refuse(request, reply, operations);
  sayBody(request, reply, page, 404, ['cache-control', 'no-store', ...pageHeaders(operations)]);
}

/**
 * Forbids inline scripts. Scripts set styles, so styles need `unsafe-inline`. The playground plays the sound that it received,
 * which is a `blob:` of the page. Its pictures are `data:`.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  'media-src blob:',
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_HEADERS = [
  ...['content-security-policy', PAGE_POLICY, 'x-content-type-options', 'nosniff', 'referrer-policy', 'same-origin'],
  ...[
    'x-frame-options',
    'DENY',
    'cross-origin-opener-policy',
    'same-origin',
    'permissions-policy',
    'camera=(), microphone=(), geolocation=()',
  ],
];

/** Reports whether a person opens the address, rather than a program. */
function isBrowser(request: GatewayRequest): boolean {
  return /\btext\/html\b/.test(request.header('accept') ?? '');
}

function pageHeaders({ strictTransport }: Operations): readonly string[] {
  return [...PAGE_HEADERS, ...(strictTransport ?? [])];
}

function sayFile(request: GatewayRequest, reply: Reply, file: PageFile, operations: Operations): void {
  const caching = file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache';
  const headers = ['etag', file.etag, 'cache-control', caching, 'vary', 'accept-encoding', ...pageHeaders(operations)];
  if (request.header('if-none-match') === file.etag) {
    reply.head(304, headers);
    reply.end(null);
    return;
  }
  sayBody(request, reply, file, 200, headers);
}

function sayBody(request: GatewayRequest, reply: Reply, file: PageFile, status: number, head: readonly string[]): void {
  const headers = [...head];
  const packed = /\bbr\b/.test(request.header('accept-encoding') ?? '') ? file.brotli : null;
  const body = packed ?? file.body;
  if (packed !== null) headers.push('content-encoding', 'br');
  reply.head(status, [...headers, 'content-type', file.type, 'content-length', String(body.length)]);
  reply.end(request.method === 'HEAD' ? null : body);
}

/** The reasons that need a person, in words. */
const REASONS: Readonly<Record<string, string>> = {
  journal_not_writable:
    'The journal cannot be written, so requests that cost money are refused. See the log for the reason, and check the disk of HEADGATE_DATA_DIR.',
  disk_full: 'The disk of HEADGATE_DATA_DIR is full, so the journal will soon take no requests that cost money. Make room on it.',
};

/** Writes the readiness. Cold counters are reported but do not make it 503: without traffic they would stay cold. */
function sayReadiness(reply: Reply, why: string | null, cold: number): void {
  const detail = why === null ? undefined : REASONS[why];
  const facts = why === null ? { status: 'ready' } : { status: 'not_ready', reason: why, detail };
  say(reply, why === null ? 200 : 503, 'application/json', JSON.stringify({ ...facts, cold_counters: cold }));
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
  sayRefusal(request, reply, nothingAt(request.path), operations.requestId(), ['x-content-type-options', 'nosniff']);
}
