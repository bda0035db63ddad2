/** Answers as providers and attackers write them: plain ones, others, and either with something changed. */
import { type Draw, mutated } from './random.ts';
import { shuffled } from './requests.ts';

const LINES = [
  'content-type: application/json',
  'Content-Type: text/event-stream; charset=utf-8',
  'date: Thu, 26 Nov 2026 00:00:00 GMT',
  'Server: cloudflare',
  'x-request-id: req_123',
  'set-cookie: a=b; path=/',
  'set-cookie: c=d; path=/',
  'x-ratelimit-remaining-tokens: 12',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'x-empty:',
  'x-spaced: \t a \t b',
  'alt-svc: h3=":443"; ma=86400',
];
const RARE_LINES = [
  'connection: close',
  'connection: upgrade',
  'connection: keep-alive, close',
  'upgrade: h2c',
  'trailer: x',
  'transfer-encoding: chunked',
  'Transfer-Encoding: identity',
  'transfer-encoding: gzip, chunked',
  'content-length: 3',
  'content-length: 0',
  'proxy-connection: close',
  'keep-alive: timeout=0',
  'content-encoding: gzip',
  'x-spaced: a \t ',
  'x-folded: a\r\n b',
  'x-latin: caf\xe9',
  'x space: 1',
  'x-space : 1',
  'no-colon',
  'x-control: a\x01b',
  '__proto__: x',
];
const LENGTHS = ['', '+5', '-5', '5 ', ' 5', '05', '5,5', '5, 5', '0x5', '5.0', '99999999', '18446744073709551621', '5\t'];
const STATUS_LINES = [
  ...[
    'HTTP/1.1 200',
    'HTTP/1.1 200 ',
    'HTTP/1.1 201 Created',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 304 Not Modified',
    'HTTP/1.1 429 Too Many Requests',
  ],
  ...[
    'HTTP/1.1 500 Oops',
    'HTTP/1.0 200 OK',
    'HTTP/1.1  200 OK',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 20 OK',
    'HTTP/1.1 200 caf\xe9',
    'HTTP/1.1 099 x',
  ],
  ...[
    'HTTP/1.1 205 Reset Content',
    'HTTP/1.1 101 Switching',
    'HTTP/2.0 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1\t200 OK',
    'HTTP/1.1 200 O\tK',
    'HTTP/1.1 600 x',
  ],
];
const BODIES = [
  '',
  '{}',
  '{"id":"chatcmpl-1","choices":[]}',
  'data: {"a":1}\n\n',
  'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx',
  '\r\n0\r\n\r\n',
];

/** One answer, and perhaps something behind it that nobody asked for. */
export function drawAnswer(draw: Draw): Buffer {
  const isPlain = !draw.rarely(3);
  const body = draw.rarely(6)
    ? String.fromCharCode(...Array.from({ length: draw.whole(3_000) }, () => draw.whole(256)))
    : draw.oneOf(BODIES);
  const lines = shuffled(LINES, draw).slice(0, draw.whole(8));
  const framing = draw.oneOf(isPlain ? ['length', 'chunks'] : ['length', 'chunks', 'neither']);
  if (framing === 'chunks')
    lines.push(draw.oneOf(['transfer-encoding: chunked', 'Transfer-Encoding: chunked', 'transfer-encoding: Chunked']));
  if (framing === 'length') lines.push(`Content-Length: ${!isPlain && draw.rarely(3) ? draw.oneOf(LENGTHS) : body.length}`);
  if (!isPlain && !draw.rarely(3)) lines.push(draw.oneOf(RARE_LINES));
  const head = `${isPlain || draw.rarely(2) ? 'HTTP/1.1 200 OK' : draw.oneOf(STATUS_LINES)}\r\n${shuffled(lines, draw)
    .map((line) => `${line}\r\n`)
    .join('')}\r\n`;
  const changed = draw.rarely(5) ? mutated(head, draw) : head;
  const hints = draw.rarely(20)
    ? draw.oneOf(['HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n', '\r\n', ' '])
    : '';
  const behind = draw.rarely(12) ? draw.oneOf(['\r\n', 'x', 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen']) : '';
  const cut = draw.rarely(12) ? draw.whole(60) : 0;
  const all = hints + changed + (framing === 'chunks' ? inChunks(body, draw) : body) + behind;
  return Buffer.from(all.slice(0, all.length - cut), 'latin1');
}

function inChunks(body: string, draw: Draw): string {
  const cuts = Array.from({ length: draw.whole(4) }, () => draw.whole(body.length + 1)).sort((a, b) => a - b);
  const chunks = [...cuts, body.length].map((end, at) => body.slice(cuts[at - 1] ?? 0, end)).filter((chunk) => chunk !== '');
  const size = (chunk: string) =>
    draw.oneOf(['', '', '', '0', '00000000']) + draw.oneOf([chunk.length.toString(16), chunk.length.toString(16).toUpperCase()]);
  const framed = chunks
    .map((chunk) => `${size(chunk)}${draw.rarely(20) ? draw.oneOf([';x=y', ' ', ';', ';x="y;z"', ' ;x']) : ''}\r\n${chunk}\r\n`)
    .join('');
  const all = `${framed}${draw.oneOf(['0', '0', '0', '000', '0;x'])}\r\n${draw.rarely(10) ? draw.oneOf(['x-trailer: 1\r\n', 'content-length: 3\r\n', 'bad\r\n']) : ''}\r\n`;
  return draw.rarely(8) ? mutated(all, draw) : all;
}
