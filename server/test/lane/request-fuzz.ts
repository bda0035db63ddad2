/** The fast lane beside Node's own parser: the same bytes in the same pieces, and whether both read the same requests. */
import type { Server } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { LaneRequest } from '../../src/http/fast/lane-reply.ts';
import { openListener } from '../../src/http/open-listener.ts';
import type { GatewayRequest, Reply } from '../../src/http/request-reply.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { MemorySocket } from './memory-socket.ts';
import { exchangeOverNetwork, listenOn } from './network.ts';
import { drawFrom, fragments } from './random.ts';
import { drawRequests } from './requests.ts';

export interface FuzzResult {
  readonly connections: number;
  readonly messages: number;
  /** Requests that the lane itself read. */
  readonly inLane: number;
  /** How many connections were read differently, and the first few of them in words. */
  readonly disagreed: number;
  readonly disagreements: readonly string[];
}

interface Reading {
  readonly served: string[];
  /** How many bytes had been fed when each was served. */
  readonly at: number[];
  /** The status of each answer. */
  readonly answers: string[];
  readonly inLane: number;
  /** Where the lane gave the connection to Node; null where it did not. */
  readonly putBackAt: number | null;
}

/** Reads as many connections as asked with the lane and without. `from`: the first seed; each connection has one of its own. */
export async function fuzzRequests(connections: number, from: number): Promise<FuzzResult> {
  const off = desk('off');
  const on = desk('on');
  let messages = 0;
  let inLane = 0;
  const disagreements: string[] = [];
  let disagreed = 0;
  for (let seed = from; seed < from + connections; seed += 1) {
    const draw = drawFrom(seed);
    const drawn = drawRequests(draw);
    const pieces = fragments(drawn.bytes, draw);
    messages += drawn.messages;
    const [withNode, withLane] = [await read(off, pieces), await read(on, pieces)];
    inLane += withLane.inLane;
    const problem = looksSame(withNode, withLane) ? null : disagreement(await read(off, bytesOf(drawn.bytes)), withLane);
    if (problem === null) continue;
    disagreed += 1;
    if (disagreements.length < 5)
      disagreements.push(`seed ${seed}: ${problem}: ${JSON.stringify(pieces.map((piece) => piece.toString('latin1')))}`);
  }
  return { connections, messages, inLane, disagreed, disagreements };
}

/**
 * The same over a real network, where a connection changes hands with the kernel's buffers behind it. Pieces arrive here as they like, so only
 * connections are taken on which every request is answered well, and behind the last of which nothing follows: what is no message may take
 * the answers to those before it away, or not.
 */
export async function fuzzRequestsOverNetwork(connections: number, from: number): Promise<FuzzResult> {
  const off = desk('off');
  const on = desk('on');
  const ports = { on: await listenOn(on.server), off: await listenOn(off.server) };
  let [messages, inLane, taken] = [0, 0, 0];
  const disagreements: string[] = [];
  let disagreed = 0;
  for (let seed = from; taken < connections; seed += 1) {
    const draw = drawFrom(seed);
    const { bytes, messages: drawn } = drawRequests(draw);
    const pieces = fragments(bytes, draw);
    const expected = await read(off, pieces);
    if (expected.served.length !== drawn || expected.answers.some((status) => status !== '200')) continue;
    if ((await read(off, bytesOf(bytes))).at.at(-1) !== bytes.length) continue;
    taken += 1;
    messages += drawn;
    const withLane = await heardOverNetwork(on, ports.on, pieces, drawn);
    inLane += on.current.inLane;
    // Node closes behind some answers, which memory does not show: what differs from memory is asked of Node itself over the network.
    const isSame =
      withLane === wordsOf(expected.served, drawn) || withLane === (await heardOverNetwork(off, ports.off, pieces, drawn));
    if (isSame) continue;
    disagreed += 1;
    if (disagreements.length < 5) disagreements.push(`seed ${seed}: ${withLane}`);
  }
  on.server.close();
  off.server.close();
  return { connections, messages, inLane, disagreed, disagreements };
}

async function heardOverNetwork(desk: Desk, port: number, pieces: readonly Buffer[], wanted: number): Promise<string> {
  desk.current = nothingRead();
  const answers = await exchangeOverNetwork(port, pieces, wanted);
  return wordsOf(desk.current.served, answers);
}

/** Node begins requests side by side, so they are compared without their order. */
function wordsOf(served: readonly string[], answers: number): string {
  return `${answers} answers to ${served.toSorted().join(' ')}`;
}

function looksSame(withNode: Reading, withLane: Reading): boolean {
  return withNode.served.join() === withLane.served.join() && withNode.answers.join() === withLane.answers.join();
}

/**
 * Node reads all of a piece before it answers any of it: bad bytes at its end take the answers to what stood before them away, and requests
 * without a body overtake others. So whatever looks different is read once more byte by byte, where nothing stands before. What the lane
 * read itself must then be what Node read first, and what it gave back must begin where Node had read so far.
 */
function disagreement(byBytes: Reading, withLane: Reading): string | null {
  const count = withLane.inLane;
  const [node, lane] = [byBytes.served.slice(0, count).join('\n'), withLane.served.slice(0, count).join('\n')];
  if (node !== lane) return `Node read\n${node}\nand the lane\n${lane}\n`;
  const readTo = count === 0 ? 0 : (byBytes.at[count - 1] as number);
  if (withLane.putBackAt !== null)
    return withLane.putBackAt === readTo ? null : `the lane put back from ${withLane.putBackAt} on, not ${readTo}`;
  return byBytes.served.length === count ? null : `Node read ${byBytes.served.length} requests and the lane ${count}`;
}

function bytesOf(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}

interface Desk {
  readonly server: Server;
  current: { readonly socket: MemorySocket; readonly served: string[]; readonly at: number[]; inLane: number };
}

function desk(fastLane: 'on' | 'off'): Desk {
  const made = { current: nothingRead() };
  const note = (request: GatewayRequest, reply: Reply) => {
    if (request instanceof LaneRequest) made.current.inLane += 1;
    made.current.served.push(words(request));
    made.current.at.push(made.current.socket.fedBytes);
    reply.head(200, ['content-length', '2']);
    reply.end(OK);
  };
  const { server } = openListener(fastLane, {
    clock: systemClock,
    bodyBytesMax: 2_000,
    requestId: () => 'req_0',
    admin: (request, response) => {
      made.current.served.push(`admin ${request.method} ${request.url}`);
      made.current.at.push(made.current.socket.fedBytes);
      response.end('admin');
    },
    serve: note,
  });
  return Object.assign(made, { server });
}

const OK = Buffer.from('ok');

function words({ method, path, query, rawHeaders, body }: GatewayRequest): string {
  const headers = rawHeaders.map((text, at) => (at % 2 === 0 ? text.toLowerCase() : text));
  return JSON.stringify([method, path, query, headers, body.toString('latin1')]);
}

function nothingRead(): Desk['current'] {
  return { socket: new MemorySocket(), served: [], at: [], inLane: 0 };
}

async function read(desk: Desk, pieces: readonly Buffer[]): Promise<Reading> {
  const current = nothingRead();
  const { socket } = current;
  desk.current = current;
  desk.server.emit('connection', socket);
  for (const piece of pieces) {
    // Never the very same memory: whoever keeps a piece must not see what another wrote into it.
    socket.feed(Buffer.from(piece));
    await turn();
  }
  await turn();
  const answers = [...socket.said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status as string);
  const { served, at, inLane } = current;
  desk.current = nothingRead();
  socket.destroy();
  await turn();
  return { served, at, inLane, answers, putBackAt: socket.putBackAt };
}
