/** A provider of the OpenAI kind in this process that is well or ill as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * `fails`: answers 500 after a second. `cuts`: ends streams in the middle. `reports nothing`: answers without usage. `reports nonsense`: says
 * that it used fewer than no tokens.
 */
export type Mood = 'well' | 'fails' | 'cuts' | 'reports nothing' | 'reports nonsense';

export interface MoodyProvider {
  /** With `/v1`. */
  readonly baseUrl: string;
  mood: Mood;
  stop(): Promise<void>;
}

const FAILS_AFTER_MS = 1_000;
const WORD_EVERY_MS = 5;

export async function startMoodyProvider(): Promise<MoodyProvider> {
  const server = createServer((request, response) => void answer(request, response, provider).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: MoodyProvider = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    mood: 'well',
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return provider;
}

async function answer(request: IncomingMessage, response: ServerResponse, { mood }: { readonly mood: Mood }): Promise<void> {
  // The job that checks credentials asks for a list of models.
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { model: string; stream?: boolean };
  if (mood === 'fails') {
    await sleep(FAILS_AFTER_MS);
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: 'told to fail', type: 'server_error', param: null, code: null } }));
  } else if (asked.stream === true) await sendStream(response, asked.model, mood);
  else sendWhole(response, asked.model, mood);
}

function usageIn(mood: Mood): object {
  if (mood === 'reports nothing') return {};
  const output = mood === 'reports nonsense' ? -6 : 6;
  return { usage: { prompt_tokens: 9, completion_tokens: output, total_tokens: 9 + output } };
}

function sendWhole(response: ServerResponse, model: string, mood: Mood): void {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, ...usageIn(mood) }));
}

async function sendStream(response: ServerResponse, model: string, mood: Mood): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (fields: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, ...fields })}\n\n`,
    );
  for (const content of ['Hello ', 'to ', 'you.']) {
    event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    await sleep(WORD_EVERY_MS);
    if (mood === 'cuts') return void response.destroy();
  }
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  if (mood !== 'reports nothing') event({ choices: [], ...usageIn(mood) });
  response.end('data: [DONE]\n\n');
}
