/** Ids: a prefix that names the kind, then a UUIDv7 in 32 hex digits. Its first 48 bits are its time, so ids sort by age. */
import { randomFillSync } from 'node:crypto';

/** The kinds of things that have ids. */
export type IdPrefix =
  | ('org' | 'team' | 'key' | 'acct' | 'mem' | 'svc' | 'dep' | 'cred' | 'rg' | 'bud' | 'price' | 'adm' | 'req')
  | 'tpl' // templates of organizations
  | ('inv' | 'sess' | 'link' | 'pass' | 'auth' | 'prf') // accounts and sign-in
  | ('idp' | 'map' | 'scim' | 'grp' | 'login' | 'iss' | 'trust') // identity providers, mappings, SCIM, logins and trusted issuers
  | ('evt' | 'hook' | 'dlv' | 'rule' | 'inc' | 'run' | 'drift') // events, webhooks, alert rules and jobs
  | ('view' | 'mail') // saved views and scheduled mails
  | ('resp' | 'conv' | 'msg' | 'item') // stored responses, conversations and their items
  | ('file' | 'batch'); // files, whose ids have a hyphen (proxy/files/file-store.ts), and batches

/** Returns a new id, `org_0192f3…`. Two ids of one process in the same millisecond sort in the order in which they were made. */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  writeUuidV7(nowMs);
  return `${prefix}_${text.toString('latin1', UUID_AT)}`;
}

/** Returns a new request id. Its time is `admitted_at`, the partition key, so the id is enough to find the row. */
export function requestId(nowMs: number = Date.now()): string {
  writeUuidV7(nowMs);
  return text.toString('latin1');
}

/** Returns the same request id with another time: an id is made before the counters say when the request was admitted. */
export function restampRequestId(id: string, atMs: number): string {
  writeTime(Math.floor(atMs));
  return id.startsWith(timeText, UUID_AT) ? id : requestIdAt(requestTail(id), atMs);
}

/** Returns the part of a request id that never changes, whenever the request was admitted. */
export function requestTail(id: string): string {
  return id.slice(16);
}

/** Returns the request id with this tail and this time. */
export function requestIdAt(tail: string, atMs: number): string {
  writeTime(Math.floor(atMs));
  text.write(tail, TIME_END, 'latin1');
  return text.toString('latin1');
}

/** Returns the time inside a request id in milliseconds since the epoch; null if the text is not a request id. */
export function requestTimeMs(id: string): number | null {
  return REQUEST_ID.test(id) ? Number.parseInt(id.slice(4, 16), 16) : null;
}

/** Reports whether the text has the form of an id with this prefix. Saves a database query for text that cannot be one. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.length === prefix.length + 33 && text.startsWith(`${prefix}_`) && UUID_HEX.test(text.slice(prefix.length + 1));
}

const REQUEST_ID = /^req_[0-9a-f]{12}7[0-9a-f]{19}$/;
const UUID_HEX = /^[0-9a-f]{12}7[0-9a-f]{19}$/;
const SEQUENCE_MAX = 0xfff;

const HEX = Buffer.from('0123456789abcdef', 'latin1');
/**
 * The request id that is made next. Building it from bytes gives one flat string; joined pieces would have to be flattened by
 * each user.
 */
const text = Buffer.from(`req_${'0'.repeat(32)}`, 'latin1');
const UUID_AT = 4;
const TIME_END = 16;

const RANDOM_BYTES = 10;
const stock = Buffer.alloc(800 * RANDOM_BYTES);
let stockAt = stock.length;

let lastMs = -1;
let sequence = 0;
let timeMs = -1;
let timeText = '';

/**
 * Writes a UUIDv7 (RFC 9562, 5.7 and 6.2): 48 bits of time, the version, 12 bits that rise within a millisecond, the variant, 62
 * random bits.
 */
function writeUuidV7(nowMs: number): void {
  const ms = Math.floor(nowMs);
  if (stockAt === stock.length) {
    randomFillSync(stock);
    stockAt = 0;
  }
  const from = stockAt;
  stockAt += RANDOM_BYTES;
  if (ms === lastMs && sequence < SEQUENCE_MAX) {
    sequence += 1;
  } else {
    lastMs = ms;
    // The highest bit is 0, so that later ids of the same millisecond have room to rise.
    sequence = (((stock[from + 8] as number) << 8) | (stock[from + 9] as number)) & 0x7ff;
  }
  writeTime(ms);
  writeByte(TIME_END, 0x70 | (sequence >> 8));
  writeByte(TIME_END + 2, sequence & 0xff);
  writeByte(TIME_END + 4, 0x80 | ((stock[from] as number) & 0x3f));
  for (let at = 1; at < 8; at += 1) writeByte(TIME_END + 4 + 2 * at, stock[from + at] as number);
}

/** Writes the time. Under load many ids share a millisecond, so its digits are kept. */
function writeTime(ms: number): void {
  if (ms !== timeMs) {
    timeMs = ms;
    timeText = ms.toString(16).padStart(TIME_END - UUID_AT, '0');
    text.write(timeText, UUID_AT, 'latin1');
  }
}

function writeByte(at: number, byte: number): void {
  text[at] = HEX[byte >> 4] as number;
  text[at + 1] = HEX[byte & 15] as number;
}
