/** Requests as clients and attackers write them: plain ones, others, and either with something changed. */
import { type Draw, mutated } from './random.ts';

const PATHS = [
  '/v1/chat/completions',
  '/v1/messages',
  '/v1/messages?beta=true',
  '/v1/embeddings',
  '/v1/rerank',
  '/v1/responses',
  '/v1/responses/resp_0/cancel',
  '/v1/conversations/conv_0/items?limit=1',
  '/v1/',
  '/v1/a%2fb//c;x=1?y=&z',
  '/v1/x?a?b',
  '/v1beta/models/gemini:generateContent?key=x',
  '/cursor/v1/chat/completions',
  '/cursor/v1/models',
  '/v1/completions',
];
const OTHER_PATHS = [
  '/',
  '/api',
  '/api/v1/x',
  '/metrics',
  '*',
  'http://x/v1/chat',
  '/v1',
  '/v1x',
  '/v1beta',
  '/cursor',
  '/cursor/v1',
  '/v1/ä',
  '/v1/#x',
  '/V1/x',
  '//v1/x',
  '/v1/\\',
  '/v1/x"y',
];
const LINES = [
  'authorization: Bearer sk-hg-0123456789abcdef',
  'x-api-key: sk-hg-0123456789abcdef',
  'Content-Type: application/json',
  'accept: */*',
  'User-Agent: OpenAI/Python 1.2.3',
  'x-stainless-retry-count: 0',
  'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'Connection: keep-alive',
  'connection: Keep-Alive',
  'x-empty:',
  'x-spaced: \t a \t b',
  'cookie: a=b; c=d',
];
const RARE_LINES = [
  'connection: close',
  'Connection: upgrade',
  'upgrade: websocket',
  'connection: keep-alive, close',
  'connection: te',
  'connection:',
  'expect: 100-continue',
  'expect: nothing',
  'transfer-encoding: chunked',
  'Transfer-Encoding: identity',
  'transfer-encoding: gzip, chunked',
  'proxy-connection: close',
  'proxy-connection: keep-alive',
  'trailer: x',
  'te: trailers',
  'keep-alive: timeout=1',
  'http2-settings: x',
  'host: y',
  'x-spaced: a \t ',
  'x-folded: a\r\n b',
  'x-latin: caf\xe9',
  'x space: 1',
  'x-space : 1',
  ': nothing',
  'no-colon',
  'x-control: a\x01b',
  'x-del: a\x7fb',
  'x-stainless-retry-count: 1',
  'content_length: 3',
  '__proto__: x',
  'constructor: x',
];
const LENGTHS = [
  '',
  '+5',
  '-5',
  '5 ',
  ' 5',
  '\t5',
  '05',
  '005',
  '5,5',
  '5, 5',
  '0x5',
  '5e0',
  '5.0',
  '5;',
  '99999999',
  '9007199254740993',
  '18446744073709551621',
  'five',
  '5\t',
];
const BODIES = [
  '',
  '{}',
  'hello',
  '{"model":"fast","messages":[]}',
  'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n',
  '\r\n',
  '\r\n\r\n',
  '0\r\n\r\n',
];

/** A few requests of one connection, as bytes. */
export function drawRequests(draw: Draw): { bytes: Buffer; messages: number } {
  const messages = 1 + draw.whole(4);
  const text = Array.from({ length: messages }, () => drawRequest(draw)).join('');
  return { bytes: Buffer.from(text, 'latin1'), messages };
}

function drawRequest(draw: Draw): string {
  const isPlain = !draw.rarely(3);
  const body = draw.rarely(6)
    ? String.fromCharCode(...Array.from({ length: draw.whole(3_000) }, () => draw.whole(256)))
    : draw.oneOf(BODIES);
  const lines = ['host: gateway.test', ...shuffled(LINES, draw).slice(0, draw.whole(7))];
  const isChunked = !isPlain && draw.rarely(3);
  if (isChunked) lines.push('transfer-encoding: chunked');
  else
    lines.push(
      `${draw.oneOf(['content-length', 'Content-Length'])}: ${!isPlain && draw.rarely(3) ? draw.oneOf(LENGTHS) : body.length}`,
    );
  if (!isPlain && !draw.rarely(3)) lines.push(draw.oneOf(RARE_LINES));
  if (!isPlain && draw.rarely(5)) lines.splice(0, 1);
  const head = `${startLine(isPlain, draw)}\r\n${shuffled(lines, draw).join('\r\n')}\r\n\r\n`;
  const changed = draw.rarely(5) ? mutated(head, draw) : head;
  const lead = draw.rarely(30) ? draw.oneOf(['\r\n', '\n', ' ', '\r\n\r\n', '\0']) : '';
  return lead + changed + (isChunked ? inChunks(body, draw) : body) + (draw.rarely(40) ? draw.oneOf(['\r\n', 'x', '\n']) : '');
}

function startLine(isPlain: boolean, draw: Draw): string {
  if (isPlain || draw.rarely(2)) return `POST ${draw.oneOf(PATHS)} HTTP/1.1`;
  const method = draw.oneOf(['GET', 'POST', 'POST', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'post', 'POSTX', 'PRI', 'M-SEARCH']);
  const target = draw.oneOf([...PATHS, ...OTHER_PATHS]);
  const version = draw.oneOf([
    'HTTP/1.1',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/1.2',
    'HTTP/2.0',
    'http/1.1',
    'HTTP/1.1 ',
    'HTTP/01.1',
    'HTTP',
    'ICE/1.0',
    'RTSP/1.0',
  ]);
  return `${method}${draw.oneOf([' ', ' ', ' ', '  ', '\t'])}${target}${draw.oneOf([' ', ' ', ' ', '  ', '\t'])}${version}`;
}

function inChunks(body: string, draw: Draw): string {
  const cut = draw.whole(body.length + 1);
  const chunks = [body.slice(0, cut), body.slice(cut)].filter((chunk) => chunk !== '');
  const framed = chunks.map((chunk) => `${chunk.length.toString(16)}${draw.rarely(8) ? ';x=y' : ''}\r\n${chunk}\r\n`).join('');
  const all = `${framed}0\r\n${draw.rarely(6) ? 'x-trailer: 1\r\n' : ''}\r\n`;
  return draw.rarely(6) ? mutated(all, draw) : all;
}

export function shuffled<Item>(items: readonly Item[], draw: Draw): Item[] {
  const left = items.slice();
  return Array.from({ length: left.length }, () => left.splice(draw.whole(left.length), 1)[0] as Item);
}
