import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { addPiece, type HeadVerdict, keepsRoom, readAll } from '../../lib/buffered-bytes.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { type ErrorDialect, invalidRequest, Refusal, type RefusalCode, renderRefusal, tooLarge } from '../../proxy/refusal.ts';
import type { ConnectionBounds } from '../connection-bounds.ts';
import type { GatewayRequest, Reply } from '../request-reply.ts';
import { NodeReply, NodeRequest } from './node-reply.ts';

export interface ListenerOptions {
  readonly clock: Clock;
  readonly bodyBytesMax: number;
  /** Takes every request whose raw path is `/api` or below it. */
  readonly admin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Takes everything else once its body is here. Never throws. */
  readonly serve: (request: GatewayRequest, reply: Reply) => void;
  /**
   * Judges everything else whose body has not come with its head: answers it, or says that the body is to be read. Every body is read unless
   * given. Never throws or rejects.
   */
  readonly judge?: Judge;
  /** Ids for answers given before the walk begins. */
  readonly requestId: () => string;
  /** Whether this process is about to go: each answer is then the last of its connection. Never unless given. */
  readonly isLeaving?: () => boolean;
  /** How slow a client may be; the usual bounds unless given. */
  readonly patience?: Patience;
  /** How many connections there may be; any number unless given. */
  readonly connections?: { readonly max: number; readonly bounds: ConnectionBounds };
}

/** Judges a request on its head; its body is empty. */
export type Judge = (request: GatewayRequest, reply: Reply) => HeadVerdict | Promise<HeadVerdict>;

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
    take,
  );
  function take(request: IncomingMessage, response: ServerResponse): void {
    const later = bodiesAwaited.get(request.socket);
    if (later !== undefined) {
      later.push(() => take(request, response));
      return;
    }
    if (refused.has(request.socket)) return; // Its connection is being closed; what is pipelined behind a refused body is not served.
    const hosts = hostsOf(request.rawHeaders);
    if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) {
      refuseAndClose(request, response, invalidRequest(hosts === 0 ? NO_HOST : TWO_HOSTS), options);
      return;
    }
    if (options.isLeaving?.()) response.shouldKeepAlive = false;
    const url = request.url ?? '/';
    if (!url.startsWith('/api/') && url !== '/api') {
      readThenServe(request, response, options);
      return;
    }
    if (expectsContinue.delete(request)) response.writeContinue();
    options.admin(request, response);
  }
  server.on('checkContinue', (request, response) => {
    expectsContinue.add(request);
    take(request, response);
  });
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

const NO_HOST = 'The request has no `Host` header.';
const TWO_HOSTS = 'The request has more than one `Host` header.';

/** Node keeps the first and says nothing of another; whoever stands before us may have gone by that one (RFC 9112, 3.2). */
function hostsOf(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** Requests whose client waits for a word before it sends the body. */
const expectsContinue = new WeakSet<IncomingMessage>();

/** Connections that are only drained until they close. */
const refused = new WeakSet<Socket>();

/**
 * Connections on which a body is being read, with the requests that came behind it in the same piece: when a connection changed hands Node
 * announces those before it gives the body out, and they are not to be served if the body turns out to be refused.
 */
const bodiesAwaited = new WeakMap<Socket, (() => void)[]>();

function readThenServe(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void {
  const declared = request.headers['content-length'];
  const { bodyBytesMax, clock } = options;
  if (declared !== undefined && Number(declared) > bodyBytesMax) {
    refuseAndClose(request, response, tooLarge(bodyBytesMax), options);
    return;
  }
  const reply = new NodeReply(response);
  const arrived = new NodeRequest(request, EMPTY, clock.monotonicMs());
  if (declared === '0' || (declared === undefined && request.headers['transfer-encoding'] === undefined)) {
    request.resume();
    options.serve(arrived, reply);
    return;
  }
  judgeThenRead({ request, response, arrived, reply }, options);
}

/** One request on its way from its head to its body. */
interface Arriving {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrived: NodeRequest;
  readonly reply: NodeReply;
}

/** The head decides before anything of the body is read. */
function judgeThenRead(arriving: Arriving, options: ListenerOptions): void {
  const { request, response, arrived, reply } = arriving;
  const { socket } = request;
  const later: (() => void)[] = [];
  bodiesAwaited.set(socket, later);
  const over = () => {
    bodiesAwaited.delete(socket);
    for (const take of later) take();
  };
  reply.sendUnread = (status, headers, body) => {
    sendThenDrop(request, response, answerBytes(status, headers, body), options.bodyBytesMax);
    over();
  };
  request.on('error', () => {}); // The client went away while sending: there is nobody to answer and nothing was spent.
  const judged = (verdict: HeadVerdict) => {
    if (verdict.is === 'answered' || reply.gone) return;
    reply.room = verdict.room;
    if (expectsContinue.delete(request)) response.writeContinue();
    readBody(request, options.bodyBytesMax, verdict, (body) => {
      reply.sendUnread = null;
      arrived.body = body;
      options.serve(arrived, reply);
      if (!keepsRoom(body)) verdict.room.free();
      over();
    });
  };
  const verdict = options.judge?.(arrived, reply) ?? readAll(bodyRefusal(arriving, options));
  if (verdict instanceof Promise) void verdict.then(judged);
  else judged(verdict);
}

/** What a listener says that has nobody judge its requests. */
function bodyRefusal({ request, reply }: Arriving, { bodyBytesMax, requestId }: ListenerOptions): () => void {
  return () => {
    const id = requestId();
    const { status, headers, body } = renderRefusal(tooLarge(bodyBytesMax), dialectOf(request), id, null);
    reply.head(status, [...headers, 'x-request-id', id, 'request-id', id]);
    reply.end(body);
  };
}

const EMPTY = Buffer.alloc(0);

/** Most bodies are one chunk and are passed on as they came. */
function readBody(
  request: IncomingMessage,
  bytesMax: number,
  { room, refuse }: Extract<HeadVerdict, { is: 'read' }>,
  done: (body: Buffer) => void,
): void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  const onData = (chunk: Buffer) => {
    bytes += chunk.length;
    const why = bytes > bytesMax ? 'too_large' : room.take(chunk.length) ? null : 'no_room';
    if (why === null) {
      addPiece(chunks, chunk);
      return;
    }
    chunks = [];
    request.off('data', onData);
    request.off('end', onEnd);
    refuse(why);
  };
  const onEnd = () => done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, bytes));
  request.on('data', onData);
  request.on('end', onEnd);
}

/** Answers what never reaches the walk, and closes: unread bytes must not be taken for a next request. */
function refuseAndClose(
  request: IncomingMessage,
  response: ServerResponse | null,
  refusal: Refusal,
  { requestId, bodyBytesMax }: ListenerOptions,
): void {
  sendThenDrop(request, response, lastAnswer(refusal, dialectOf(request), requestId()), bodyBytesMax);
}

function dialectOf(request: IncomingMessage): ErrorDialect {
  return (request.url ?? '').startsWith('/v1/messages') ? 'anthropic' : 'openai';
}

/**
 * Sends the last answer of a connection before what the client sends was read. Written past Node's response, which would close at once: a
 * socket closed over unread bytes resets and can swallow the answer, so the rest is read and dropped first, up to the bound of a body and
 * for so long.
 */
function sendThenDrop(request: IncomingMessage, response: ServerResponse | null, answer: Buffer, dropsBytesMax: number): void {
  const { socket } = request;
  refused.add(socket);
  if (response !== null && response.socket === null && !socket.destroyed) {
    // Behind the answers to what the client asked before.
    response.once('socket', () => sendThenDrop(request, response, answer, dropsBytesMax));
    return;
  }
  // An answer asked for before is still on its way, and nothing may be written into its middle.
  if (isAnswering(socket, response)) {
    socket.destroy();
    return;
  }
  socket.write(answer);
  let left = dropsBytesMax;
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) socket.destroy();
  });
  request.on('end', () => socket.end());
  request.on('error', () => {});
  request.resume();
  const cut = setTimeout(() => socket.destroy(), DROPS_MS_MAX);
  socket.once('close', () => clearTimeout(cut));
}

/** Whether an answer other than this one has begun on the connection. Node keeps it on the socket, as its own handling of bad requests does. */
function isAnswering(
  socket: Socket & { readonly _httpMessage?: ServerResponse | null },
  besides: ServerResponse | null,
): boolean {
  const current = socket._httpMessage ?? null;
  return current !== null && current !== besides && current.headersSent;
}

const DROPS_MS_MAX = 5_000;

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
  return answerBytes(status, ['x-request-id', requestId, 'request-id', requestId, ...headers], body);
}

/** The headers are ours, or were checked where they were taken in: see `headerText`. */
function answerBytes(status: number, headers: readonly string[], body: Buffer | null): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'connection: close'];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? EMPTY]);
}

function unreadable(code: string): [RefusalCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW') return ['headers_too_large', `The request's head is larger than ${HEAD_BYTES_MAX} bytes.`];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['request_timeout', 'The request did not arrive in time.'];
  return ['invalid_request', 'The request is not well-formed HTTP.'];
}
