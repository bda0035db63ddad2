import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isAdminApi } from '../../domain/planes.ts';
import { type ArrivingBody, addPiece, type HeadVerdict, keepsRoom, readAll } from '../../lib/buffered-bytes.ts';
import { type Bytes, freed, joinedInTurn } from '../../lib/pieces.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { type ErrorDialect, errorDialectOf } from '../../proxy/error-dialect.ts';
import { invalidRequest, Refusal, renderRefusal, tooLarge } from '../../proxy/refusal.ts';
import type { ConnectionBounds } from '../connection-bounds.ts';
import type { GatewayRequest, Reply } from '../request-reply.ts';
import { noteTarget } from '../targets.ts';
import { answerBytes, HEAD_BYTES_MAX, lastAnswer, unreadableAnswer } from './last-answer.ts';
import { NodeReply, NodeRequest } from './node-reply.ts';

export interface ListenerOptions {
  readonly clock: Clock;
  readonly bodyBytesMax: number;
  /** Returns the bound on bodies at a path that takes forms, which are not read into memory; null for other paths. Default: none. */
  readonly formBytesMaxAt?: (path: string) => number | null;
  /** Serves every request for the admin API (domain/planes.ts), by its raw path. */
  readonly admin: (request: IncomingMessage, response: ServerResponse) => void;
  /** Serves every other request once its body has arrived. Never throws. */
  readonly serve: (request: GatewayRequest, reply: Reply) => void;
  /**
   * Judges every other request that has a body, on its head: answers it, or says that the body is to be read. Without it every
   * body is read. Never throws or rejects.
   */
  readonly judge?: Judge;
  /** Returns the methods of a path of the admin API; none if there is nothing at the path. Default: none. */
  readonly allowedAt?: (path: string) => readonly string[];
  /** Makes ids for answers that are sent before request handling begins. */
  readonly requestId: () => string;
  /** Returns true if this process is about to stop: each answer then closes its connection. Default: never. */
  readonly isLeaving?: () => boolean;
  /** Timeouts for slow clients. Default: `PATIENCE`. */
  readonly patience?: Patience;
  /** Limits on open connections, in total and for each address. Default: none. */
  readonly connections?: { readonly max: number; readonly bounds: ConnectionBounds };
}

/** Judges a request on its head; its body is empty. */
export type Judge = (request: GatewayRequest, reply: Reply) => HeadVerdict | Promise<HeadVerdict>;

/**
 * Timeouts for a request's head, for the whole request, and for one that is a large form; and the interval at which the first two
 * are checked.
 */
export interface Patience {
  readonly headMsMax: number;
  readonly requestMsMax: number;
  /** Default: `FORM_MS_MAX`. */
  readonly formMsMax?: number;
  readonly lookMs: number;
}

/** Bounds on slow requests. Node itself enforces them. */
export const PATIENCE: Patience = { headMsMax: 15_000, requestMsMax: 120_000, lookMs: 5_000 };
/** The time in which a large form must arrive. */
export const FORM_MS_MAX = 600_000;
export const KEEP_ALIVE_MS = 72_000;

/** Creates the `node:http` listener. It only applies bounds and splits by raw path prefix. Only `admin` sees Node's objects. */
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
      requireHostHeader: false, // Node's own answer has no message; ours is below.
    },
    take,
  );
  function take(request: IncomingMessage, response: ServerResponse): void {
    const later = bodiesAwaited.get(request.socket);
    if (later !== undefined) {
      later.push(() => take(request, response));
      return;
    }
    if (refused.has(request.socket)) return; // It is being closed: requests behind a refused body are not served.
    const hosts = hostsOf(request.rawHeaders);
    if (hosts > 1 || (hosts === 0 && request.httpVersion !== '1.0')) {
      refuseAndClose(request, response, invalidRequest(hosts === 0 ? NO_HOST : TWO_HOSTS), options);
      return;
    }
    if (options.isLeaving?.()) response.shouldKeepAlive = false;
    const url = request.url ?? '/';
    noteTarget(request.socket, url);
    if (!isAdminApi(url)) {
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
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!hasMoreTime(error, socket as Socket, options)) answerUnreadable(error, socket as Socket, options);
  });
  server.on('checkExpectation', (request, response) =>
    refuseAndClose(request, response, invalidRequest('The header `Expect` supports only `100-continue`. Leave it out.'), options),
  );
  server.on('connect', (request) =>
    refuseAndClose(
      request,
      null,
      new Refusal('method_not_allowed', 'CONNECT is not supported: the gateway is not a proxy. Send requests to its own paths.'),
      options,
    ),
  );
  return server;
}

const NO_HOST = 'The request has no `Host` header. Send exactly one.';
const TWO_HOSTS = 'The request has more than one `Host` header. Send exactly one.';

/** Counts the `Host` headers. Node silently keeps the first; a proxy in front of us may have used another (RFC 9112, 3.2). */
function hostsOf(rawHeaders: readonly string[]): number {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts;
}

/** Requests whose client waits for `100 Continue` before it sends the body. */
const expectsContinue = new WeakSet<IncomingMessage>();

/** Connections that are only drained until they close. */
const refused = new WeakSet<Socket>();

/**
 * Connections on which a body is being read, each with the requests pipelined behind that body. On a connection that the lane
 * handed over, Node may announce those requests before it emits the body. They must not be served if the body is refused.
 */
const bodiesAwaited = new WeakMap<Socket, (() => void)[]>();

/** The large form that arrives on a connection. */
const formsArriving = new WeakMap<Socket, IncomingMessage>();

/**
 * Reports whether a request that did not arrive in time has more of it, because it is a large form. Node reports a late request
 * once, and leaves it to the listener to end it.
 */
function hasMoreTime(error: NodeJS.ErrnoException, socket: Socket, options: ListenerOptions): boolean {
  const arriving = formsArriving.get(socket);
  if (error.code !== 'ERR_HTTP_REQUEST_TIMEOUT' || arriving === undefined) return false;
  const { requestMsMax, formMsMax = FORM_MS_MAX } = options.patience ?? PATIENCE;
  const late = setTimeout(() => {
    if (formsArriving.get(socket) === arriving) answerUnreadable(error, socket, options);
  }, formMsMax - requestMsMax);
  socket.once('close', () => clearTimeout(late));
  return true;
}

function readThenServe(request: IncomingMessage, response: ServerResponse, options: ListenerOptions): void {
  const declared = request.headers['content-length'];
  const { bodyBytesMax, clock } = options;
  const bytesMax = options.formBytesMaxAt?.(pathOf(request)) ?? bodyBytesMax;
  if (declared !== undefined && Number(declared) > bytesMax) {
    refuseAndClose(request, response, tooLarge(bytesMax), options);
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

/** One request whose head has arrived and whose body has not. */
interface Arriving {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly arrived: NodeRequest;
  readonly reply: NodeReply;
}

/** Judges the request on its head, then reads its body unless the request was answered. */
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
    formsArriving.delete(socket);
    sendThenDrop(request, response, answerBytes(status, headers, body), options.bodyBytesMax);
    over();
  };
  request.on('error', () => {}); // The client disconnected while sending: there is no one to answer, and nothing was spent.
  const judged = (verdict: HeadVerdict) => {
    if (verdict.is === 'answered' || reply.gone) return;
    reply.room = verdict.room;
    if (expectsContinue.delete(request)) response.writeContinue();
    if (verdict.is === 'form') {
      formsArriving.set(socket, request);
      verdict.read(arrivingBody(request), (form) => {
        formsArriving.delete(socket);
        reply.sendUnread = null;
        arrived.form = form;
        options.serve(arrived, reply);
        over();
      });
      return;
    }
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

/** Returns the refusal for a listener without a judge: it answers that the body is too large. */
function bodyRefusal({ request, reply }: Arriving, { bodyBytesMax, requestId }: ListenerOptions): () => void {
  return () => {
    const id = requestId();
    const { status, headers, body } = renderRefusal(tooLarge(bodyBytesMax), dialectOf(request), id, null);
    reply.head(status, [...headers, 'x-request-id', id, 'request-id', id]);
    reply.end(body);
  };
}

const EMPTY = Buffer.alloc(0);

function pathOf({ url = '/' }: IncomingMessage): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/** Returns a body that is passed on as it arrives. While it is paused, the client's system holds its bytes back. */
function arrivingBody(request: IncomingMessage): ArrivingBody {
  let stop = () => {};
  return {
    begin: ({ data, end }) => {
      const onData = (chunk: Buffer) => {
        if (!data(chunk)) request.pause();
      };
      stop = () => {
        request.off('data', onData);
        request.off('end', end);
      };
      request.on('data', onData);
      request.on('end', end);
    },
    resume: () => void request.resume(),
    stop: () => stop(),
  };
}

/** Reads a body up to its bounds. A body of one chunk is passed on without a copy. */
function readBody(
  request: IncomingMessage,
  bytesMax: number,
  { room, refuse }: Extract<HeadVerdict, { is: 'read' }>,
  done: (body: Bytes) => void,
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
    for (const piece of chunks) freed(piece);
    chunks = [];
    request.off('data', onData);
    request.off('end', onEnd);
    refuse(why);
  };
  const onEnd = () => done(joinedInTurn(chunks));
  request.on('data', onData);
  request.on('end', onEnd);
}

/** Answers a request that is not handled further, and closes the connection: unread bytes must not become a next request. */
function refuseAndClose(
  request: IncomingMessage,
  response: ServerResponse | null,
  refusal: Refusal,
  { requestId, bodyBytesMax }: ListenerOptions,
): void {
  const speech = isAdminApi(request.url ?? '') ? 'problem' : dialectOf(request);
  sendThenDrop(request, response, lastAnswer(refusal, speech, requestId()), bodyBytesMax);
}

function dialectOf(request: IncomingMessage): ErrorDialect {
  return errorDialectOf(request.url ?? '', request.headers['anthropic-version'] as string | undefined);
}

/**
 * Sends the last answer of a connection before the client's body was read. It bypasses Node's response, which would close the
 * socket at once. A socket that is closed with unread bytes is reset, and the client can lose the answer. So the rest is read and
 * dropped first, up to `dropsBytesMax` and for 5 s.
 */
function sendThenDrop(request: IncomingMessage, response: ServerResponse | null, answer: Buffer, dropsBytesMax: number): void {
  const { socket } = request;
  refused.add(socket);
  if (response !== null && response.socket === null && !socket.destroyed) {
    // Wait for the answers to the client's earlier requests.
    response.once('socket', () => sendThenDrop(request, response, answer, dropsBytesMax));
    return;
  }
  // An earlier answer is still being sent, and nothing may be written into its middle.
  if (isAnswering(socket, response)) {
    socket.destroy();
    return;
  }
  socket.write(answer);
  let left = dropsBytesMax;
  request.removeAllListeners('data');
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    freed(chunk);
    if (left < 0) socket.destroy();
  });
  request.on('end', () => socket.end());
  request.on('error', () => {});
  request.resume();
  const cut = setTimeout(() => socket.destroy(), DROPS_MS_MAX);
  socket.once('close', () => clearTimeout(cut));
}

/** Reports whether another answer has begun on the connection. Node keeps the current one in a private field of the socket. */
function isAnswering(
  socket: Socket & { readonly _httpMessage?: ServerResponse | null },
  besides: ServerResponse | null,
): boolean {
  const current = socket._httpMessage ?? null;
  return current !== null && current !== besides && current.headersSent;
}

const DROPS_MS_MAX = 5_000;

/** Answers bytes that Node's parser rejected, in one write, and closes the connection. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, options: ListenerOptions): void {
  if (!socket.writable || error.code === 'ECONNRESET' || isAnswering(socket, null)) socket.destroy();
  else socket.end(unreadableAnswer(error, socket, options));
}
