/** Heads, keys, paths and sizes: what a client library would not send. */
import { postBytes } from '../support/raw-http.ts';
import {
  CHAT,
  GOOD_BODY,
  INVALID,
  NOT_FOUND,
  type Refused,
  type Row,
  UNKNOWN_KEY,
  withBytes,
  withHeaders,
  withLine,
} from './row.ts';
import type { Secrets } from './site.ts';

const BODY = JSON.stringify(GOOD_BODY);
const DISABLED = [403, 'key_disabled'] as const;
const UNSUPPORTED = [415, 'unsupported_media_type'] as const;

/** The key replaced by something else in the usual place. */
const bearer = (name: string, value: (secrets: Secrets) => string, refused: Refused = UNKNOWN_KEY) =>
  withHeaders(name, (secrets) => [`authorization: ${value(secrets)}`], refused, null);

const swapped = (secret: string) => `${secret.slice(0, -1)}${secret.endsWith('a') ? 'b' : 'a'}`;

const KEYS: readonly Row[] = [
  withHeaders('no key', () => [], UNKNOWN_KEY, null),
  withHeaders('a key in a cookie', ({ good }) => [`cookie: key=${good}`], UNKNOWN_KEY, null),
  withHeaders('a key in a header nobody knows', ({ good }) => [`x-auth-token: ${good}`], UNKNOWN_KEY, null),
  withBytes('a key in the query', ({ good }) => postBytes(`${CHAT}?key=${good}&api_key=${good}`, null, BODY), UNKNOWN_KEY),
  withBytes(
    'a key in the body',
    ({ good }) => postBytes(CHAT, null, JSON.stringify({ ...GOOD_BODY, api_key: good })),
    UNKNOWN_KEY,
  ),
  bearer('a truncated key', ({ good }) => `Bearer ${good.slice(0, -4)}`),
  bearer('a key with another last character', ({ good }) => `Bearer ${swapped(good)}`),
  bearer('a key in capitals', ({ good }) => `Bearer ${good.toUpperCase()}`),
  bearer('a key twice in one header', ({ good }) => `Bearer ${good},${good}`),
  bearer('a key as a password', ({ good }) => `Basic ${Buffer.from(`:${good}`).toString('base64')}`),
  bearer('an empty key', () => 'Bearer '),
  bearer('a key of 10,000 characters', ({ good }) => `Bearer ${good}${'a'.repeat(10_000)}`),
  bearer('a key of another installation', ({ foreign }) => `Bearer ${foreign}`),
  bearer('a revoked key', ({ revoked }) => `Bearer ${revoked}`),
  bearer('an expired key', ({ expired }) => `Bearer ${expired}`, [401, 'api_key_expired']),
  bearer('a disabled key', ({ disabled }) => `Bearer ${disabled}`, DISABLED),
  withHeaders('two different keys', ({ narrowed }) => [`x-api-key: ${narrowed}`], INVALID),
  withHeaders('two different keys in one carrier', ({ narrowed }) => [`authorization: Bearer ${narrowed}`], INVALID),
  withHeaders('a good key and an unknown one', ({ foreign }) => [`api-key: ${foreign}`], INVALID),
];

const HEADS: readonly Row[] = [
  withHeaders('a text', () => ['content-type: text/plain'], UNSUPPORTED),
  withHeaders('a form', () => ['content-type: application/x-www-form-urlencoded'], UNSUPPORTED),
  withHeaders('parts of a form', () => ['content-type: multipart/form-data; boundary=x'], UNSUPPORTED),
  withHeaders('a compressed body', () => ['content-encoding: gzip'], UNSUPPORTED),
  withHeaders('two content-lengths that differ', () => ['content-length: 5', 'content-length: 6'], INVALID),
  withHeaders(
    'two content-lengths that agree',
    () => [`content-length: ${BODY.length}`, `content-length: ${BODY.length}`],
    INVALID,
  ),
  withHeaders('a length and chunks at once', () => [`content-length: ${BODY.length}`, 'transfer-encoding: chunked'], INVALID),
  withHeaders('a negative length', () => ['content-length: -1'], INVALID),
  withHeaders('a length with a sign', () => [`content-length: +${BODY.length}`], INVALID),
  withHeaders('a length in hexadecimal', () => ['content-length: 0x10'], INVALID),
  withHeaders('a transfer coding nobody knows', () => ['transfer-encoding: xchunked'], INVALID),
  withHeaders('chunked and something after it', () => ['transfer-encoding: chunked, identity'], INVALID),
  withHeaders('a chunk whose size is no number', () => ['transfer-encoding: chunked'], INVALID),
  withHeaders('a space before the colon', () => ['x-trick : 1'], INVALID),
  withHeaders('a line break in a name', () => ['x-\rtrick: 1'], INVALID),
  withHeaders('a line break in a value', () => ['x-trick: 1\rx-injected: 2'], INVALID),
  withHeaders('a NUL in a value', () => ['x-trick: a\0b'], INVALID),
  withHeaders('a control character in a name', () => ['x-\x07trick: 1'], INVALID),
  withHeaders('a folded header', () => ['x-trick: a', ' b'], INVALID),
  withHeaders('a line without a colon', () => ['x-trick'], INVALID),
  withHeaders('a head of 40 KB', () => [`x-trick: ${'a'.repeat(40_000)}`], [431, 'headers_too_large']),
  withHeaders('an expectation nobody knows', () => ['expect: the-unexpected'], INVALID),
  withHeaders('a second host', () => ['host: other.test'], INVALID),
  withHeaders('the same host twice', () => ['host: gateway.test'], INVALID),
  withBytes('no host', ({ good }) => `GET /v1/models HTTP/1.1\r\nauthorization: Bearer ${good}\r\n\r\n`, INVALID),
  withBytes('a version of the protocol nobody knows', () => 'GET /v1/models HTTP/9.9\r\nhost: x\r\n\r\n', INVALID),
  withBytes("another protocol's greeting", () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', INVALID),
  withBytes('a TLS greeting', () => Buffer.from('16030100ba010000b60303', 'hex'), INVALID),
];

const at = (path: string, refused: Refused = NOT_FOUND) => withLine(`the path ${path}`, 'POST', path, refused);
const PATHS: readonly Row[] = [
  ...['/v1', '/v1/', '/v2/chat/completions', '/chat/completions', '/v1/chat', '/v1/nothing', '/nothing', '//'].map((path) =>
    at(path),
  ),
  ...[`//v1/chat/completions`, '/v1//chat/completions', '/v1/chat//completions', `${CHAT}/`, `${CHAT}//`].map((path) => at(path)),
  ...['/v1/chat%2Fcompletions', '/%76%31/chat/completions', '/v1%2Fchat/completions', '/v1/chat/completions%00'].map((path) =>
    at(path),
  ),
  ...['/v1/./chat/completions', '/v1/x/../chat/completions', '/v1/%2e%2e/v1/chat/completions', '/../v1/chat/completions'].map(
    (path) => at(path),
  ),
  ...['/V1/chat/completions', '/v1/Chat/completions', '/v1/chat/completions;x=1', '/v1\\chat\\completions'].map((path) =>
    at(path),
  ),
  at('http://gateway.test/v1/chat/completions'),
  at('http://169.254.169.254/latest/meta-data/'),
  withLine('a model whose name is not percent-encoded', 'GET', '/v1/models/%zz', INVALID),
  withLine('a model whose name has a slash', 'GET', '/v1/models/a/b', NOT_FOUND),
  withLine('a model that is not granted', 'GET', '/v1/models/hidden', [404, 'model_not_found']),
  withLine('a decision that is none', 'GET', '/v1/decisions/nonsense', NOT_FOUND),
  withLine('a stored response that is none', 'GET', '/v1/responses/nonsense', NOT_FOUND),
  withLine('a stored response of nobody', 'DELETE', `/v1/responses/resp_${'0'.repeat(12)}7${'0'.repeat(19)}`, NOT_FOUND),
  withLine('a decision nobody asked for', 'GET', `/v1/decisions/req_${'0'.repeat(12)}7${'0'.repeat(19)}`, NOT_FOUND),
  ...['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'].map((method) =>
    withLine(`${method} where POST is meant`, method, CHAT, [405, 'method_not_allowed']),
  ),
  withLine('POST where GET is meant', 'POST', '/v1/models', [405, 'method_not_allowed']),
  withBytes('a tunnel', () => 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: 169.254.169.254\r\n\r\n', [
    405,
    'method_not_allowed',
  ]),
  withBytes(
    'a WebSocket, with which Codex begins',
    ({ good }) =>
      `GET /v1/responses HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer ${good}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    [426, 'upgrade_required'],
  ),
  withLine('a response that would be stored', 'GET', '/v1/responses/resp_1', NOT_FOUND),
  withLine('a compaction by a model without one', 'POST', '/v1/responses/compact', INVALID),
  withLine('a compaction that is read', 'GET', '/v1/responses/compact', [405, 'method_not_allowed']),
  withLine('a conversation of nobody', 'GET', `/v1/conversations/conv_${'0'.repeat(12)}7${'0'.repeat(19)}`, NOT_FOUND),
  withLine('a conversation where none are kept', 'POST', '/v1/conversations', INVALID),
  withBytes('a conversation that is no JSON', ({ good }) => postBytes('/v1/conversations', good, '{"metadata":'), INVALID),
  withBytes('a conversation without a key', () => postBytes('/v1/conversations', null, '{}'), UNKNOWN_KEY),
  withLine('a method nobody knows', 'DRAW', CHAT, [405, 'method_not_allowed']),
];

const LARGE_BYTES = 50_000_000;
const MEGABYTE = Buffer.alloc(1_000_000, 'x');
const TOO_LARGE = { status: 413, code: 'request_too_large' } as const;
const head = ({ good }: Secrets, line: string) => postBytes(CHAT, good, '', [line]);

/** Above the bound whether it says so first or not. */
const SIZES: readonly Row[] = [
  {
    name: 'a body of 50 MB',
    ...TOO_LARGE,
    bytes: () => '',
    pieces: (secrets) => [head(secrets, `content-length: ${LARGE_BYTES}`), ...Array.from({ length: 50 }, () => MEGABYTE)],
  },
  {
    name: 'a body of 50 MB in chunks',
    ...TOO_LARGE,
    bytes: () => '',
    pieces: (secrets) => [
      head(secrets, 'transfer-encoding: chunked'),
      ...Array.from({ length: 50 }, () => Buffer.concat([Buffer.from('f4240\r\n'), MEGABYTE, Buffer.from('\r\n')])),
      '0\r\n\r\n',
    ],
  },
  { name: 'a body that says it has a petabyte', ...TOO_LARGE, bytes: (secrets) => head(secrets, `content-length: ${1e15}`) },
];

export const WIRE_ROWS: readonly Row[] = [...KEYS, ...HEADS, ...PATHS, ...SIZES];
