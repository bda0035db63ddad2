import { DATA_PREFIXES } from '../../domain/planes.ts';
import { FORM_BYTES_IN_MEMORY_MAX, isFormType } from '../../lib/buffered-bytes.ts';
import { IN_TARGET, KIND, plainLength } from '../../lib/http-text/characters.ts';
import { LastNames, ODD, readHeaderLines } from '../../lib/http-text/header-lines.ts';

/** The head of a plain request: a POST to the data plane with one content length, and no header that changes how it is read. */
export interface RequestHead {
  readonly path: string;
  /** The query without `?`; empty when there is none. */
  readonly query: string;
  /** Flat name/value pairs. Names are in lower case, and none comes twice. */
  readonly pairs: readonly string[];
  readonly contentLength: number;
  /** The index of the body's first byte in the bytes that were read. */
  readonly bodyAt: number;
  /** True if the client asks to close the connection after the answer. */
  readonly closes: boolean;
}

/** The result of reading a head. `odd`: Node has to read it. `incomplete`: plain so far, and more bytes are needed. */
export type HeadReading = RequestHead | 'odd' | 'incomplete';

/** The longest head that the lane reads, in bytes. A longer one is left to Node. */
export const HEAD_BYTES_MAX = 8 * 1024;
const HEADERS_MAX = 64;

/** The beginnings of plain requests, the most frequent first. */
const STARTS = DATA_PREFIXES.map(({ prefix }) => Buffer.from(`POST ${prefix}`));
/** The number of bytes that always tell whether a request begins as a plain one. */
export const START_BYTES_MAX = Math.max(...STARTS.map(({ length }) => length));
const VERSION = ' HTTP/1.1\r\n';
const lastNames = new LastNames();
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Reads the head at the beginning of `bytes`. Accepts a strict subset of what Node's parser accepts and reads it the same way;
 * everything else is `odd`. `endFrom`: the index from which to look for the end of the head, where an earlier call with fewer
 * bytes found none before it.
 */
export function readRequestHead(bytes: Buffer, bodyBytesMax: number, endFrom = 0): HeadReading {
  const start = startOf(bytes);
  if (start <= 0) return start === ODD_START ? 'odd' : 'incomplete';
  const end = bytes.indexOf(HEAD_END, endFrom);
  if (end < 0) return bytes.length < HEAD_BYTES_MAX ? 'incomplete' : 'odd';
  if (end > HEAD_BYTES_MAX) return 'odd';
  const text = bytes.toString('latin1', 0, end);
  let at = start;
  let mark = -1;
  for (; ((KIND[bytes[at] as number] as number) & IN_TARGET) !== 0; at += 1)
    if (mark < 0 && bytes[at] === QUESTION_MARK) mark = at;
  if (!text.startsWith(VERSION, at)) return 'odd';
  const pairs: string[] = [];
  const bodyAt = readHeaderLines(bytes, at + VERSION.length, text, pairs, lastNames);
  // The header lines must end at the empty line found above. Otherwise the two searches split the lines differently.
  if (bodyAt !== end + HEAD_END.length || bodyAt === ODD) return 'odd';
  const path = text.substring(TARGET_AT, mark < 0 ? at : mark);
  const query = mark < 0 ? '' : text.substring(mark + 1, at);
  return judge(path, query, pairs, bodyAt, bodyBytesMax);
}

const ODD_START = -1;
const INCOMPLETE_START = 0;

/** Returns the length of the beginning that the bytes have; ODD_START if they have none, INCOMPLETE_START if more must arrive. */
function startOf(bytes: Buffer): number {
  for (let which = 0; which < STARTS.length; which += 1) {
    const start = STARTS[which] as Buffer;
    const comparable = Math.min(start.length, bytes.length);
    let at = 0;
    while (at < comparable && bytes[at] === start[at]) at += 1;
    if (at === start.length) return at;
    if (at === bytes.length) return INCOMPLETE_START;
  }
  return ODD_START;
}

const TARGET_AT = 5;
const QUESTION_MARK = 63;

/** Checks the headers that decide how a message is read, and rejects names that come twice. */
function judge(path: string, query: string, pairs: readonly string[], bodyAt: number, bodyBytesMax: number): HeadReading {
  if (pairs.length > HEADERS_MAX * 2) return 'odd';
  let contentLength = -1;
  let closes = false;
  let host = false;
  let seen = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at] as string;
    switch (name) {
      case 'content-length':
        contentLength = plainLength(pairs[at + 1] as string);
        if (contentLength < 0 || contentLength > bodyBytesMax) return 'odd';
        break;
      case 'host':
        host = true;
        break;
      case 'connection': {
        const value = (pairs[at + 1] as string).toLowerCase();
        if (value !== 'keep-alive' && value !== 'close') return 'odd';
        closes = value === 'close';
        break;
      }
      case 'transfer-encoding':
      case 'expect':
      case 'upgrade':
      case 'trailer':
      case 'proxy-connection':
      case 'http2-settings':
        return 'odd';
    }
    // A cheap hash: only names that share a bit can be equal.
    const bit = 1 << ((name.length * 7 + name.charCodeAt(0) * 3 + name.charCodeAt(name.length - 1)) & 31);
    if ((seen & bit) !== 0 && isTwice(pairs, at)) return 'odd';
    seen |= bit;
  }
  if (contentLength < 0 || !host) return 'odd';
  // Node's listener reads large forms as they arrive.
  if (contentLength > FORM_BYTES_IN_MEMORY_MAX && isForm(pairs)) return 'odd';
  return { path, query, pairs, contentLength, bodyAt, closes };
}

function isForm(pairs: readonly string[]): boolean {
  for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === 'content-type') return isFormType(pairs[at + 1] as string);
  return false;
}

function isTwice(pairs: readonly string[], at: number): boolean {
  for (let before = 0; before < at; before += 2) if (pairs[before] === pairs[at]) return true;
  return false;
}
