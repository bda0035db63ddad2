/** A provider on this machine that speaks OpenAI's interface: a list of models and short answers, for whoever has its key. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Vendor {
  /** As a credential names it: with /v1. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Chat calls answered so far. */
  answered(): number;
  /** Lists of models given so far: what a test of a credential asks for. */
  listed(): number;
  close(): void;
}

export async function openVendor(models: readonly string[]): Promise<Vendor> {
  const apiKey = 'sk-vendor-0123456789abcdef';
  let [answered, listed] = [0, 0];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      if (request.headers.authorization !== `Bearer ${apiKey}`)
        return send(response, 401, {
          error: { message: 'Incorrect API key provided.', type: 'invalid_request_error', code: 'invalid_api_key' },
        });
      if (request.method === 'GET') listed += 1;
      if (request.method === 'GET')
        return send(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'vendor' })) });
      answered += 1;
      send(response, 200, completion(models[0] ?? ''));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey,
    answered: () => answered,
    listed: () => listed,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function completion(model: string) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello from the vendor.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
  };
}
