import { IN_VALUE, KIND, plainLength } from '../../lib/http-text/characters.ts';
import { LastNames, ODD, readHeaderLines } from '../../lib/http-text/header-lines.ts';

/** Header names are lower case; a name that came more than once has all its values. */
export type AnswerHeaders = Record<string, string | string[] | undefined>;

/** The head of an answer whose body has a length or comes in chunks, and nothing else. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** -1: in chunks. */
  readonly contentLength: number;
  readonly bodyAt: number;
  /** Whether another request may be sent on the connection afterwards. */
  readonly keepsAlive: boolean;
  /** How long the server keeps an idle connection, where it says so; else null. */
  readonly keepAliveMs: number | null;
}

export type AnswerReading = AnswerHead | 'odd' | 'incomplete';

/** A longer head is left to the full client. */
const ANSWER_HEAD_BYTES_MAX = 16 * 1024;

const START = Buffer.from('HTTP/1.1 ');
const lastNames = new LastNames();
const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_AT = 9;
const LINES_AT = 12;

/** Reads the head at the beginning of `bytes`: a strict subset of what the full client accepts, read the same way; all else is `odd`. */
export function readAnswerHead(bytes: Buffer): AnswerReading {
  for (let at = 0; at < START.length; at += 1) {
    if (at === bytes.length) return 'incomplete';
    if (bytes[at] !== START[at]) return 'odd';
  }
  const end = bytes.indexOf(HEAD_END, STATUS_AT);
  if (end < 0) return bytes.length < ANSWER_HEAD_BYTES_MAX ? 'incomplete' : 'odd';
  if (end > ANSWER_HEAD_BYTES_MAX) return 'odd';
  const text = bytes.toString('latin1', 0, end);
  const status = statusOf(text);
  let at = text.indexOf('\r\n', LINES_AT);
  if (status < 0 || at < 0 || !isReason(bytes, at)) return 'odd';
  at += 2;
  const pairs: string[] = [];
  const bodyAt = readHeaderLines(bytes, at, text, pairs, lastNames);
  if (bodyAt === ODD || bodyAt !== end + HEAD_END.length) return 'odd';
  return judge(status, pairs, bodyAt);
}

/** Three digits from 200 to 599 that announce a body; -1 for all else: what has no body, or is only the announcement of an answer. */
function statusOf(text: string): number {
  let status = 0;
  for (let at = STATUS_AT; at < LINES_AT; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    status = status * 10 + digit;
  }
  return status < 200 || status > 599 || status === 204 || status === 205 || status === 304 ? -1 : status;
}

/** Nothing, or a space and plain words. */
function isReason(bytes: Buffer, end: number): boolean {
  if (end > LINES_AT && bytes[LINES_AT] !== 0x20) return false;
  for (let at = LINES_AT; at < end; at += 1) if (((KIND[bytes[at] as number] as number) & IN_VALUE) === 0) return false;
  return true;
}

function judge(status: number, pairs: readonly string[], bodyAt: number): AnswerReading {
  const headers: AnswerHeaders = Object.create(null);
  let contentLength = -1;
  let chunked = false;
  let keepsAlive = true;
  let keepAliveMs: number | null = null;
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at] as string;
    const value = pairs[at + 1] as string;
    const before = headers[name];
    switch (name) {
      case 'content-length':
        contentLength = plainLength(value);
        if (contentLength < 0 || before !== undefined) return 'odd';
        break;
      case 'transfer-encoding':
        if (value !== 'chunked' || before !== undefined) return 'odd';
        chunked = true;
        break;
      case 'connection':
        if (before !== undefined || !/^(keep-alive|close)$/i.test(value)) return 'odd';
        keepsAlive = value.length !== 5;
        break;
      case 'keep-alive':
        keepAliveMs = keepAliveOf(value);
        break;
      case 'upgrade':
      case 'trailer':
      case 'proxy-connection':
        return 'odd';
    }
    if (before === undefined) headers[name] = value;
    else if (typeof before === 'string') headers[name] = [before, value];
    else before.push(value);
  }
  if (chunked === contentLength >= 0) return 'odd';
  return { status, headers, contentLength: chunked ? -1 : contentLength, bodyAt, keepsAlive, keepAliveMs };
}

function keepAliveOf(value: string): number | null {
  const seconds = /timeout=(\d{1,9})/i.exec(value)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1_000;
}
