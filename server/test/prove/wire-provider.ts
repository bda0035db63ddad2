/**
 * A provider in this process that speaks every chat-like wire, uses all that a request lets it use, and bills a token for each byte it is
 * sent. Nobody tells it who asked: its bill is one sum. Its arithmetic is its own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The price list as the admin API takes it, and the same in nano-dollars for a token. */
export const WIRE_PRICES = { input_per_million: '1.00', output_per_million: '10.00' };
const NANO_USD = { input: 1_000, output: 10_000 };
const THINKS_MS = 60;
const TOKENS_PER_MS = 0.2;
/** Where a request bounds no output. */
const OPEN_OUTPUT_TOKENS = 9_000;

// biome-ignore lint/suspicious/noExplicitAny: bodies of five wires
type Json = any;

export interface WireProvider {
  /** Addresses without a path: of one that speaks every wire, and of one that speaks Chat Completions. */
  readonly every: string;
  readonly chatOnly: string;
  /** Nano-dollars billed since the last call of this, and the number of calls. All of them are over. */
  bill(): Promise<{ readonly nanoUsd: number; readonly calls: number }>;
  stop(): Promise<void>;
}

export async function startWireProvider(): Promise<WireProvider> {
  const books = { nanoUsd: 0, calls: 0, open: 0 };
  const servers = [0, 1].map(() =>
    createServer((request, response) => {
      books.open += 1;
      serve(request, response)
        .then((nanoUsd) => {
          books.calls += 1;
          books.nanoUsd += nanoUsd;
        })
        .catch(() => response.destroy())
        .finally(() => {
          books.open -= 1;
        });
    }),
  );
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const [every, chatOnly] = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    every: every ?? '',
    chatOnly: chatOnly ?? '',
    bill: async () => {
      while (books.open > 0) await sleep(10);
      const { nanoUsd, calls } = books;
      Object.assign(books, { nanoUsd: 0, calls: 0 });
      return { nanoUsd, calls };
    },
    stop: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      }
    },
  };
}

/** Answers, and returns what is billed in nano-dollars. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<number> {
  const body = Buffer.concat(await request.toArray());
  const asked = JSON.parse(body.toString()) as Json;
  const at = request.url ?? '';
  const wire = WIRES.find(({ path }) => path.test(at));
  if (wire === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"nothing is here"}}');
    return 0;
  }
  const input = body.length;
  const most = wire.outputOf(asked);
  const isStream = asked.stream === true || at.includes('stream');
  if (!isStream) {
    await sleep(THINKS_MS);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(wire.whole(input, most)));
    return billOf(input, most);
  }
  const begunMs = performance.now();
  const [first, rest] = wire.stream(input, most);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(first);
  const closed = once(response, 'close');
  await Promise.race([sleep(Math.max(THINKS_MS, most / TOKENS_PER_MS)), closed]);
  // Who hangs up pays for what was made by then.
  if (response.destroyed) return billOf(input, Math.min(most, Math.ceil((performance.now() - begunMs) * TOKENS_PER_MS)));
  response.end(rest);
  return billOf(input, most);
}

function billOf(input: number, output: number): number {
  return input * NANO_USD.input + output * NANO_USD.output;
}

interface WireOf {
  readonly path: RegExp;
  /** The most output tokens of a request. */
  outputOf(asked: Json): number;
  whole(input: number, output: number): object;
  /** The events before the output is made, with a first piece of it, and those after. */
  stream(input: number, output: number): readonly [first: string, rest: string];
}

const TEXT = 'Yes.';

function events(list: readonly Json[], isNamed = true): string {
  return list
    .map((one) => `${isNamed && one.type !== undefined ? `event: ${one.type}\n` : ''}data: ${JSON.stringify(one)}\n\n`)
    .join('');
}

const CHAT = { id: 'chatcmpl-1', created: 1, model: 'up' };
const chatUsage = (input: number, output: number) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});
const chunk = (delta: object, finish_reason: string | null) => ({
  ...CHAT,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta, finish_reason }],
});

const COMPLETION = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'up' };

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'up', stop_sequence: null };

const ITEM = { type: 'message', id: 'msg_1', role: 'assistant' };
const PART = { type: 'output_text', text: TEXT, annotations: [] };
const responseOf = (status: string, more: object) => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status,
  model: 'up',
  error: null,
  incomplete_details: null,
  output: [],
  ...more,
});
const completed = (input: number, output: number) =>
  responseOf('completed', {
    output: [{ ...ITEM, status: 'completed', content: [PART] }],
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
  });

const candidate = (text: string, more: object) => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...more }],
  modelVersion: 'up',
  responseId: 'r1',
});
const geminiUsage = (input: number, output: number) => ({
  usageMetadata: { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output },
});

const WIRES: readonly WireOf[] = [
  {
    path: /\/chat\/completions$/,
    outputOf: (asked) => (asked.max_completion_tokens ?? asked.max_tokens ?? OPEN_OUTPUT_TOKENS) * (asked.n ?? 1),
    whole: (input, output) => ({
      ...CHAT,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }],
      usage: chatUsage(input, output),
    }),
    stream: (input, output) => [
      events([chunk({ role: 'assistant', content: TEXT }, null)]),
      `${events([chunk({}, 'stop'), { ...CHAT, object: 'chat.completion.chunk', choices: [], usage: chatUsage(input, output) }])}data: [DONE]\n\n`,
    ],
  },
  {
    path: /\/completions$/,
    outputOf: (asked) =>
      (asked.max_tokens ?? OPEN_OUTPUT_TOKENS) *
      Math.max(asked.n ?? 1, asked.best_of ?? 1) *
      (Array.isArray(asked.prompt) && typeof asked.prompt[0] === 'string' ? asked.prompt.length : 1),
    whole: (input, output) => ({
      ...COMPLETION,
      choices: [{ index: 0, text: TEXT, logprobs: null, finish_reason: 'stop' }],
      usage: chatUsage(input, output),
    }),
    stream: (input, output) => [
      events([{ ...COMPLETION, choices: [{ index: 0, text: TEXT, logprobs: null, finish_reason: null }] }]),
      `${events([
        { ...COMPLETION, choices: [{ index: 0, text: '', logprobs: null, finish_reason: 'stop' }] },
        { ...COMPLETION, choices: [], usage: chatUsage(input, output) },
      ])}data: [DONE]\n\n`,
    ],
  },
  {
    path: /\/messages(\?.*)?$/,
    outputOf: (asked) => asked.max_tokens,
    whole: (input, output) => ({
      ...MESSAGE,
      content: [{ type: 'text', text: TEXT }],
      stop_reason: 'end_turn',
      usage: { input_tokens: input, output_tokens: output },
    }),
    stream: (input, output) => [
      events([
        {
          type: 'message_start',
          message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: input, output_tokens: 1 } },
        },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: TEXT } },
      ]),
      events([
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: output } },
        { type: 'message_stop' },
      ]),
    ],
  },
  {
    path: /\/responses$/,
    outputOf: (asked) => asked.max_output_tokens ?? OPEN_OUTPUT_TOKENS,
    whole: completed,
    stream: (input, output) => {
      const place = { output_index: 0, item_id: ITEM.id, content_index: 0 };
      const list = [
        { type: 'response.created', response: responseOf('in_progress', { usage: null }) },
        { type: 'response.output_item.added', output_index: 0, item: { ...ITEM, status: 'in_progress', content: [] } },
        { type: 'response.content_part.added', ...place, part: { ...PART, text: '' } },
        { type: 'response.output_text.delta', ...place, delta: TEXT },
        { type: 'response.output_text.done', ...place, text: TEXT },
        { type: 'response.content_part.done', ...place, part: PART },
        { type: 'response.output_item.done', output_index: 0, item: { ...ITEM, status: 'completed', content: [PART] } },
        { type: 'response.completed', response: completed(input, output) },
      ].map((event, sequence_number) => ({ ...event, sequence_number }));
      return [events(list.slice(0, 4)), events(list.slice(4))];
    },
  },
  {
    path: /:(?:streamG|g)enerateContent(\?.*)?$/,
    outputOf: (asked) =>
      (asked.generationConfig?.maxOutputTokens ?? OPEN_OUTPUT_TOKENS) * (asked.generationConfig?.candidateCount ?? 1),
    whole: (input, output) => ({ ...candidate(TEXT, { finishReason: 'STOP' }), ...geminiUsage(input, output) }),
    stream: (input, output) => [
      events([candidate(TEXT, {})]),
      events([{ ...candidate('', { finishReason: 'STOP' }), ...geminiUsage(input, output) }]),
    ],
  },
  {
    path: /\/embeddings$/,
    outputOf: () => 0,
    whole: (input) => ({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
      model: 'up',
      usage: { prompt_tokens: input, total_tokens: input },
    }),
    stream: () => ['', ''],
  },
];
