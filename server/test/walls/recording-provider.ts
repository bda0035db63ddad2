/** A provider that keeps the heads it is sent and answers with headers that are meant for whoever asked it, and for nobody behind that. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordingProvider {
  /** Without `/v1`. */
  readonly base: string;
  /** Of each request its path, its headers as they came, names and values by turns, and its body. */
  readonly heard: readonly { readonly path: string; readonly headers: readonly string[]; readonly body: string }[];
  close(): void;
}

/** Names that a client behind a gateway must never read from a provider, each with this word in its value. */
export const PROVIDERS_WORD = 'from-the-provider';
export const PROVIDERS_OWN: Readonly<Record<string, string>> = {
  'x-hop': PROVIDERS_WORD,
  'set-cookie': `session=${PROVIDERS_WORD}`,
  'proxy-authenticate': `Basic realm="${PROVIDERS_WORD}"`,
  'www-authenticate': `Basic realm="${PROVIDERS_WORD}"`,
  'access-control-allow-origin': `https://${PROVIDERS_WORD}.example`,
  'strict-transport-security': `max-age=1; ${PROVIDERS_WORD}`,
  'clear-site-data': `"${PROVIDERS_WORD}"`,
  'content-security-policy': `default-src ${PROVIDERS_WORD}.example`,
  location: `https://${PROVIDERS_WORD}.example/`,
  refresh: `0; url=https://${PROVIDERS_WORD}.example/`,
  link: `<https://${PROVIDERS_WORD}.example>; rel=preload`,
  'alt-svc': `h3="${PROVIDERS_WORD}.example:443"`,
  'x-request-id': PROVIDERS_WORD,
  'x-headgate-cost': PROVIDERS_WORD,
  'x-headgate-model': PROVIDERS_WORD,
  'x-headgate-organization': PROVIDERS_WORD,
  'x-headgate-degraded': PROVIDERS_WORD,
  'x-accel-redirect': `/${PROVIDERS_WORD}`,
  'cache-control': `public, max-age=3600, ${PROVIDERS_WORD}`,
  etag: `"${PROVIDERS_WORD}"`,
  server: PROVIDERS_WORD,
};

/** Listens on loopback. A model of the name `elsewhere` is redirected to the origin given by `redirectTo`. */
export async function openRecordingProvider(redirectTo?: string): Promise<RecordingProvider> {
  const heard: { path: string; headers: readonly string[]; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      heard.push({ path: request.url ?? '', headers: request.rawHeaders, body });
      if (redirectTo !== undefined) {
        response.writeHead(307, { location: `${redirectTo}${request.url}` }).end();
        return;
      }
      const isStream = body.includes('"stream":true');
      const type = isStream ? 'text/event-stream' : 'application/json';
      response.writeHead(200, { ...PROVIDERS_OWN, connection: 'keep-alive, x-hop', 'content-type': type });
      response.end(isStream ? streamed() : JSON.stringify(whole(heard.length)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    heard,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const USAGE = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };

/** Each answer says which it is, so that one that was kept and given again would show. */
function whole(nth: number): object {
  const message = { role: 'assistant', content: `answer ${nth}` };
  return {
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'upstream' },
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: USAGE,
  };
}

function streamed(): string {
  const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'upstream' };
  const events = [
    { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: 'hello' }, finish_reason: null }] },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { ...head, choices: [], usage: USAGE },
  ];
  return `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`;
}
