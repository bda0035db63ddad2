/**
 * Measures the upstream transport alone: CPU µs of this process per request and per streamed chunk, against a node:http server in
 * another process. 64 requests in flight, answers of 987 bytes, 3 s of warm-up. Run: node bench/transport.ts [seconds]
 * [--client=full]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAddressPolicy } from '../server/src/upstream/address-policy.ts';
import type { UpstreamSink } from '../server/src/upstream/call.ts';
import { createTransport, type Transport } from '../server/src/upstream/transport.ts';
import type { TransportRequest } from '../server/src/upstream/transport-request.ts';

const IN_FLIGHT = 64;
const WARM_UP_MS = 3_000;
const ANSWER = Buffer.from(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', text: 'x'.repeat(925) }));
const CHUNK = `data: ${JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta: { content: 'word' } }] })}\n\n`;
const CHUNKS = 200;

/** Runs the upstream. It sends whole answers at once, and one chunk per turn of its event loop, so that chunks stay separate. */
async function serve(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.url !== '/stream') {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER);
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let left = CHUNKS;
      const next = () => {
        if (left-- === 0) response.end('data: [DONE]\n\n');
        else response.write(CHUNK, () => setImmediate(next));
      };
      next();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
}

/** Keeps IN_FLIGHT requests in flight for `ms` milliseconds. Counts ends and chunks. */
function drive(transport: Transport, request: TransportRequest, ms: number): Promise<{ ends: number; chunks: number }> {
  const until = performance.now() + ms;
  const count = { ends: 0, chunks: 0 };
  return new Promise((resolve, reject) => {
    let running = IN_FLIGHT;
    const next = () => {
      if (performance.now() < until) transport.send(request, sink);
      else if (--running === 0) resolve(count);
    };
    const sink: UpstreamSink = {
      head: () => {},
      data: () => {
        count.chunks++;
        return true;
      },
      end: () => {
        count.ends++;
        next();
      },
      failed: reject,
    };
    for (let i = 0; i < IN_FLIGHT; i++) transport.send(request, sink);
  });
}

async function measure(port: number, path: string, seconds: number): Promise<void> {
  const policy = createAddressPolicy({ mode: 'development', allowedUpstreams: '' });
  if ('problem' in policy) throw new Error(policy.problem);
  const transport = createTransport({ policy, client: process.argv.includes('--client=full') ? 'full' : 'plain' });
  const request: TransportRequest = {
    ...{
      origin: `http://127.0.0.1:${port}`,
      method: 'POST',
      path,
      body: Buffer.alloc(925, 'x'),
      timeoutMs: 600_000,
      answerBytesMax: 2 ** 30,
    },
    headers: [
      ...[
        'content-type',
        'application/json',
        'accept',
        'application/json',
        'accept-encoding',
        'identity',
        'user-agent',
        'headgate',
      ],
      ...['authorization', `Bearer sk-${'x'.repeat(48)}`],
    ],
  };
  await drive(transport, request, WARM_UP_MS);
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const { ends, chunks } = await drive(transport, request, seconds * 1_000);
  const used = process.cpuUsage(before);
  const cpuUs = used.user + used.system;
  const perSecond = Math.round((ends * 1_000) / (performance.now() - startedAt));
  const each = path === '/stream' ? `${(cpuUs / chunks).toFixed(2)} CPU µs/chunk` : `${(cpuUs / ends).toFixed(1)} CPU µs/request`;
  console.log(`${path.padEnd(8)} ${each}  (${ends} requests, ${chunks} chunks, ${perSecond} requests/s)`);
  transport.close();
}

if (process.argv[2] === 'serve') {
  await serve();
} else {
  const upstream = fork(import.meta.filename, ['serve']);
  const [port] = (await once(upstream, 'message')) as [number];
  const seconds = Number(process.argv[2] ?? 5);
  await measure(port, '/whole', seconds);
  await measure(port, '/stream', seconds);
  upstream.kill();
}
