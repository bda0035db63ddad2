import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { GatewayRequest, Reply } from './http.ts';
import { NodeReply, NodeRequest } from './node-exchange.ts';
import { type ErrorDialect, invalidRequest, Refusal, type RefusalCode, renderRefusal } from './refusal.ts';

export interface ListenerOptions {
  readonly clock: Clock;
  readonly bodyBytesMax: number;
  /** Takes every request whose raw path is `/api` or below it. */
  readonly admin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes everything else once its body is here. Never throws. */
  readonly serve: (request: GatewayRequest, reply: Reply) => void;
  /** Ids for answers given before the walk begins. */
  readonly requestId: () => string;
  /** Whether this process is about to go: each answer is then the last of its connection. Never unless given. */
  readonly isLeaving?: () => boolean;
  /** How slow a client may be; the usual bounds unless given. */
  readonly patience?: Patience;
}

/** How long a request may take to arrive: its head, all of it, and how often that is looked at. */
export interface Patience {
  readonly headMsMax: number;
  readonly requestMsMax: number;
  readonly lookMs: number;
}

/** Bounds of a slow or oversized client; each is answered, or cut, by Node itself. */
const HEAD_BYTES_MAX = 32 * 1024;
export const PATIENCE: Patience = { headMsMax: 15_000, requestMsMax: 120_000, lookMs: 5_000 };
export const KEEP_ALIVE_MS = 72_000;

/** The `node:http` listener: bounds, raw prefix split, and nothing else. The walk behind it never sees Node's objects. */
export function createListener(options: ListenerOptions): Server {
  const { headMsMax, requestMsMax, lookMs } = options.patience ?? PATIENCE;
  const server = createServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: headMsMax,
      requestTimeout: requestMsMax,
      connectionsCheckingInterval: lookMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      joinDuplicateHeaders: false,
      requireHostHeader: false, // Node's own answer to it says nothing; ours is below.
    },
    function take(request: IncomingMessage, response: ServerResponse): void {
      const later = bodiesAwaited.get(request.socket);
      if (later !== undefined) {
        later.push(() => take(request, response));
        return;
      }
      if (refused.has(request.socket)) return; // Its connection is being closed; what is pipelined behind a refused body is not served.
      if (request.headers.host === undefined && request.httpVersion !== '1.0') {
        refuseAndClose(request, response, invalidRequest('The request has no `Host` header.'), options);
        return;
      }
      if (options.isLeaving?.()) response.shouldKeepAlive = false;
      const url = request.url ?? '/';
      if (url.startsWith('/api/') || url === '/api') options.admin(request, response);
      else readThenServe(request, response, options);
    },
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerUnreadable(error, socket as Socket, options.requestId()),
  );
  server.on('checkExpectation', (request, response) =>
    refuseAndClose(request, response, invalidRequest('`Expect` takes `100-continue` and nothing else.'), options),
  );
  server.on('connect', (request) =>
    refuseAndClose(request, null, new Refusal('method_not_allowed', 'This is no proxy.'), options),
  );
  return server;
}

/** Connections that are only drained until they close. */
const refused = new WeakSet<Socket>();

/**
 * Connections on which a body is being read, with the requests that came behind it in the same piece: when a connection changed hands Node
 * announces those before it gives the body out, and they are not to be served if the body turns out to be refused.
 */
const bodiesAwaited = new WeakMap<Socket, (() => void)[]>();

function readThenServe(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void {
  const startedMs = options.clock.monotonicMs();
  const reply = new NodeReply(response);
  const serve = (body: Buffer) => options.serve(new NodeRequest(request, body, startedMs), reply);
  const declared = request.headers['content-length'];
  if (declared === '0' || (declared === undefined && request.headers['transfer-encoding'] === undefined)) {
    request.resume();
    serve(EMPTY);
    return;
  }
  if (declared !== undefined && Number(declared) > options.bodyBytesMax) {
    refuseAndClose(request, response, tooLarge(options), options);
    return;
  }
  readBody(request, options.bodyBytesMax, serve, () => refuseAndClose(request, response, tooLarge(options), options));
}

function tooLarge({ bodyBytesMax }: ListenerOptions): Refusal {
  return new Refusal('request_too_large', `The body is larger than ${bodyBytesMax} bytes.`);
}

const EMPTY = Buffer.alloc(0);

/** Most bodies are one chunk and are passed on as they came. */
function readBody(request: IncomingMessage, bytesMax: number, done: (body: Buffer) => void, tooLarge: () => void): void {
  let only: Buffer | null = null;
  let chunks: Buffer[] | null = null;
  let bytes = 0;
  const { socket } = request;
  const later: (() => void)[] = [];
  bodiesAwaited.set(socket, later);
  const over = (then: () => void) => {
    bodiesAwaited.delete(socket);
    then();
    for (const take of later) take();
  };
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      request.off('data', onData);
      request.off('end', onEnd);
      over(tooLarge);
      return;
    }
    if (only === null) only = chunk;
    else if (chunks === null) chunks = [only, chunk];
    else chunks.push(chunk);
  };
  const onEnd = () => over(() => done(chunks === null ? (only ?? EMPTY) : Buffer.concat(chunks, bytes)));
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('error', () => {}); // The client went away while sending: there is nobody to answer and nothing was spent.
}

/**
 * Answers without having read the rest, and closes: unread bytes must not be taken for a next request. Written past Node's response, which
 * would close at once: a socket closed over unread bytes resets and can swallow the answer, so a bounded rest is read and thrown away first.
 */
function refuseAndClose(
  request: IncomingMessage,
  response: ServerResponse | null,
  refusal: Refusal,
  options: ListenerOptions,
): void {
  const { socket } = request;
  refused.add(socket);
  // An answer asked for before is still on its way, and nothing may be written into its middle.
  if (isAnswering(socket, response)) {
    socket.destroy();
    return;
  }
  const dialect: ErrorDialect = (request.url ?? '').startsWith('/v1/messages') ? 'anthropic' : 'openai';
  socket.write(lastAnswer(refusal, dialect, options.requestId()));
  let left = LINGER_BYTES_MAX;
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  request.on('end', () => socket.end());
  request.on('error', () => {});
  request.resume();
  socket.setTimeout(LINGER_MS_MAX, () => socket.destroy());
}

/** Whether an answer other than this one has begun on the connection. Node keeps it on the socket, as its own handling of bad requests does. */
function isAnswering(
  socket: Socket & { readonly _httpMessage?: ServerResponse | null },
  besides: ServerResponse | null,
): boolean {
  const current = socket._httpMessage ?? null;
  return current !== null && current !== besides && current.headersSent;
}

const LINGER_BYTES_MAX = 64 * 1024 * 1024;
const LINGER_MS_MAX = 5_000;

/** What Node's parser rejected never became a request; it is answered in one write and the connection is closed. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET' || isAnswering(socket, null)) {
    socket.destroy();
    return;
  }
  const [code, message] = unreadable(error.code ?? '');
  socket.end(lastAnswer(new Refusal(code, message), 'openai', requestId));
}

/** The answer to a request that never became one: it is not HTTP, or did not come in time. The last of its connection. */
export function connectionRefusal(why: 'unreadable' | 'late', requestId: string): Buffer {
  const [code, message] = unreadable(why === 'late' ? 'ERR_HTTP_REQUEST_TIMEOUT' : '');
  return lastAnswer(new Refusal(code, message), 'openai', requestId);
}

/** A whole answer in one piece, the last of its connection. */
function lastAnswer(refusal: Refusal, dialect: ErrorDialect, requestId: string): Buffer {
  const { status, headers, body } = renderRefusal(refusal, dialect, requestId, null);
  const lines = [
    `HTTP/1.1 ${status} ${refusal.code}`,
    'connection: close',
    `x-request-id: ${requestId}`,
    `request-id: ${requestId}`,
  ];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

function unreadable(code: string): [RefusalCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['headers_too_large', `The request's head is larger than ${HEAD_BYTES_MAX} bytes.`];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['request_timeout', 'The request did not arrive in time.'];
  return ['invalid_request', 'The request is not well-formed HTTP.'];
}
