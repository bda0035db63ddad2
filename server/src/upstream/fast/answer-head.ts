import { IN_VALUE, KIND, plainLength } from '../../lib/http-text/characters.ts';
import { LastNames, ODD, readHeaderLines } from '../../lib/http-text/header-lines.ts';

/** Headers by lower-case name. A name that came more than once has an array of all its values. */
export type AnswerHeaders = Record<string, string | string[] | undefined>;

/** The head of a plain answer: its body has a length or comes in chunks. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** The length of the body in bytes; -1 if it comes in chunks. */
  readonly contentLength: number;
  readonly bodyAt: number;
  /** True if another request may be sent on the connection afterwards. */
  readonly keepsAlive: boolean;
  /** The time for which the server keeps an idle connection; null if it names none. */
  readonly keepAliveMs: number | null;
}

export type AnswerReading = AnswerHead | 'odd' | 'incomplete';

/** The longest head that is read here, in bytes. A longer one is left to the full client. */
const ANSWER_HEAD_BYTES_MAX = 16 * 1024;

const START = Buffer.from('HTTP/1.1 ');
const lastNames = new LastNames();
const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS_AT = 9;
const LINES_AT = 12;

/** Reads the head at the beginning of `bytes`, as the full client does. Heads outside a strict subset are `odd`. */
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

/** Returns a status from 200 to 599 whose answer has a body; -1 for all others, such as 1xx, 204 and 304. */
function statusOf(text: string): number {
  let status = 0;
  for (let at = STATUS_AT; at < LINES_AT; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    status = status * 10 + digit;
  }
  return status < 200 || status > 599 || status === 204 || status === 205 || status === 304 ? -1 : status;
}

/** Reports whether the reason phrase is empty, or a space and plain text. */
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
