/** Streams at a steady pace that never end by themselves, from a provider in this process through a gateway and back: what each piece waited. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventsIn } from '../support/event-stream.ts';

export interface PacedProvider {
  /** With `/v1`, as a credential's base URL wants it. */
  readonly baseUrl: string;
  /** Ends every stream as a whole answer ends. */
  finish(): void;
  stop(): Promise<void>;
}

/**
 * Streams whatever it is asked, a piece every `paceMs`; each piece says when it was sent. A container reaches it on every address (`0.0.0.0`) under
 * a name of its own.
 */
export async function startPacedProvider(
  paceMs: number,
  { listen = '127.0.0.1', name = listen }: { readonly listen?: string; readonly name?: string } = {},
): Promise<PacedProvider> {
  const open = new Map<ServerResponse, NodeJS.Timeout>();
  const server = createServer(async (request, response) => {
    for await (const _ of request);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const beat = setInterval(() => response.write(piece({ content: `@${performance.now().toFixed(3)}@` }, null)), paceMs);
    open.set(response, beat);
    response.on('close', () => {
      clearInterval(beat);
      open.delete(response);
    });
  });
  server.listen(0, listen);
  await once(server, 'listening');
  return {
    baseUrl: `http://${name}:${(server.address() as AddressInfo).port}/v1`,
    finish: () => {
      for (const [response, beat] of open) {
        clearInterval(beat);
        response.end(`${piece({}, 'stop')}${USAGE}data: [DONE]\n\n`);
      }
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function piece(delta: object, finishReason: string | null): string {
  return event({ choices: [{ index: 0, delta, finish_reason: finishReason }] });
}

function event(fields: object): string {
  return `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'paced', ...fields })}\n\n`;
}

const USAGE = event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 } });

/** What was seen between two readings, in milliseconds, smallest first. */
export interface Gaps {
  /** Between one piece of a stream and the next. */
  readonly between: readonly number[];
  /** From the provider's hand to the client's. */
  readonly through: readonly number[];
}

export interface PacedStreams {
  /** What came since the last reading. */
  read(): Gaps;
  /** Resolves when every stream has ended. */
  ended(): Promise<readonly StreamEnd[]>;
}

/** How a stream ended: as a whole answer does, with an error said in it, or broken off without a word. */
export interface StreamEnd {
  readonly is: 'whole' | 'told' | 'cut';
  readonly requestId: string;
  /** Bytes of answer text that arrived. */
  readonly textBytes: number;
  /** Why its connection broke, or the last event before it ended; without one the end of its text. */
  readonly last: string;
}

/** Opens so many streams of one key; resolves when each has its first piece. */
export async function openStreams(base: string, secret: string, model: string, count: number): Promise<PacedStreams> {
  let between: number[] = [];
  let through: number[] = [];
  const note = (gapMs: number | null, delayMs: number) => {
    if (gapMs !== null) between.push(gapMs);
    through.push(delayMs);
  };
  const opened = await Promise.all(Array.from({ length: count }, () => openStream(base, secret, model, note)));
  return {
    read: () => {
      const gaps = { between: between.sort(ascending), through: through.sort(ascending) };
      between = [];
      through = [];
      return gaps;
    },
    ended: () => Promise.all(opened.map(({ end }) => end)),
  };
}

type Note = (gapMs: number | null, delayMs: number) => void;

/** Opens a stream, and reads it from then on: `fetch` ends a body without a reader as soon as its response is collected as garbage. */
async function openStream(
  base: string,
  secret: string,
  model: string,
  note: Note,
): Promise<{ readonly end: Promise<StreamEnd> }> {
  const response = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 100_000, stream: true, messages: [{ role: 'user', content: 'Hi.' }] }),
  });
  if (response.status !== 200 || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  return { end: followed(response.body, response.headers.get('x-request-id') ?? '', note) };
}

async function followed(body: ReadableStream<Uint8Array>, requestId: string, note: Note): Promise<StreamEnd> {
  let lastMs: number | null = null;
  let [tail, textBytes] = ['', 0];
  try {
    for await (const chunk of body) {
      const text = Buffer.from(chunk).toString('latin1');
      tail = (tail + text).slice(-TAIL_CHARS);
      const nowMs = performance.now();
      for (const [said, sent] of text.matchAll(/@([\d.]+)@/g)) {
        note(lastMs === null ? null : nowMs - lastMs, nowMs - Number(sent));
        lastMs = nowMs;
        textBytes += said.length;
      }
    }
  } catch (error) {
    const { message, cause } = error as Error;
    return { is: 'cut', requestId, textBytes, last: `${message} ${cause ?? ''}` };
  }
  const last = eventsIn(tail).at(-1)?.data ?? '';
  if (last === '[DONE]') return { is: 'whole', requestId, textBytes, last };
  return {
    is: last.startsWith('{"error":') ? 'told' : 'cut',
    requestId,
    textBytes,
    last: last === '' ? `no event in ${JSON.stringify(tail)}` : last,
  };
}

/** More than an error's event has. */
const TAIL_CHARS = 1_000;

function ascending(a: number, b: number): number {
  return a - b;
}
