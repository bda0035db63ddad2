import { UNWRITABLE } from '../../lib/http-text/characters.ts';
import type { Sendable } from '../../lib/pieces.ts';

/** One request to an upstream. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST';
  /** The path with its query; begins with `/`. */
  readonly path: string;
  /** Flat name/value pairs, never changed after sending. `host`, `connection` and `content-length` are added here. */
  readonly headers: readonly string[];
  readonly body: Sendable | null;
}

/** Returned for a request that cannot be written safely: a control character in a path or header could change the message. */
export class UnwritableRequest extends Error {}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_PATH = /[^\x21-\xff]/;
/** Headers that decide how a message is read. A caller may not pass them. */
const FRAMING = /^(host|connection|content-length|transfer-encoding|keep-alive|upgrade|expect|trailer|te)$/i;

/** Returns the request's head, with the content length of its body. */
export function requestHead(request: PlainRequest, host: string): string | UnwritableRequest {
  const { method, path, body } = request;
  const lines = linesOf(request.headers, host);
  if (lines === null || NOT_IN_PATH.test(path)) return new UnwritableRequest();
  const length = body === null ? '' : `content-length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${lines}${length}\r\n`;
}

/** Header lines by array. A deployment uses one array for all its requests, so its headers are checked and joined once. */
const known = new WeakMap<readonly string[], { readonly host: string; readonly lines: string | null }>();

function linesOf(headers: readonly string[], host: string): string | null {
  const before = known.get(headers);
  if (before !== undefined && before.host === host) return before.lines;
  const lines = writeLines(headers, host);
  known.set(headers, { host, lines });
  return lines;
}

function writeLines(headers: readonly string[], host: string): string | null {
  let lines = `host: ${host}\r\nconnection: keep-alive\r\n`;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (!NAME.test(name) || FRAMING.test(name) || UNWRITABLE.test(value)) return null;
    lines += `${name}: ${value}\r\n`;
  }
  return lines;
}
