/** An application in either dialect that reads exactly what it is sent, and one that hangs up in the middle. */

import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { eventsIn } from '../support/event-stream.ts';
import { postBytes } from '../support/raw-http.ts';

export type Dialect = 'chat' | 'messages';

export interface Question {
  readonly dialect: Dialect;
  readonly model: string;
  readonly stream: boolean;
}

export interface Heard {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The error in the body or in the stream: OpenAI's code, Anthropic's type. Null: none. */
  readonly error: string | null;
  /** The answer said of itself that it is complete. */
  readonly isComplete: boolean;
  /** Bytes of answer text that came. */
  readonly textBytes: number;
  /** The same as it stands in the JSON, escapes included. */
  readonly writtenBytes: number;
  /** Usage as the client was told. */
  readonly usage: { readonly input: number; readonly output: number } | null;
  /** The connection served a next request. */
  readonly isReusable: boolean;
}

const OUTPUT_TOKENS_MAX = 50;
/** No answer of a test takes longer; whoever waited this long learns that none came. */
const SILENCE_MS_MAX = 45_000;

export function bodyOf({ dialect, model, stream }: Question): string {
  const messages = [{ role: 'user', content: 'Draw the water.' }];
  const usage = stream && dialect === 'chat' ? { stream_options: { include_usage: true } } : {};
  return JSON.stringify({ model, max_tokens: OUTPUT_TOKENS_MAX, messages, ...(stream ? { stream } : {}), ...usage });
}

/** Input tokens as the gateway estimates them: a quarter of the body's bytes. */
export function estimatedInput(question: Question): number {
  return Math.ceil(Buffer.byteLength(bodyOf(question)) / 4);
}

/** Input tokens that a budget holds money for: the body's bytes and 512 more. */
export function inputHeld(question: Question): number {
  return Buffer.byteLength(bodyOf(question)) + 512;
}

/** Output tokens the gateway expects of a key it knows nothing of: all it may ask for. */
export const EXPECTED_OUTPUT = OUTPUT_TOKENS_MAX;

export function pathOf(dialect: Dialect): string {
  return dialect === 'chat' ? '/v1/chat/completions' : '/v1/messages';
}

/** Asks, reads to the end, and asks something small on the same connection. */
export async function ask(port: number, secret: string, question: Question): Promise<Heard> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    const { message, text } = await exchange(agent, port, secret, pathOf(question.dialect), bodyOf(question));
    const next = await exchange(agent, port, secret, '/v1/models', null).catch(() => null);
    return {
      status: message.statusCode ?? 0,
      headers: message.headers,
      text,
      ...readAnswer(question, text),
      isReusable: next?.isReused === true && next.message.statusCode === 200,
    };
  } finally {
    agent.destroy();
  }
}

async function exchange(agent: Agent, port: number, secret: string, path: string, body: string | null) {
  const signal = AbortSignal.timeout(SILENCE_MS_MAX);
  const sent = request({ agent, port, host: '127.0.0.1', path, method: body === null ? 'GET' : 'POST', signal });
  sent.setHeader('authorization', `Bearer ${secret}`);
  if (body !== null) sent.setHeader('content-type', 'application/json');
  sent.end(body ?? undefined);
  const [message] = (await once(sent, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await message.toArray()).toString();
  return { message, text, isReused: sent.reusedSocket };
}

/** Asks for a stream, reads until `isEnough`, and is gone. Returns what had come by then. */
export async function askAndHangUp(
  port: number,
  secret: string,
  question: Question,
  isEnough: (text: string) => boolean,
): Promise<{ readonly requestId: string; readonly text: string }> {
  const socket = connect(port, '127.0.0.1');
  socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy());
  socket.write(postBytes(pathOf(question.dialect), secret, bodyOf(question)));
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (isEnough(text)) socket.destroy();
  });
  socket.on('error', () => {});
  await once(socket, 'close');
  const requestId = /^x-request-id: *(\S+)/im.exec(text)?.[1];
  if (requestId === undefined) throw new Error(`the connection ended before an answer began: ${text.slice(0, 300)}`);
  return { requestId, text };
}

type Json = Record<string, unknown>;

function readAnswer(
  { dialect, stream }: Question,
  text: string,
): Pick<Heard, 'error' | 'isComplete' | 'textBytes' | 'writtenBytes' | 'usage'> {
  const isStream = stream && /^(event|data):/.test(text);
  const datas = isStream ? eventsIn(text).map(({ data }) => data) : [text];
  const events = datas.filter((data) => data !== '[DONE]').map(parsed);
  const error = events.map((event) => event.error as Json | undefined).find((found) => found !== undefined && found !== null);
  const said = events.map((event) => textOf(event)).join('');
  const isComplete = isStream
    ? datas.some((data) => data === '[DONE]' || parsed(data).type === 'message_stop')
    : error === undefined;
  return {
    error: error === undefined ? null : String(dialect === 'chat' ? error.code : error.type),
    isComplete,
    textBytes: Buffer.byteLength(said),
    writtenBytes: Buffer.byteLength(JSON.stringify(said)) - 2,
    usage: usageOf(events),
  };
}

function parsed(data: string): Json {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Json) : {};
  } catch {
    return {};
  }
}

/** The text in an answer or an event of either dialect. */
function textOf(event: Json): string {
  const [choice] = (event.choices ?? []) as Json[];
  const openAi = ((choice?.delta ?? choice?.message) as Json | undefined)?.content;
  const whole = Array.isArray(event.content) ? (event.content as Json[]).map((part) => part.text).join('') : undefined;
  const delta = (event.delta as Json | undefined)?.text;
  return [openAi, whole, delta].filter((part) => typeof part === 'string').join('');
}

/** What the answer says of its usage, later events over earlier ones. */
function usageOf(events: readonly Json[]): Heard['usage'] {
  let found: { input: number; output: number } | null = null;
  for (const event of events) {
    const usage = (event.usage ?? (event.message as Json | undefined)?.usage) as Record<string, number> | undefined | null;
    if (usage === undefined || usage === null) continue;
    const before: { input: number; output: number } = found ?? { input: 0, output: 0 };
    found = {
      input: usage.prompt_tokens ?? usage.input_tokens ?? before.input,
      output: usage.completion_tokens ?? usage.output_tokens ?? before.output,
    };
  }
  return found;
}
