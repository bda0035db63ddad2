/** Answers that are the last of their connection: to bytes that are no request, and to requests that are refused unread. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { isAdminApi } from '../../domain/planes.ts';
import type { ErrorDialect } from '../../proxy/error-dialect.ts';
import { Refusal, type RefusalCode, renderRefusal } from '../../proxy/refusal.ts';
import { notedTarget, targetIn } from '../targets.ts';

/** The most bytes of a request line and headers. Node itself enforces it. */
export const HEAD_BYTES_MAX = 32 * 1024;

/** The form of an error: a dialect of the data plane, or a problem of the admin API. */
type Speech = ErrorDialect | 'problem';

/** Renders a refusal as a whole answer in one piece, the last of its connection. */
export function lastAnswer(refusal: Refusal, speech: Speech, requestId: string, more: readonly string[] = []): Buffer {
  const ids = ['x-request-id', requestId, 'request-id', requestId, ...more];
  if (speech === 'problem') return problemAnswer(refusal, requestId, ids);
  const { status, headers, body } = renderRefusal(refusal, speech, requestId, null);
  return answerBytes(status, [...ids, ...headers], body);
}

/** Renders a refusal in the form of the admin API's errors (RFC 9457). */
function problemAnswer({ status, message }: Refusal, requestId: string, headers: readonly string[]): Buffer {
  const fields = { type: 'about:blank', title: STATUS_CODES[status], status, detail: message, errors: [], request_id: requestId };
  const body = Buffer.from(JSON.stringify(fields));
  const type = ['content-type', 'application/problem+json; charset=utf-8', 'content-length', String(body.length)];
  return answerBytes(status, [...headers, ...type, 'cache-control', 'no-store', 'x-content-type-options', 'nosniff'], body);
}

/** Writes an answer as bytes. The headers are ours, or were checked when they were read: see `headerText`. */
export function answerBytes(status: number, headers: readonly string[], body: Buffer | null): Buffer {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'connection: close'];
  for (let at = 0; at < headers.length; at += 2) lines.push(`${headers[at]}: ${headers[at + 1]}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body ?? Buffer.alloc(0)]);
}

/** Returns the answer to bytes that are not valid HTTP or did not arrive in time. It is the last of its connection. */
export function connectionRefusal(why: 'unreadable' | 'late', requestId: string): Buffer {
  const [code, message] = unreadable(why === 'late' ? 'ERR_HTTP_REQUEST_TIMEOUT' : '');
  return lastAnswer(new Refusal(code, message), 'openai', requestId);
}

/** An error of Node's parser, with the bytes that it read last. */
type ParseError = NodeJS.ErrnoException & { readonly rawPacket?: Buffer };

interface Answering {
  readonly requestId: () => string;
  readonly allowedAt?: (path: string) => readonly string[];
}

/** Returns the answer to bytes that Node's parser rejected, in the form of the path that they name. */
export function unreadableAnswer(
  { code = '', rawPacket }: ParseError,
  socket: Socket,
  { requestId, allowedAt }: Answering,
): Buffer {
  const target = (rawPacket === undefined ? null : targetIn(rawPacket)) ?? notedTarget(socket) ?? '';
  const speech = isAdminApi(target) ? 'problem' : 'openai';
  if (code === 'HPE_INVALID_METHOD' && rawPacket !== undefined && targetIn(rawPacket) !== null) {
    const allowed = speech === 'problem' ? (allowedAt?.(target.split('?')[0] ?? '') ?? []) : [];
    const refusal = new Refusal('method_not_allowed', 'HTTP has no such method. Use one that the path supports.');
    return lastAnswer(refusal, speech, requestId(), allowed.length === 0 ? [] : ['allow', allowed.join(', ')]);
  }
  const [known, message] = unreadable(code);
  return lastAnswer(new Refusal(known, message), speech, requestId());
}

function unreadable(code: string): [RefusalCode, string] {
  if (code === 'HPE_HEADER_OVERFLOW')
    return [
      'headers_too_large',
      `The request line and headers are larger than ${HEAD_BYTES_MAX} bytes, the most allowed. Send fewer or shorter headers.`,
    ];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return ['request_timeout', 'The request did not arrive completely in time. Send it again.'];
  return ['invalid_request', 'The request is not valid HTTP/1.1.'];
}
