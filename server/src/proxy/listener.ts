import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { GatewayRequest, Reply } from './http.ts';
import { type ErrorDialect, Refusal, type RefusalCode, renderRefusal } from './refusal.ts';

export interface ListenerOptions {
  readonly clock: Clock;
  readonly bodyBytesMax: number;
  /** Takes every request whose raw path is `/api` or below it. */
  readonly admin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes everything else once its body is here. Never throws. */
  readonly serve: (request: GatewayRequest, reply: Reply) => void;
  /** Ids for answers given before the walk begins. */
  readonly requestId: () => string;
}

/** Bounds of a slow or oversized client; each is answered, or cut, by Node itself. */
const HEAD_BYTES_MAX = 32 * 1024;
const HEAD_MS_MAX = 15_000;
const REQUEST_MS_MAX = 120_000;
const KEEP_ALIVE_MS = 72_000;

/** The `node:http` listener: bounds, raw prefix split, and nothing else. The walk behind it never sees Node's objects. */
export function createListener(options: ListenerOptions): Server {
  const server = createServer(
    {
      maxHeaderSize: HEAD_BYTES_MAX,
      headersTimeout: HEAD_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      joinDuplicateHeaders: false,
    },
    (request, response) => {
      if (refused.has(request.socket)) return; // Its connection is being closed; what is pipelined behind a refused body is not served.
      const url = request.url ?? '/';
      if (url.startsWith('/api/') || url === '/api') options.admin(request, response);
      else readThenServe(request, response, options);
    },
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
    answerUnreadable(error, socket as Socket, options.requestId()),
  );
  return server;
}

/** Connections that are only drained until they close. */
const refused = new WeakSet<Socket>();

function readThenServe(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void {
  const startedMs = options.clock.monotonicMs();
  const reply = createReply(response);
  const serve = (body: Buffer) => options.serve(plainRequest(request, body, startedMs), reply);
  const declared = request.headers['content-length'];
  if (declared === '0' || (declared === undefined && request.headers['transfer-encoding'] === undefined)) {
    request.resume();
    serve(EMPTY);
    return;
  }
  if (declared !== undefined && Number(declared) > options.bodyBytesMax) {
    refuseBody(request, response, options);
    return;
  }
  readBody(request, options.bodyBytesMax, serve, () => refuseBody(request, response, options));
}

const EMPTY = Buffer.alloc(0);
const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

/** Most bodies are one chunk and are passed on as they came. */
function readBody(request: IncomingMessage, bytesMax: number, done: (body: Buffer) => void, tooLarge: () => void): void {
  let only: Buffer | null = null;
  let chunks: Buffer[] | null = null;
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      request.off('data', onData);
      request.off('end', onEnd);
      tooLarge();
      return;
    }
    if (only === null) only = chunk;
    else if (chunks === null) chunks = [only, chunk];
    else chunks.push(chunk);
  };
  const onEnd = () => done(chunks === null ? (only ?? EMPTY) : Buffer.concat(chunks, bytes));
  request.on('data', onData);
  request.on('end', onEnd);
  request.on('error', () => {}); // The client went away while sending: there is nobody to answer and nothing was spent.
}

/** Answers 413 without reading the rest, and closes: the unread body must not be taken for a next request. */
function refuseBody(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void {
  refused.add(request.socket);
  const dialect: ErrorDialect = (request.url ?? '').startsWith('/v1/messages') ? 'anthropic' : 'openai';
  const refusal = new Refusal('request_too_large', `The body is larger than ${options.bodyBytesMax} bytes.`);
  const id = options.requestId();
  const rendered = renderRefusal(refusal, dialect, id, null);
  response.writeHead(rendered.status, [...rendered.headers, 'x-request-id', id, 'request-id', id, 'connection', 'close']);
  response.end(rendered.body, () => lingeringClose(request));
}

/** A closed socket with unread bytes resets and can swallow the answer, so a bounded rest is read and thrown away first. */
function lingeringClose(request: IncomingMessage): void {
  const socket = request.socket;
  let left = 64 * 1024 * 1024;
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  request.on('end', () => socket.end());
  request.resume();
  socket.setTimeout(5_000, () => socket.destroy());
}

function plainRequest(request: IncomingMessage, body: Buffer, startedMs: number): GatewayRequest {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  const headers = request.headers;
  return {
    method: request.method ?? 'GET',
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? '' : url.slice(mark + 1),
    header: (name) => headers[name] as string | undefined,
    rawHeaders: request.rawHeaders,
    body,
    get isLoopback() {
      return LOOPBACK.test(request.socket.remoteAddress ?? '');
    },
    startedMs,
  };
}

function createReply(response: ServerResponse): Reply {
  let gone = false;
  let whenGone: (() => void) | null = null;
  let whenDrained: (() => void) | null = null;
  response.on('close', () => {
    if (response.writableFinished) return;
    gone = true;
    whenGone?.();
  });
  response.on('error', () => {}); // A broken pipe is a hang-up; 'close' follows and says so.
  return {
    head: (status, headers) => {
      if (!gone) response.writeHead(status, headers);
    },
    chunk: (bytes) => gone || response.write(bytes),
    end: (bytes) => {
      if (gone) return;
      if (bytes === null) response.end();
      else response.end(bytes);
    },
    destroy: () => {
      response.socket?.destroy();
    },
    get gone() {
      return gone;
    },
    onGone: (callback) => {
      whenGone = callback;
      if (gone) callback();
    },
    onDrained: (callback) => {
      if (whenDrained === null) response.on('drain', () => whenDrained?.());
      whenDrained = callback;
    },
  };
}

/** What Node's parser rejected never became a request; it is answered in one write and the connection is closed. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [code, message] = unreadable(error.code ?? '');
  const { status, headers, body } = renderRefusal(new Refusal(code, message), 'openai', requestId, null);
  const lines = [`HTTP/1.1 ${status} ${code}`, 'connection: close', `x-request-id: ${requestId}`, `request-id: ${requestId}`];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body.toString()}`);
}

function unreadable(code: string): [RefusalCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['headers_too_large', `The request's head is larger than ${HEAD_BYTES_MAX} bytes.`];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['request_timeout', 'The request did not arrive in time.'];
  return ['invalid_request', 'The request is not well-formed HTTP.'];
}
