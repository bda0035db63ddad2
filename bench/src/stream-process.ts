// Both ends of every measured stream, in one process: the upstream that writes chunks and the client that reads them.
// The upstream writes a stream's next chunk only after its client has read the previous one. So chunks are never merged on the
// way, the gateway is as busy as it can be, and no timer is involved. The benchmark controls it by messages.
import { createServer, connect as openConnection, type Socket } from 'node:net';
import { CHUNKS_PER_STREAM, streamChunk, streamEnd, streamRequestBody } from './exchange.ts';
import { type Destination, framed, isWhole, requestText } from './wire.ts';

export type Order =
  | { readonly do: 'run'; readonly to: Destination; readonly streams: number; readonly seconds: number }
  | { readonly do: 'stall'; readonly to: Destination; readonly streams: number }
  | { readonly do: 'release' };

export type Report =
  | { readonly did: 'listen'; readonly port: number }
  | { readonly did: 'run'; readonly chunks: number; readonly answers: number; readonly broken: readonly string[] }
  | { readonly did: 'stall'; readonly started: number }
  | { readonly did: 'release' };

const ANSWER_HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const CHUNK = Buffer.from(framed(streamChunk));
const END = Buffer.from(`${framed(streamEnd)}0\r\n\r\n`);
const BLOCK = Buffer.from(framed(streamChunk).repeat(256));
const TEXT = '" water"';
const ENDLESS = 'endless';
const SILENCE_MS_MAX = 30_000;

/** The upstream end of each stream, by the name in its request. */
const upstreamEnds = new Map<string, { socket: Socket; written: number }>();
let stalled: Socket[] = [];

const server = createServer({ noDelay: true }, serve).listen(0, '127.0.0.1', 4096, () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') report({ did: 'listen', port: address.port });
});

process.on('message', async (order: Order) => {
  if (order.do === 'run') report({ did: 'run', ...(await run(order)) });
  if (order.do === 'stall') report({ did: 'stall', started: await stall(order) });
  if (order.do === 'release') {
    for (const socket of stalled) socket.destroy();
    stalled = [];
    report({ did: 'release' });
  }
});

process.on('disconnect', () => process.exit(0));

function serve(socket: Socket): void {
  let text = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (!isWhole(text)) return;
    const name = /"user":"([^"]+)"/.exec(text)?.[1] ?? '';
    text = '';
    socket.write(ANSWER_HEAD);
    if (name.startsWith(ENDLESS)) return writeWithoutEnd(socket);
    upstreamEnds.set(name, { socket, written: 0 });
    writeNext(name);
  });
}

function writeNext(name: string): void {
  const end = upstreamEnds.get(name);
  if (end === undefined) return;
  end.written += 1;
  end.socket.write(end.written <= CHUNKS_PER_STREAM ? CHUNK : END);
  if (end.written > CHUNKS_PER_STREAM) upstreamEnds.delete(name);
}

/** Writes about 160 kB a second while the socket accepts it, enough to fill a gateway without backpressure, until it closes. */
function writeWithoutEnd(socket: Socket): void {
  const timer = setInterval(() => {
    if (!socket.writableNeedDrain) socket.write(BLOCK);
  }, 400);
  socket.on('close', () => clearInterval(timer));
}

interface Totals {
  chunks: number;
  answers: number;
  /** The reasons, one for each broken connection. */
  readonly broken: string[];
}

async function run({ to, streams, seconds }: Extract<Order, { do: 'run' }>) {
  const totals: Totals = { chunks: 0, answers: 0, broken: [] };
  const endsMs = Date.now() + seconds * 1000;
  await Promise.all(Array.from({ length: streams }, (_, index) => readStreams(to, `s${index}`, endsMs, totals)));
  return totals;
}

/** Reads stream after stream on one connection until the time is over. It reads the last one to its end. */
function readStreams(to: Destination, name: string, endsMs: number, totals: Totals): Promise<void> {
  const request = requestText(to, streamRequestBody(name));
  return new Promise((resolve) => {
    const socket = openConnection({ port: to.port, host: '127.0.0.1', noDelay: true }, () => socket.write(request));
    let [rest, last] = ['', ''];
    socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy(new Error('silent')));
    socket.on('data', (data) => {
      last = data.toString('latin1');
      const text = rest + last;
      let [from, seen] = [0, 0];
      for (let at = text.indexOf(TEXT); at !== -1; at = text.indexOf(TEXT, from)) {
        from = at + TEXT.length;
        seen += 1;
      }
      totals.chunks += seen;
      rest = text.slice(Math.max(from, text.length - TEXT.length + 1));
      for (; seen > 0; seen -= 1) writeNext(name);
      if (!text.endsWith('0\r\n\r\n')) return;
      totals.answers += 1;
      rest = '';
      if (Date.now() < endsMs) socket.write(request);
      else socket.end();
    });
    socket.on('error', (error) => totals.broken.push(`${error.message} after ${JSON.stringify(last.slice(-200))}`));
    socket.on('close', () => resolve());
  });
}

/** Opens endless streams and stops reading each after its first data. Resolves when all have started, or after 20 s. */
async function stall({ to, streams }: Extract<Order, { do: 'stall' }>): Promise<number> {
  let started = 0;
  const opened = Array.from({ length: streams }, (_, index) => {
    const request = requestText(to, streamRequestBody(`${ENDLESS}${index}`));
    const socket = openConnection({ port: to.port, host: '127.0.0.1' }, () => socket.write(request));
    stalled.push(socket);
    socket.on('error', () => socket.destroy());
    return new Promise<void>((resolve) => {
      socket.once('data', (data) => {
        if (data.toString('latin1').startsWith('HTTP/1.1 200')) started += 1;
        socket.pause();
        resolve();
      });
      socket.once('close', () => resolve());
    });
  });
  await Promise.race([Promise.all(opened), new Promise((resolve) => setTimeout(resolve, 20_000))]);
  return started;
}

function report(what: Report): void {
  process.send?.(what);
}
