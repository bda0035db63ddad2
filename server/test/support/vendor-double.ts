/**
 * A vendor of both kinds on this machine. The upstream model's name says how it behaves, and it writes down what it served, so that a ledger
 * can be held against it: `words:20`, `cut:7` (seven words of a stream, then it waits for the other side to go), `gate` (nothing until told),
 * `flood:64` (a stream of so many MiB), `…fault:…` (every way to fail). Anything else answers eight words.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { streamedAnswer, type VendorEvent, wholeAnswer } from './vendor-answers.ts';
import { type Exchange, type Served, writeEvents, writeStream, writeWhole } from './vendor-exchange.ts';
import { isFault, playFault } from './vendor-faults.ts';

export interface VendorDouble {
  /** Without `/v1`. */
  readonly base: string;
  /** Every request since the start or the last `forget`, in the order of their arrival. */
  readonly served: readonly Served[];
  forget(): void;
  /** Connections opened since the start. */
  opened(): number;
  /** Requests of this model that wait at the gate. */
  waiting(model: string): number;
  /** Opens the gate of this model for good. */
  letAnswer(model: string): void;
  close(): Promise<void>;
}

export async function startVendor(): Promise<VendorDouble> {
  const served: Served[] = [];
  const gates = new Map<string, { isOpen: boolean; waiting: Set<() => void> }>();
  const failures = new Map<string, number>();
  let opened = 0;
  const gateOf = (model: string) => {
    const gate = gates.get(model) ?? { isOpen: false, waiting: new Set<() => void>() };
    gates.set(model, gate);
    return gate;
  };
  const server = createServer(async (request, response) => {
    const exchange = await read(request, response).catch(() => null);
    if (exchange === null) return; // Whoever asked went away before the question was whole.
    served.push(exchange.record);
    const { model } = exchange.record;
    if (model.startsWith('gate')) await passing(gateOf(model), request.socket);
    if (isFault(model)) await playFault(exchange, failures);
    else await answer(exchange);
  });
  server.on('connection', (socket) => {
    opened += 1;
    socket.setMaxListeners(0).on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    forget: () => void served.splice(0),
    opened: () => opened,
    waiting: (model) => gateOf(model).waiting.size,
    letAnswer: (model) => {
      const gate = gateOf(model);
      gate.isOpen = true;
      for (const go of gate.waiting) go();
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const WORDS = 8;

/** The last request of each connection. */
const lastOf = new WeakMap<Socket, Served>();

async function read(request: IncomingMessage, response: ServerResponse): Promise<Exchange> {
  const body = Buffer.concat(await request.toArray());
  const asked = JSON.parse(body.toString()) as {
    model: string;
    stream?: boolean;
    max_tokens?: number;
    max_completion_tokens?: number;
  };
  const record: Served = {
    model: asked.model,
    kind: request.url?.startsWith('/v1/messages') ? 'anthropic' : 'openai',
    stream: asked.stream === true,
    bodyBytes: body.length,
    outputCap: asked.max_completion_tokens ?? asked.max_tokens ?? null,
    textBytes: 0,
    usage: null,
    isComplete: false,
    isClosed: false,
  };
  lastOf.set(request.socket, record);
  request.socket.on('close', () => {
    record.isClosed = lastOf.get(request.socket) === record;
  });
  const words = Math.min(
    Number(/^(?:words|cut):(\d+)/.exec(asked.model)?.[1] ?? WORDS),
    record.outputCap ?? Number.MAX_SAFE_INTEGER,
  );
  // Never the same twice in a row, so that no two answers cost the same by chance.
  return { request, response, record, words, usage: { input: 20 + (body.length % 13), output: words } };
}

async function passing(gate: { readonly isOpen: boolean; readonly waiting: Set<() => void> }, socket: Socket): Promise<void> {
  if (gate.isOpen) return;
  await new Promise<void>((go) => {
    const once = () => {
      gate.waiting.delete(once);
      go();
    };
    gate.waiting.add(once);
    socket.once('close', once);
  });
}

async function answer(exchange: Exchange): Promise<void> {
  const { record, words, usage } = exchange;
  const flood = /^flood:(\d+)/.exec(record.model);
  if (flood !== null) return writeFlood(exchange, Number(flood[1]) * 1024 * 1024);
  if (!record.stream) return writeWhole(exchange, wholeAnswer(record.kind, record.model, words, usage));
  const events = streamedAnswer(record.kind, record.model, words, usage);
  if (!record.model.startsWith('cut:')) return writeStream(exchange, events);
  await writeEvents(exchange, events.slice(0, Math.max(1, events.findLastIndex(({ textBytes }) => textBytes > 0) + 1)));
}

/** More than any buffer between the two sides takes, as fast as it is taken. */
async function writeFlood(exchange: Exchange, bytes: number): Promise<void> {
  const events = streamedAnswer(exchange.record.kind, exchange.record.model, 1, exchange.usage);
  const word = events.findIndex(({ textBytes }) => textBytes > 0);
  const { bytes: text } = events[word] as VendorEvent;
  await writeEvents(exchange, events.slice(0, word));
  const block = {
    bytes: text.repeat(256),
    textBytes: 256 * (events[word] as VendorEvent).textBytes,
    usage: null,
    isTerminator: false,
  };
  for (let written = 0; written < bytes && !exchange.response.destroyed; written += block.bytes.length)
    await writeEvents(exchange, [block]);
  await writeStream(exchange, events.slice(word + 1));
}
