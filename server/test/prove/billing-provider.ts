/**
 * A provider of both kinds in this process that makes 200 tokens a second and bills what it made, whether or not anybody saw it. What a call
 * is to be answered stands in its user message: `tokens=400 hidden=390 usage=300`.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NANO_USD_PER_TOKEN } from '../vendor/site.ts';

export const TOKENS_PER_SECOND = 200;
const TICK_MS = 20;
const HALF_MS = 200;

export interface BillingProvider {
  /** Without `/v1`. */
  readonly base: string;
  /** The call of that id (`user`, `metadata.user_id`) once it has come. */
  call(id: string): Promise<BilledCall>;
  stop(): Promise<void>;
}

export interface BilledCall {
  /** Half of a whole answer is sent, and the rest waits a moment. */
  readonly halfSent: Promise<void>;
  /** Nothing more will be made: the answer is complete, or a stream's reader is gone. */
  readonly over: Promise<void>;
  /** What the provider bills, in nano-dollars. Of meaning once it is over. */
  billedNanoUsd(): number;
}

export async function startBillingProvider(): Promise<BillingProvider> {
  const calls = new Map<string, Call>();
  const server = createServer((request, response) => {
    serve(request, response, calls).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    call: async (id) => {
      for (let tries = 0; !calls.has(id); tries += 1) {
        if (tries > 5_000) throw new Error(`the call ${id} never came`);
        await sleep(2);
      }
      return calls.get(id) as Call;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Asked {
  readonly model: string;
  readonly stream?: boolean;
  readonly n?: number;
  readonly user?: string;
  readonly metadata?: { readonly user_id?: string };
  readonly messages: readonly { readonly content: string }[];
}

async function serve(request: IncomingMessage, response: ServerResponse, calls: Map<string, Call>): Promise<void> {
  const body = Buffer.concat(await request.toArray());
  const asked = JSON.parse(body.toString()) as Asked;
  const call = new Call(asked, body.length, response);
  calls.set(asked.user ?? asked.metadata?.user_id ?? '', call);
  const voice = request.url?.startsWith('/v1/messages') ? messagesVoice : chatVoice;
  await (asked.stream === true ? call.stream(voice) : call.whole(voice));
}

/** How one kind of provider says an answer. */
interface Voice {
  begin(call: Call): string;
  word(text: string, index: number): string;
  /** What comes with the finish reason, and what after it. */
  finish(call: Call): readonly [string, string];
  whole(call: Call): string;
}

class Call implements BilledCall {
  readonly halfSent: Promise<void>;
  readonly over: Promise<void>;
  readonly n: number;
  readonly input: number;
  readonly total: number;
  readonly hidden: number;
  readonly #usageMs: number;
  readonly #response: ServerResponse;
  readonly #startedMs = performance.now();
  #billed: number | null = null;
  #toldHalf: () => void = () => {};
  #toldOver: () => void = () => {};

  constructor({ n = 1, messages }: Asked, bodyBytes: number, response: ServerResponse) {
    const said = (word: string) => Number(new RegExp(`${word}=(\\d+)`).exec(messages[0]?.content ?? '')?.[1] ?? 0);
    this.n = n;
    this.input = Math.ceil(bodyBytes / 4);
    this.total = said('tokens');
    this.hidden = said('hidden');
    this.#usageMs = said('usage');
    this.#response = response;
    this.halfSent = new Promise((resolve) => {
      this.#toldHalf = resolve;
    });
    this.over = new Promise((resolve) => {
      this.#toldOver = resolve;
    });
  }

  /** Tokens of one choice made so far. */
  made(): number {
    return Math.min(this.total, Math.floor(((performance.now() - this.#startedMs) * TOKENS_PER_SECOND) / 1_000));
  }

  billedNanoUsd(): number {
    return this.input * NANO_USD_PER_TOKEN.input + (this.#billed ?? this.made()) * this.n * NANO_USD_PER_TOKEN.output;
  }

  async stream(voice: Voice): Promise<void> {
    const response = this.#response;
    // By its own clock: what was made when it learns that its reader is gone.
    response.on('close', () => this.#bill(this.made()));
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(voice.begin(this));
    for (let told = this.hidden; told < this.total && !response.destroyed; ) {
      await sleep(TICK_MS);
      for (const made = this.made(); told < made; told += 1)
        for (let index = 0; index < this.n; index += 1) response.write(voice.word('word', index));
    }
    const [reason, usage] = voice.finish(this);
    response.write(reason);
    await sleep(this.#usageMs);
    response.write(usage);
    await sleep(this.#usageMs);
    response.end();
  }

  /** Made in full, whoever waits for it. */
  async whole(voice: Voice): Promise<void> {
    const response = this.#response;
    await sleep((this.total * 1_000) / TOKENS_PER_SECOND);
    this.#bill(this.total);
    const body = voice.whole(this);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
    response.write(body.slice(0, body.length / 2));
    this.#toldHalf();
    await sleep(HALF_MS);
    response.end(body.slice(body.length / 2));
  }

  #bill(tokens: number): void {
    this.#billed ??= tokens;
    this.#toldOver();
  }
}

const chatVoice: Voice = {
  begin: ({ n }) =>
    indexes(n)
      .map((index) => chunk(index, { role: 'assistant', content: '' }, null))
      .join(''),
  word: (text, index) => chunk(index, { content: text }, null),
  finish: (call) => [
    indexes(call.n)
      .map((index) => chunk(index, {}, 'stop'))
      .join(''),
    `${data({ ...CHUNK, choices: [], usage: chatUsage(call) })}data: [DONE]\n\n`,
  ],
  whole: (call) => {
    const message = { role: 'assistant', content: 'word'.repeat(call.total - call.hidden) };
    const choices = indexes(call.n).map((index) => ({ index, message, finish_reason: 'stop' }));
    return JSON.stringify({ ...CHUNK, object: 'chat.completion', choices, usage: chatUsage(call) });
  },
};

const CHUNK = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' };

function chunk(index: number, delta: object, reason: string | null): string {
  return data({ ...CHUNK, choices: [{ index, delta, finish_reason: reason }] });
}

function chatUsage({ input, total, hidden, n }: Call): object {
  const details = { completion_tokens_details: { reasoning_tokens: hidden * n } };
  return { prompt_tokens: input, completion_tokens: total * n, total_tokens: input + total * n, ...details };
}

const messagesVoice: Voice = {
  begin: ({ input }) =>
    event({ type: 'message_start', message: { ...MESSAGE, usage: { input_tokens: input, output_tokens: 1 } } }) +
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  word: (text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  finish: ({ total }) => [
    event({ type: 'content_block_stop', index: 0 }) +
      event({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: total } }),
    event({ type: 'message_stop' }),
  ],
  whole: ({ input, total, hidden }) => {
    const content = [{ type: 'text', text: 'word'.repeat(total - hidden) }];
    const usage = { input_tokens: input, output_tokens: total };
    return JSON.stringify({ ...MESSAGE, content, stop_reason: 'end_turn', usage });
  },
};

const MESSAGE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: null,
  stop_sequence: null,
};

function event(value: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${value.type}\n${data(value)}`;
}

function data(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

function indexes(n: number): number[] {
  return Array.from({ length: n }, (_, index) => index);
}
