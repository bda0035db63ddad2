/** A receiver of webhooks: a real HTTP server that keeps what it is sent and answers as it is told. */
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly atMs: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  /** Everything that came, however it was answered. */
  readonly received: readonly Received[];
  /** The status of answers from now on. */
  answer: number;
  /** Nobody listens at its address any more. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let server: Server | null = null;
  let port = 0;
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ atMs: Date.now(), headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(receiver.answer).end();
    });
  };
  const up = async () => {
    const opened = createServer(listener);
    await new Promise<void>((resolve) => opened.listen(port, '127.0.0.1', resolve));
    port = (opened.address() as AddressInfo).port;
    server = opened;
  };
  const down = async () => {
    const closed = new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
    server?.closeAllConnections();
    await closed;
    server = null;
  };
  await up();
  const receiver: Receiver = { url: `http://127.0.0.1:${port}/hook?team=finance`, received, answer: 200, down, up };
  return receiver;
}
