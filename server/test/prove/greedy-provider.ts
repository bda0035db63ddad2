/**
 * A provider of both kinds in this process that uses all that a request lets it use, and bills more than tokens: a token for every byte, every
 * search it may make and everything read again after each, each part at its largest, the whole output of every choice, the tier that was asked
 * for. Its price list and its arithmetic are its own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nano-dollars for a token or a piece. */
const LIST = {
  ...{ input: 3_000, output: 15_000, cacheWrite: 3_750, cacheWriteHour: 6_000 },
  ...{ audioInput: 40_000, audioOutput: 80_000, search: 10_000_000, fee: 2_000_000 },
};
const LONG = { above: 200_000, input: 6_000, output: 22_500 };
const TIERS: Readonly<Record<string, number>> = { priority: 2, fast: 6 };

/** What the provider says of itself, and deployments declare of it. */
export const LARGEST_PART_TOKENS = 6_000;
export const MOST_SEARCHES = 3;

/** The same price list as the admin API takes it: what a deployment needs of it. */
export const PRICES = { input_per_million: '3.00', output_per_million: '15.00' };
export const CACHE_PRICES = { cache_write_per_million: '3.75', cache_write_1h_per_million: '6.00' };
export const AUDIO_PRICES = { audio_input_per_million: '40.00', audio_output_per_million: '80.00' };
export const TIER_PRICES = Object.fromEntries(
  Object.entries(TIERS).map(([tier, times]) => [
    tier,
    { input_per_million: `${3 * times}.00`, output_per_million: `${15 * times}.00` },
  ]),
);
export const LONG_PRICES = [{ above_input_tokens: LONG.above, input_per_million: '6.00', output_per_million: '22.50' }];

/** What comes around the text, and what a tool of the provider's own is described by. */
const AROUND_TOKENS = 400;
const DESCRIBED_TOKENS = 1_700;
/** Where nothing bounds them. */
const OPEN_OUTPUT_TOKENS = 9_000;
const HUGE_PART_TOKENS = 60_000;
const THINKS_MS = 60;
const TOKENS_PER_SECOND = 200;

export interface GreedyProvider {
  /** Without `/v1`. */
  readonly base: string;
  /** Nano-dollars billed for the call of that id; 0 for one that never came or was refused. */
  billed(id: string): number;
  calls(): number;
  stop(): Promise<void>;
}

interface Asked {
  readonly model: string;
  readonly user?: string;
  readonly metadata?: { readonly user_id?: string };
  readonly stream?: boolean;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly n?: number;
  readonly best_of?: number;
  readonly prompt?: unknown;
  readonly service_tier?: string;
  readonly speed?: string;
  readonly modalities?: readonly string[];
  readonly tools?: readonly { readonly type?: string; readonly max_uses?: number }[];
}

/** What one call used. */
interface Used {
  input: number;
  output: number;
  cacheWriteHour: number;
  audioInput: number;
  audioOutput: number;
  searches: number;
  tier: string | null;
  hasFee: boolean;
}

export async function startGreedyProvider(): Promise<GreedyProvider> {
  const bills = new Map<string, number>();
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    serve(request, response, bills).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    billed: (id) => bills.get(id) ?? 0,
    calls: () => calls,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, bills: Map<string, number>): Promise<void> {
  const body = Buffer.concat(await request.toArray()).toString();
  const asked = JSON.parse(body) as Asked;
  const answerOf = request.url?.startsWith('/v1/messages') ? message : request.url === '/v1/completions' ? texts : completion;
  if (asked.model.startsWith('broken')) {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":{"message":"broken"}}');
    return;
  }
  const used = usedBy(asked, body);
  const id = asked.user ?? asked.metadata?.user_id ?? '';
  if (asked.stream === true) await stream(response, used, (made) => bills.set(id, billOf({ ...used, output: made })));
  else {
    bills.set(id, billOf(used));
    await sleep(THINKS_MS);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answerOf(used)));
  }
}

/** All that may be used. */
function usedBy(asked: Asked, body: string): Used {
  const { text, parts, audio } = measured(body);
  const perPart = asked.model.startsWith('huge') ? HUGE_PART_TOKENS : LARGEST_PART_TOKENS;
  const output = (asked.max_completion_tokens ?? asked.max_tokens ?? OPEN_OUTPUT_TOKENS) * answersOf(asked);
  const tools = (asked.tools ?? []).filter(({ type }) => type !== undefined && type !== 'custom');
  const searches = tools.reduce((sum, { max_uses = MOST_SEARCHES }) => sum + Math.min(max_uses, MOST_SEARCHES), 0);
  const once = text + AROUND_TOKENS + tools.length * DESCRIBED_TOKENS + parts * perPart;
  let input = once;
  // Nearly all is put out before the first search, and read again after each with what they brought.
  for (let made = 1; made <= searches; made += 1) input += once + made * LARGEST_PART_TOKENS + output - 1;
  const isCached = body.includes('"ttl":"1h"');
  const isSpoken = asked.modalities?.includes('audio') === true;
  return {
    input: isCached ? 0 : input - audio * perPart,
    cacheWriteHour: isCached ? input : 0,
    audioInput: audio * perPart,
    output: isSpoken ? 0 : output,
    audioOutput: isSpoken ? output : 0,
    searches,
    tier: asked.speed ?? (asked.model.startsWith('auto') ? 'priority' : (asked.service_tier ?? null)),
    hasFee: asked.model.startsWith('fee'),
  };
}

/** The answers that are made. Of a text completion also those that are not returned, for each prompt. */
function answersOf({ n = 1, best_of = 1, prompt }: Asked): number {
  const isList = Array.isArray(prompt) && typeof prompt[0] !== 'number';
  return Math.max(n, best_of) * (isList ? prompt.length : 1);
}

const DATA = /"(?:data|url|file_data)":"[^"]*"/g;
const PART = /"type":"(?:image|image_url|document|file|input_audio)"/g;
const AUDIO = /"type":"input_audio"/g;

function measured(body: string) {
  const text = Buffer.byteLength(body.replace(DATA, ''));
  return { text, parts: body.match(PART)?.length ?? 0, audio: body.match(AUDIO)?.length ?? 0 };
}

function billOf(used: Used): number {
  const allInput = used.input + used.cacheWriteHour + used.audioInput;
  const times = used.tier === null ? 1 : (TIERS[used.tier] ?? 1);
  const isLong = allInput > LONG.above;
  const input = isLong ? LONG.input : LIST.input * times;
  const output = isLong ? LONG.output : LIST.output * times;
  return (
    used.input * input +
    used.output * output +
    used.cacheWriteHour * LIST.cacheWriteHour +
    used.audioInput * LIST.audioInput +
    used.audioOutput * LIST.audioOutput +
    used.searches * LIST.search +
    (used.hasFee ? LIST.fee : 0)
  );
}

function completion({ input, output, audioInput, audioOutput, tier }: Used): object {
  const prompt_tokens = input + audioInput;
  const completion_tokens = output + audioOutput;
  const usage = {
    ...{ prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
    prompt_tokens_details: { audio_tokens: audioInput },
    completion_tokens_details: { audio_tokens: audioOutput },
  };
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Done.' }, finish_reason: 'stop' }];
  return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', choices, usage, service_tier: tier ?? 'default' };
}

function texts({ input, output }: Used): object {
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const choices = [{ index: 0, text: 'Done.', logprobs: null, finish_reason: 'stop' }];
  return { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'm', choices, usage };
}

function message(used: Used): object {
  const content = [{ type: 'text', text: 'Done.' }];
  return { ...MESSAGE, content, stop_reason: 'end_turn', usage: usageOf(used) };
}

function usageOf({ input, output, cacheWriteHour, searches, tier }: Used): object {
  return {
    ...{ input_tokens: input, output_tokens: output, cache_creation_input_tokens: cacheWriteHour },
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: cacheWriteHour },
    server_tool_use: { web_search_requests: searches },
    service_tier: tier === 'priority' ? tier : 'standard',
    ...(tier === 'fast' ? { speed: tier } : {}),
  };
}

/** All searches are made at once, and words at a steady pace until the answer is whole or its reader is gone. */
async function stream(response: ServerResponse, used: Used, bill: (made: number) => void): Promise<void> {
  const startedMs = performance.now();
  const made = () => Math.min(used.output, Math.floor(((performance.now() - startedMs) * TOKENS_PER_SECOND) / 1_000));
  let isOver = false;
  response.on('close', () => {
    if (!isOver) bill(made());
    isOver = true;
  });
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  // What is reported at the beginning knows nothing of what the searches will bring.
  const usage = { input_tokens: 1_000, output_tokens: 1, service_tier: 'standard' };
  response.write(event({ type: 'message_start', message: { ...MESSAGE, usage } }));
  response.write(event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }));
  while (made() < used.output && !isOver) {
    response.write(event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'word' } }));
    await sleep(20);
  }
  if (isOver) return;
  isOver = true;
  bill(used.output);
  response.write(event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: usageOf(used) }));
  response.end(event({ type: 'message_stop' }));
}

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null };

function event(value: { readonly type: string; readonly [field: string]: unknown }): string {
  return `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
}
