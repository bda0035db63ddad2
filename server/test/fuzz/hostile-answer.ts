/** What a provider answers to a case: as it should, or in any of the ways in which it should not. The same seed and case give the same bytes. */
import { Random } from '../simulation/random.ts';
import { anyText, type Fields, hostileValue, mutateBytes, mutateTree, written } from './hostile-json.ts';

export type ProviderKind = 'openai' | 'anthropic';
export type Asking = 'chat' | 'messages' | 'count_tokens' | 'embeddings' | 'completions';

export interface HostileAnswer {
  readonly status: number;
  /** Name and value, written as they are. */
  readonly headers: readonly (readonly [string, string])[];
  /** Sent one after the other. */
  readonly pieces: readonly Buffer[];
  /** `length`: with a content-length; `chunked`; `cut`: chunked, and the connection ends before the last chunk. */
  readonly framing: 'length' | 'chunked' | 'cut';
  /** What it costs and uses, where it is an answer as it should be; null where anything goes. */
  readonly honest: { readonly input: number; readonly output: number } | null;
}

const WORDS = 'twelve chars';

const NAMES = [
  ...['prompt_tokens', 'completion_tokens', 'total_tokens', 'input_tokens', 'output_tokens', 'cached_tokens', 'reasoning_tokens'],
  ...['cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation', 'prompt_tokens_details', 'citation_tokens'],
  ...[
    'completion_tokens_details',
    'prompt_cache_hit_tokens',
    'output_tokens_details',
    'usage',
    'x_groq',
    'error',
    'choices',
    'content',
  ],
  ...['finish_reason', 'stop_reason', 'stop_sequence', 'delta', 'message', 'id', 'model', 'role', 'type', 'index', 'tool_calls'],
  ...['server_tool_use', 'web_search_requests', 'num_search_queries', 'num_sources_used', 'iterations', 'speed', 'inference_geo'],
  ...['audio_tokens', 'image_tokens', 'cache_write_tokens', 'thinking_tokens', 'ephemeral_1h_input_tokens'],
  ...['function_call', 'service_tier', 'refusal', 'reasoning_content', 'annotations', '__proto__', 'constructor', 'toString'],
] as const;

/** The answer to case `n` under a seed. */
export function answerFor(seed: number, n: number, kind: ProviderKind, asking: Asking, stream: boolean): HostileAnswer {
  const random = new Random(seed * 1_000_003 + n * 2 + 1);
  const usage = { input: random.whole(1, 4_000), output: random.whole(1, 900) };
  const isStream = stream && (asking === 'chat' || asking === 'messages' || asking === 'completions');
  const how = random.weighted<'honest' | 'fields' | 'bytes' | 'error'>([
    [3, 'honest'],
    [6, 'fields'],
    [2, 'bytes'],
    [1, 'error'],
  ]);
  if (how === 'error') return errorAnswer(kind, random);
  const trees = isStream ? streamOf(kind, asking, usage) : [wholeOf(kind, asking, usage)];
  if (how === 'fields') for (const tree of trees) if (trees.length === 1 || random.chance(0.4)) mutateTree(tree, NAMES, random);
  const text = isStream ? eventsOf(kind, trees, how === 'honest' ? null : random) : written(trees[0] as Fields);
  const bytes = how === 'bytes' ? mutateBytes(Buffer.from(text), random) : Buffer.from(text);
  const framing = how === 'honest' ? (isStream ? 'chunked' : 'length') : random.pick(['length', 'chunked', 'cut'] as const);
  return {
    status: 200,
    headers: [
      ['content-type', typeOf(isStream, how === 'honest' ? null : random)],
      ...(how === 'honest' ? [] : oddHeaders(random)),
    ],
    pieces: isStream ? inPieces(bytes, random) : [bytes],
    framing,
    honest:
      how === 'honest' && asking !== 'count_tokens' ? { ...usage, output: asking === 'embeddings' ? 0 : usage.output } : null,
  };
}

function wholeOf(
  kind: ProviderKind,
  asking: Asking,
  { input, output }: { readonly input: number; readonly output: number },
): Fields {
  if (asking === 'count_tokens') return { input_tokens: input };
  if (asking === 'embeddings') {
    const data = [{ object: 'embedding', index: 0, embedding: [0.1, -0.2] }];
    return { object: 'list', data, model: 'm', usage: { prompt_tokens: input, total_tokens: input } };
  }
  if (kind === 'anthropic') {
    const content = [{ type: 'text', text: WORDS }];
    const usage = { input_tokens: input, output_tokens: output, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
    return {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content,
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage,
    };
  }
  if (asking === 'completions') {
    const choices = [{ index: 0, text: WORDS, logprobs: null, finish_reason: 'stop' }];
    return { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm', choices, usage: openAiUsage(input, output) };
  }
  const choices = [{ index: 0, message: { role: 'assistant', content: WORDS }, finish_reason: 'stop' }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', choices, usage: openAiUsage(input, output) };
}

function openAiUsage(input: number, output: number): Fields {
  const details = { prompt_tokens_details: { cached_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0 } };
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output, ...details };
}

function streamOf(
  kind: ProviderKind,
  asking: Asking,
  { input, output }: { readonly input: number; readonly output: number },
): Fields[] {
  if (kind === 'anthropic') {
    return [
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'm',
          content: [],
          usage: { input_tokens: input, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: WORDS } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: output } },
      { type: 'message_stop' },
    ];
  }
  if (asking === 'completions') {
    const head = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm' };
    return [
      { ...head, choices: [{ index: 0, text: WORDS, logprobs: null, finish_reason: null }] },
      { ...head, choices: [{ index: 0, text: '', logprobs: null, finish_reason: 'stop' }] },
      { ...head, choices: [], usage: openAiUsage(input, output) },
    ];
  }
  const chunk = (fields: Fields): Fields => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    ...fields,
  });
  return [
    chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: { content: WORDS }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
    chunk({ choices: [], usage: openAiUsage(input, output) }),
  ];
}

function eventsOf(kind: ProviderKind, trees: readonly Fields[], random: Random | null): string {
  const end = random?.chance(0.15) ? random.pick(['\r\n\r\n', '\n', '\r\r', '\n\n\n\n']) : '\n\n';
  const type = (tree: Fields) => (kind === 'anthropic' && typeof tree.type === 'string' ? `event: ${tree.type}\n` : '');
  const events = trees.map((tree) => `${type(tree)}data: ${written(tree)}${end}`);
  if (kind === 'openai' && !random?.chance(0.2)) events.push(`data: [DONE]${end}`);
  if (random?.chance(0.1)) events.splice(random.whole(0, events.length), 0, ': a comment\n\n');
  if (random?.chance(0.1)) events.splice(random.whole(0, events.length), 0, random.pick(events));
  if (random?.chance(0.1)) events.splice(random.whole(0, events.length), 0, `data: ${hostileValue(random).text}\n\n`);
  return events.join('');
}

function inPieces(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = random.chance(0.5) ? bytes.length : random.whole(1, 200);
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function typeOf(isStream: boolean, random: Random | null): string {
  const honest = isStream ? 'text/event-stream' : 'application/json';
  return random?.chance(0.1)
    ? random.pick(['text/html', 'text/event-stream; charset=\xfc', '', 'application/octet-stream'])
    : honest;
}

function oddHeaders(random: Random): [string, string][] {
  if (random.chance(0.6)) return [];
  return [
    [
      random.pick(['x-request-id', 'openai-model', 'openai-version', 'server', 'set-cookie', 'openai-processing-ms']),
      latin1Text(random),
    ],
  ];
}

/** Printable bytes and those above ASCII: what a head may hold on the wire. */
export function latin1Text(random: Random): string {
  const code = () => (random.chance(0.7) ? random.whole(0x21, 0x7e) : random.whole(0xa0, 0xff));
  return Array.from({ length: random.whole(1, 60) }, () => String.fromCharCode(code())).join('');
}

const STATUSES = [
  400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 529, 301, 307,
] as const;

function errorAnswer(kind: ProviderKind, random: Random): HostileAnswer {
  const error: Fields = {
    message: anyText(random, 80),
    type: random.pick(['server_error', 'invalid_request_error', 'overloaded_error']),
    param: anyText(random, 300),
    code: random.pick(['context_length_exceeded', 'insufficient_quota', 'odd']),
  };
  const tree: Fields = kind === 'anthropic' ? { type: 'error', error } : { error };
  if (random.chance(0.5)) mutateTree(tree, NAMES, random);
  const text = Buffer.from(written(tree));
  const retry = ['0', '1', '-1', '1e9', '18446744073709551615', 'soon', 'Fri, 31 Dec 9999 23:59:59 GMT', '0.0001', 'NaN', '\xfc'];
  return {
    // In a 200 too: some servers put their errors there.
    status: random.chance(0.2) ? 200 : random.pick(STATUSES),
    headers: [
      ['content-type', random.pick(['application/json', 'text/plain', 'text/html'])],
      ...(random.chance(0.5) ? [[random.pick(['retry-after', 'retry-after-ms']), random.pick(retry)] as [string, string]] : []),
      ...(random.chance(0.3) ? [['x-should-retry', random.pick(['false', 'true', 'perhaps'])] as [string, string]] : []),
    ],
    pieces: [random.chance(0.3) ? mutateBytes(text, random) : text],
    framing: random.pick(['length', 'chunked', 'cut'] as const),
    honest: null,
  };
}
