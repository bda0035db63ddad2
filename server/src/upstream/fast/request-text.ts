import { UNWRITABLE } from '../../lib/http-text/characters.ts';

/** One request as an upstream is sent it. */
export interface PlainRequest {
  readonly method: 'GET' | 'POST';
  /** With the query; begins with `/`. */
  readonly path: string;
  /** Flat name/value pairs; `host`, `connection` and `content-length` are ours. An array is never changed once it was sent. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/** A line break or another control character in a path or header would say something else than was meant. */
export class UnwritableRequest extends Error {}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NOT_IN_PATH = /[^\x21-\xff]/;
/** They decide how a message is read, and are written here or not at all. */
const FRAMING = /^(host|connection|content-length|transfer-encoding|keep-alive|upgrade|expect|trailer|te)$/i;

/** The request's head, with what says where its body ends. */
export function requestHead(request: PlainRequest, host: string): string | UnwritableRequest {
  const { method, path, body } = request;
  const lines = linesOf(request.headers, host);
  if (lines === null || NOT_IN_PATH.test(path)) return new UnwritableRequest();
  const length = body === null ? '' : `content-length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\n${lines}${length}\r\n`;
}

/** A deployment's headers are the same array for each of its requests, so they are checked and joined once. */
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
