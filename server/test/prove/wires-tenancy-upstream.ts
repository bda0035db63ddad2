/** A provider that speaks the Responses API, and resolves every id that it is given: what a gateway must not let happen. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StatefulUpstream {
  readonly port: number;
  /** The bodies that it got. */
  readonly bodies: readonly string[];
  /** Ids that it made itself. */
  rawIds(): readonly string[];
  close(): void;
}

/** A request whose input says the one is never answered, and the other a second later. */
export const HANGS = 'never answer this';
export const SLOW = 'take a second for this';

export async function startStateful(): Promise<StatefulUpstream> {
  const bodies: string[] = [];
  const made: string[] = [];
  const server = createServer((request, response) => void answer(request, response, bodies, made));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    bodies,
    rawIds: () => made.slice(0, 1),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, bodies: string[], made: string[]): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  bodies.push(body);
  if (body.includes(HANGS)) return;
  if (body.includes(SLOW)) await sleep(1_000);
  const id = `resp_${randomBytes(24).toString('hex')}`;
  made.push(id);
  const output = [{ type: 'message', id: `msg_${id}`, role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] }];
  const usage = { input_tokens: 10, output_tokens: 2, total_tokens: 12 };
  const said = JSON.stringify({ id, object: 'response', status: 'completed', model: 'up', output, usage });
  response.writeHead(200, { 'content-type': 'application/json' }).end(said);
}
