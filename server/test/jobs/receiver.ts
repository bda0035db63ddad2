/** A receiver of webhooks: a real HTTP server that keeps what it is sent and answers as it is told. */
import { createHmac } from 'node:crypto';
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

/** Reports whether this secret signed it. Computed here from the specification: the library that signs cannot check itself. */
export function isSignedBy(secret: string, { headers, body }: Pick<Received, 'headers' | 'body'>): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(expected);
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
