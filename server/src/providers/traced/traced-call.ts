import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { HeaderPairs, TracedCall } from '../provider.ts';
import { KEPT_BYTES_MAX, type RecordedCall } from './recorder.ts';
import { MARK, type Secrets } from './secret-words.ts';

/** A call of a test as a person may see it: without secrets. */

const BODY_CHARS_MAX = 2_000;
const VALUE_CHARS_MAX = 300;
const URL_CHARS_MAX = 500;

/** The headers that are no secret and no proof of one. Of every other one only the name is shown. */
const OPEN_HEADERS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'anthropic-version', 'content-type', 'metadata', 'metadata-flavor', 'user-agent'],
  ...['x-amz-content-sha256', 'x-amz-date', 'x-aws-ec2-metadata-token-ttl-seconds'],
]);

/** The headers of an answer that help to find a fault, or to ask the vendor about it. */
const TOLD_HEADERS =
  /^(?:(?:x-)?(?:[a-z]+-)?(?:request-?id|correlation-?id)|x-amzn-(?:requestid|errortype)|cf-ray|content-type|date|location|retry-after(?:-ms)?|server|www-authenticate|x-should-retry|(?:x-|anthropic-)?rate-?limit-[\w-]{1,60}|x-ms-region)$/;

/** Returns a call without secrets. */
export function tracedCall(call: RecordedCall, secrets: Secrets): TracedCall {
  const { request, purpose, status, failure, endedMs, startedMs } = call;
  const line = (text: string, charsMax: number) => secrets.without(plain(text)).slice(0, charsMax);
  return {
    purpose,
    method: request.method,
    url: request.origin + line(request.path, URL_CHARS_MAX),
    requestHeaders: pairsOf(request.headers).map(([name, value]) => [name, sentValue(name, value, line)]),
    status,
    answerHeaders: toldHeaders(call.headers).map(([name, value]) => [name, line(value, VALUE_CHARS_MAX)]),
    body: bodyOf(call, secrets),
    bodyBytes: call.bodyBytes,
    ms: endedMs === null ? null : Math.round(endedMs - startedMs),
    failure: failure?.message ?? null,
  };
}

function sentValue(name: string, value: string, line: (text: string, charsMax: number) => string): string {
  if (OPEN_HEADERS.has(name)) return line(value, VALUE_CHARS_MAX);
  if (name !== 'authorization') return MARK;
  const [, scope = '', signed = ''] =
    /^AWS4-HMAC-SHA256 Credential=[^/]*\/([\w/-]{1,100}), ?SignedHeaders=([\w;-]{1,300}),/.exec(value) ?? [];
  if (scope !== '') return `AWS4-HMAC-SHA256 Credential=${MARK}/${scope}, SignedHeaders=${signed}, Signature=${MARK}`;
  const [, scheme = ''] = /^(Bearer|Basic) /.exec(value) ?? [];
  return scheme === '' ? MARK : `${scheme} ${MARK}`;
}

function pairsOf(flat: readonly string[]): HeaderPairs {
  return Array.from({ length: Math.floor(flat.length / 2) }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? ''] as const);
}

const TOLD_MAX = 40;

function toldHeaders(headers: UpstreamHeaders): HeaderPairs {
  return Object.entries(headers)
    .filter(([name]) => TOLD_HEADERS.test(name))
    .slice(0, TOLD_MAX)
    .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')] as const);
}

/** Pictures and sound are no text. */
const IS_BINARY = /^(?:audio|image|video)\/|octet-stream|eventstream/;

/**
 * Returns the beginning of a body as text. An answer with a token or keys is a secret as a whole; so is anything that a server of
 * tokens says without an error.
 */
function bodyOf({ purpose, status, headers, body, bodyBytes }: RecordedCall, secrets: Secrets): string | null {
  if (IS_BINARY.test(String(headers['content-type'] ?? ''))) return null;
  if (bodyBytes === 0 || (purpose === 'token' && (status ?? 0) < 400)) return null;
  const text = Buffer.concat(body).toString('utf8');
  // The end of what was kept may be the beginning of a secret, which no search would find.
  const whole = bodyBytes <= KEPT_BYTES_MAX ? text : text.slice(0, Math.max(0, text.length - secrets.longest));
  return secrets.without(plain(whole)).slice(0, BODY_CHARS_MAX);
}

/** Returns a text without control characters, except for line breaks and tabs, and without marks that reorder it. */
function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd]+/g, ' ');
}
