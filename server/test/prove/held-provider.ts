/** A provider of the OpenAI kind whose answers wait, by the `user` field of the call, until they may go on. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface HeldProvider {
  /** With `/v1`. */
  readonly baseUrl: string;
  /** Resolves once so many calls wait. */
  waiting(count: number): Promise<void>;
  /** How many wait now. */
  waitingNow(): number;
  letAllAnswer(): void;
  /** Those that wait answer; later ones wait again. */
  letWaitingAnswer(): void;
  stop(): Promise<void>;
}

/** What each answer reports. */
export const HELD_USAGE = { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 };

const WAITING_MS_MAX = 60_000;

/** Calls whose `user` begins with `hold` wait: a whole answer before it begins, a stream behind its first word. */
export async function startHeldProvider(): Promise<HeldProvider> {
  const held = new Set<() => void>();
  let isOpen = false;
  const pass = (user: string | undefined) =>
    isOpen || user?.startsWith('hold') !== true ? Promise.resolve() : new Promise<void>((go) => held.add(go));
  const letGo = () => {
    for (const go of held) go();
    held.clear();
  };
  const server = createServer(async (request, response) => {
    // The job that checks credentials asks for a list of models now and then.
    if (request.method !== 'POST') return void response.writeHead(404).end();
    const asked = JSON.parse(Buffer.concat(await request.toArray()).toString()) as Asked;
    await (asked.stream === true ? sendStream(response, asked, pass) : sendWhole(response, asked, pass));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    waiting: async (count) => {
      for (const since = Date.now(); held.size < count; ) {
        if (Date.now() - since > WAITING_MS_MAX) throw new Error(`${held.size} answers wait, not ${count}`);
        await sleep(10);
      }
    },
    waitingNow: () => held.size,
    letAllAnswer: () => {
      isOpen = true;
      letGo();
    },
    letWaitingAnswer: letGo,
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
  readonly user?: string;
}

type Pass = (user: string | undefined) => Promise<void>;

async function sendWhole(response: ServerResponse, { model, user }: Asked, pass: Pass): Promise<void> {
  await pass(user);
  const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello to you.' }, finish_reason: 'stop' }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model, choices, usage: HELD_USAGE }));
}

async function sendStream(response: ServerResponse, { model, user }: Asked, pass: Pass): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const event = (fields: object) =>
    response.write(
      `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model, ...fields })}\n\n`,
    );
  event({ choices: [{ index: 0, delta: { content: 'Hello ' }, finish_reason: null }] });
  await pass(user);
  event({ choices: [{ index: 0, delta: { content: 'to you.' }, finish_reason: null }] });
  event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
  event({ choices: [], usage: HELD_USAGE });
  response.end('data: [DONE]\n\n');
}
