/** Vendors that an agent reaches through the gateway: each replays a recorded call of a tool, then recorded words. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bytesOf, recordings } from '../recordings.ts';
import { jsonEventsIn } from '../support/event-stream.ts';

// biome-ignore lint/suspicious/noExplicitAny: events of four wires
type Json = any;

/** A vendor under the name of its model. */
export interface Vendor {
  readonly model: 'responses' | 'chat' | 'claude' | 'gemini';
  readonly provider: 'gemini' | 'anthropic' | 'openai';
  readonly upstreamModel: string;
  /** The end of the credential's base URL. */
  readonly base: string;
  readonly asked: RegExp;
  /** The recorded call of a tool, then the recorded words. */
  readonly answers: readonly [call: string, words: string];
}

export const VENDORS = {
  responses: {
    model: 'responses',
    provider: 'openai',
    upstreamModel: 'up',
    base: '/v1',
    asked: /^\/v1\/responses$/,
    answers: [
      'openai/responses/responses-tool-use-streaming.response.sse',
      'openai/responses/responses-tool-use-streaming-1.response.sse',
    ],
  },
  chat: {
    model: 'chat',
    provider: 'openai',
    upstreamModel: 'up',
    base: '/v1',
    asked: /^\/v1\/chat\/completions$/,
    answers: ['groq/chat/vercel-groq-tool-call.chunks.txt', 'openai/chat/tools-streaming-variant-c-1.response.sse'],
  },
  claude: {
    model: 'claude',
    provider: 'anthropic',
    upstreamModel: 'claude-haiku-4-5',
    base: '',
    asked: /^\/v1\/messages(\?beta=true)?$/,
    answers: [
      'anthropic/messages/fixed-version-tool-chain-regression.response.sse',
      'anthropic/messages/fixed-version-tool-chain-regression-1.response.sse',
    ],
  },
  gemini: {
    model: 'gemini',
    provider: 'gemini',
    upstreamModel: 'gemini-3-pro-preview',
    base: '/v1beta',
    asked: /^\/v1beta\/models\/gemini-3-pro-preview:streamGenerateContent\?alt=sse$/,
    answers: [
      'gemini/stream-generate-content/google-streaming-tool-call-thought-signature.response.sse',
      'gemini/stream-generate-content/google-streaming-tool-call-thought-signature-1.response.sse',
    ],
  },
} as const satisfies Record<Vendor['model'], Vendor>;

const COMPACTED = 'openai/responses-compact/openai-responses-compact-with-auto-previous-response-id-chain-2.response.json';
/** How Codex asks for a summary where it knows no other way. */
const SUMMARY = /CONTEXT CHECKPOINT COMPACTION/;

/** The tool of an agent that runs a command, and the arguments of the call that the vendor replays. */
export interface Shell {
  readonly tool: string;
  readonly args: Json;
}

/** What a request asked for: a turn without and with the result of the call, a compaction, or something beside them, such as a title. */
export type Ask = 'call' | 'words' | 'compaction' | 'summary' | 'beside';

export interface Seen {
  readonly ask: Ask;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The tokens that its answer reports: of the prompt, and of the output with what was thought. */
  readonly tokens: readonly [input: number, output: number];
}

export interface Vendors {
  /** The address of those who speak Responses, Messages and Gemini, and of the one who speaks Chat Completions only. */
  readonly native: string;
  readonly chatOnly: string;
  readonly seen: Seen[];
  shell: Shell;
  stop(): void;
}

export async function startVendors(): Promise<Vendors> {
  const vendors = { seen: [] as Seen[], shell: { tool: '', args: {} } };
  const servers = [0, 1].map(() => createServer((request, response) => void answer(request, response, vendors)));
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const [native, chatOnly] = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  const stop = () => {
    for (const server of servers) server.closeAllConnections();
    for (const server of servers) server.close();
  };
  return Object.assign(vendors, { native: native ?? '', chatOnly: chatOnly ?? '', stop });
}

async function answer(request: IncomingMessage, response: ServerResponse, { seen, shell }: Pick<Vendors, 'seen' | 'shell'>) {
  // The job that checks credentials asks for a list of models now and then.
  if (request.method !== 'POST') return void response.writeHead(404).end();
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const at = request.url ?? '';
  const vendor = Object.values(VENDORS).find(({ asked }) => asked.test(at));
  const ask = askOf(text, shell, seen);
  const events = vendor === undefined ? [] : eventsFor(ask, vendor, shell);
  seen.push({ ask, path: at, headers: request.headers, text, tokens: tokensIn(events) });
  if (vendor === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"nothing is here"}}');
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events)
    response.write(`${event.type === undefined ? '' : `event: ${event.type}\n`}data: ${JSON.stringify(event)}\n\n`);
  response.end(vendor.model === 'chat' ? 'data: [DONE]\n\n' : undefined);
}

function askOf(text: string, { tool }: Shell, before: readonly Seen[]): Ask {
  if (text.includes('"type":"compaction_trigger"')) return 'compaction';
  if (SUMMARY.test(text)) return 'summary';
  if (!text.includes(`"name":"${tool}"`)) return 'beside';
  // What stands for the call and its result is all that is left of them.
  if (before.some(({ ask }) => ask === 'compaction' || ask === 'summary')) return 'words';
  return /"functionResponse":|"type":"(?:function_call_output|tool_result)"|"role":"tool"/.test(text) ? 'words' : 'call';
}

function eventsFor(ask: Ask, { answers: [call, words] }: Vendor, shell: Shell): Json[] {
  if (ask === 'call') return eventsOf(call).flatMap((event) => asShellCall(event, shell));
  return ask === 'compaction' ? compactionOf(words) : eventsOf(words);
}

export function eventsOf(response: string): Json[] {
  return jsonEventsIn<Json>(textOf(response));
}

function textOf(response: string): string {
  const recording = recordings.find((found) => found.response === response);
  if (recording === undefined) throw new Error(`there is no recording ${response}`);
  return bytesOf(recording).toString();
}

/** Returns a recorded answer whose only item is a recorded compaction, as a model streams one that was asked for in a turn. */
function compactionOf(words: string): Json[] {
  const item = compactionItem();
  return eventsOf(words).flatMap((event): Json[] => {
    if (event.type === 'response.completed')
      return [
        { type: 'response.output_item.done', output_index: 0, sequence_number: event.sequence_number, item },
        { ...event, response: { ...event.response, output: [item] } },
      ];
    return event.type === 'response.created' || event.type === 'response.in_progress' ? [event] : [];
  });
}

export function compactionItem(): Json {
  const { output } = JSON.parse(textOf(COMPACTED)) as { output: Json[] };
  return output.find(({ type }) => type === 'compaction');
}

/** Returns the tokens that the events of an answer report. */
function tokensIn(events: readonly Json[]): readonly [input: number, output: number] {
  const gemini = events.findLast(({ usageMetadata }) => usageMetadata !== undefined)?.usageMetadata;
  if (gemini !== undefined)
    return [gemini.promptTokenCount, (gemini.candidatesTokenCount ?? 0) + (gemini.thoughtsTokenCount ?? 0)];
  const chat = events.map(({ usage, x_groq }) => x_groq?.usage ?? usage).findLast((usage) => usage?.prompt_tokens !== undefined);
  if (chat !== undefined) return [chat.prompt_tokens, chat.completion_tokens];
  const completed = events.find(({ type }) => type === 'response.completed')?.response.usage;
  if (completed !== undefined) return [completed.input_tokens, completed.output_tokens];
  const begun = events.find(({ type }) => type === 'message_start')?.message.usage;
  const ended = events.find(({ type }) => type === 'message_delta')?.usage;
  return [{ ...begun, ...ended }.input_tokens ?? 0, ended?.output_tokens ?? 0];
}

/** Returns a recorded event of a call with an agent's tool and arguments, in one piece. */
function asShellCall(event: Json, { tool, args }: Shell): Json[] {
  const json = JSON.stringify(args);
  const changed = structuredClone(event);
  for (const part of changed.candidates?.[0].content?.parts ?? [])
    if (part.functionCall !== undefined) part.functionCall = { name: tool, args };
  for (const call of changed.choices?.[0]?.delta.tool_calls ?? []) call.function = { name: tool, arguments: json };
  if (changed.content_block?.type === 'tool_use') changed.content_block.name = tool;
  if (changed.delta?.type === 'input_json_delta') changed.delta.partial_json = json;
  for (const item of [changed.item, ...(changed.response?.output ?? [])])
    if (item?.type === 'function_call') Object.assign(item, { name: tool }, item.arguments === '' ? {} : { arguments: json });
  if (changed.type === 'response.function_call_arguments.delta') return [];
  if (changed.type === 'response.function_call_arguments.done')
    return [
      { ...changed, type: 'response.function_call_arguments.delta', delta: json },
      { ...changed, arguments: json },
    ];
  return [changed];
}
