/** A provider of the OpenAI kind in this process: it says what it is told to say, and remembers what it was asked. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProviderCall {
  /** The upstream model that was asked for. */
  readonly model: string;
  readonly body: string;
}

export interface SmallProvider {
  /** With `/v1`, as a credential's base URL wants it. */
  readonly baseUrl: string;
  /** Every chat call since the start, in the order of their arrival. */
  readonly calls: readonly ProviderCall[];
  stop(): Promise<void>;
}

/** What a chat call is answered: a text, an error status with its message, or bytes that are no answer at all. */
export type Say = (
  call: ProviderCall,
) => { readonly text: string } | { readonly status: number; readonly message?: string } | { readonly raw: string };

/** Listens on a free port of the loopback address until it is stopped or this process ends. */
export async function startSmallProvider(say: Say = () => ({ text: 'Hello.' })): Promise<SmallProvider> {
  const calls: ProviderCall[] = [];
  const server = createServer((request, response) => void answer(request, response, calls, say).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, calls: ProviderCall[], say: Say): Promise<void> {
  // The job that checks credentials asks for a list of models now and then.
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const body = Buffer.concat(await request.toArray()).toString();
  const asked = JSON.parse(body) as { model: string; stream?: boolean };
  const call = { model: asked.model, body };
  calls.push(call);
  const said = say(call);
  if ('status' in said) sendError(response, said.status, said.message ?? 'told to fail');
  else if ('raw' in said) response.writeHead(200, { 'content-type': 'application/json' }).end(said.raw);
  else if (asked.stream === true) sendStream(response, asked.model, said.text);
  else sendWhole(response, asked.model, said.text);
}

const USAGE = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };

function sendError(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } }));
}

function sendWhole(response: ServerResponse, model: string, content: string): void {
  const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: USAGE }));
}

/** One word an event, as tokens come. */
function sendStream(response: ServerResponse, model: string, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (fields: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, ...fields })}\n\n`,
    );
  for (const content of text.split(/(?<= )/)) event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  event({ choices: [], usage: USAGE });
  response.end('data: [DONE]\n\n');
}
