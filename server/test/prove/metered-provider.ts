/** A provider of the OpenAI kind in this process that meters each call by its `user` field: what it was sent, and what usage it reported. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MeteredCall {
  readonly atMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The whole answer, its usage included, was handed to the connection. */
  said: boolean;
}

export interface MeteredProvider {
  /** With `/v1`. */
  readonly baseUrl: string;
  /** By call id. A second call of the same id is an error of whoever called. */
  readonly calls: ReadonlyMap<string, MeteredCall>;
  /** Calls of an id that had been seen before. */
  readonly repeated: readonly string[];
  stop(): Promise<void>;
}

const DELAY_MS_MAX = 40;

/** Answers after up to 40 ms, as JSON or as a stream of some words, each call with a usage of its own. */
export async function startMeteredProvider(): Promise<MeteredProvider> {
  const calls = new Map<string, MeteredCall>();
  const repeated: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, calls, repeated).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    repeated,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  calls: Map<string, MeteredCall>,
  repeated: string[],
): Promise<void> {
  // The job that checks credentials asks for a list of models now and then.
  if (request.method !== 'POST') return void response.writeHead(404).end();
  const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as {
    /** Absent in a call beside the load: two of those are not one call made twice. */
    user?: string;
    model: string;
    stream?: boolean;
  };
  const call = { atMs: Date.now(), inputTokens: whole(5, 400), outputTokens: whole(1, 60), said: false };
  if (asked.user !== undefined) {
    if (calls.has(asked.user)) repeated.push(asked.user);
    calls.set(asked.user, call);
  }
  await sleep(Math.random() * DELAY_MS_MAX);
  if (asked.stream === true) await sendStream(response, asked.model, call);
  else sendWhole(response, asked.model, call);
}

function usageOf({ inputTokens, outputTokens }: MeteredCall) {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

function sendWhole(response: ServerResponse, model: string, call: MeteredCall): void {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: usageOf(call) }));
  call.said = true;
}

async function sendStream(response: ServerResponse, model: string, call: MeteredCall): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (fields: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, ...fields })}\n\n`,
    );
  for (const content of ['Hello ', 'to ', 'you.']) {
    event({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    await sleep(Math.random() * 5);
  }
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  event({ choices: [], usage: usageOf(call) });
  response.end('data: [DONE]\n\n');
  call.said = true;
}

function whole(min: number, max: number): number {
  return min + Math.floor(Math.random() * (max - min));
}
