import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, expect } from 'vitest';
import { type AddressPolicy, createAddressPolicy } from '../../src/upstream/address-policy.ts';
import type { UpstreamFailure, UpstreamHeaders, UpstreamSink } from '../../src/upstream/call.ts';
import { createTransport, type Transport, type TransportOptions } from '../../src/upstream/transport.ts';
import type { TransportRequest } from '../../src/upstream/transport-request.ts';

// Small providers on this machine and a sink that keeps what it hears: real sockets, no recordings.

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

export function policyAllowing(allowedUpstreams = '127.0.0.1'): AddressPolicy {
  const made = createAddressPolicy({ mode: 'production', allowedUpstreams });
  if ('problem' in made) throw new Error(made.problem);
  return made;
}

export function testTransport(options: Partial<TransportOptions> = {}): Transport {
  const made = createTransport({ policy: policyAllowing(), ...options });
  closers.push(() => made.close());
  return made;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

export interface Upstream {
  readonly origin: string;
  /** The connections open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Connections ever opened. */
  opened(): number;
  /** Requests read in full. */
  seen(): number;
}

/** A provider that answers with `answer` once it read the request. `onHead` acts before that; `read: false` leaves the body unread. */
export async function upstream(
  answer: Answer,
  options: { readonly onHead?: (request: IncomingMessage, response: ServerResponse) => void; readonly read?: false } = {},
): Promise<Upstream> {
  const sockets = new Set<Socket>();
  let opened = 0;
  let seen = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    options.onHead?.(request, response);
    if (options.read === false) return;
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      seen++;
      answer(request, response, Buffer.concat(chunks));
    });
  });
  server.on('connection', (socket: Socket) => {
    opened++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  return { origin: await listen(server, sockets), sockets, opened: () => opened, seen: () => seen };
}

/** A provider that says exactly these bytes to whatever it is sent, then `after`. */
export async function rawUpstream(bytes: string, after: (socket: Socket) => void = () => {}): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(bytes, () => after(socket));
    });
  });
  return listen(server, sockets);
}

/** Listens on a free port until the test is over. */
async function listen(server: Server | TcpServer, sockets: Set<Socket>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export interface Heard extends UpstreamSink {
  readonly status: number;
  readonly heads: number;
  readonly headers: UpstreamHeaders;
  readonly body: string;
  readonly bytes: number;
  readonly ends: number;
  readonly failure: UpstreamFailure | null;
  readonly over: Promise<void>;
}

/** A sink that keeps what it is told. */
export function listener(
  options: { readonly take?: (chunk: Buffer) => boolean; readonly onEnd?: () => void } = {},
): Heard & { body: string } {
  let finish = () => {};
  const heard = {
    status: 0,
    heads: 0,
    headers: {} as UpstreamHeaders,
    body: '',
    bytes: 0,
    ends: 0,
    failure: null as UpstreamFailure | null,
    over: new Promise<void>((resolve) => {
      finish = resolve;
    }),
    head(status: number, headers: UpstreamHeaders) {
      heard.status = status;
      heard.heads++;
      heard.headers = headers;
    },
    data(chunk: Buffer): boolean {
      heard.bytes += chunk.length;
      if (heard.bytes < 100_000) heard.body += chunk;
      return options.take?.(chunk) ?? true;
    },
    end() {
      heard.ends++;
      options.onEnd?.();
      finish();
    },
    failed(failure: UpstreamFailure) {
      heard.ends++;
      heard.failure = failure;
      finish();
    },
  };
  return heard;
}

export function post(origin: string, change: Partial<TransportRequest> = {}): TransportRequest {
  return {
    origin,
    method: 'POST',
    path: '/v1/chat/completions',
    headers: ['content-type', 'application/json', 'accept-encoding', 'identity'],
    body: Buffer.from('{"model":"m"}'),
    timeoutMs: 5_000,
    answerBytesMax: 64 * 1024 * 1024,
    ...change,
  };
}

export async function ask(over: Transport, request: TransportRequest): Promise<Heard> {
  const heard = listener();
  over.send(request, heard);
  await heard.over;
  return heard;
}

export const until = async (true_: () => boolean, ms = 2_000): Promise<void> => {
  const giveUpAt = performance.now() + ms;
  while (!true_() && performance.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(true_()).toBe(true);
};
