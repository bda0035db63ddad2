/** Ids: a prefix that says what is named, then a UUIDv7 in 32 hex digits. Its first 48 bits are its time, so ids sort by age. */
import { randomUUID } from 'node:crypto';

/** What an id can name. */
export type IdPrefix =
  | ('org' | 'team' | 'key' | 'acct' | 'mem' | 'svc' | 'dep' | 'cred' | 'rg' | 'bud' | 'price' | 'adm' | 'req')
  | ('inv' | 'sess' | 'link' | 'pass' | 'auth') // people and how they sign in
  | ('evt' | 'hook' | 'dlv' | 'run' | 'drift'); // what runs by itself, and whom it tells

/** A new id, `org_0192f3…`. Two made by one process in the same millisecond sort in the order they were made. */
export function newId(prefix: IdPrefix, nowMs: number = Date.now()): string {
  return `${prefix}_${uuidV7(nowMs)}`;
}

/** A new request id. Its own time is `admitted_at`, the partition key, so whoever holds the id can find the row. */
export function requestId(nowMs: number = Date.now()): string {
  return `req_${uuidV7(nowMs)}`;
}

/** The same request id with another time: an id is made before the counters say when the request was admitted. */
export function restampRequestId(id: string, atMs: number): string {
  return requestIdAt(requestTail(id), atMs);
}

/** What of a request id never changes, whenever it was admitted. */
export function requestTail(id: string): string {
  return id.slice(16);
}

/** The request id with this tail and this time. */
export function requestIdAt(tail: string, atMs: number): string {
  return `req_${timeHex(Math.floor(atMs))}${tail}`;
}

/** The time inside a request id in milliseconds since the epoch; null when the text is not a request id. */
export function requestTimeMs(id: string): number | null {
  return REQUEST_ID.test(id) ? Number.parseInt(id.slice(4, 16), 16) : null;
}

/** True when the text has the form of an id with this prefix; garbage need not be asked of a database. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.length === prefix.length + 33 && text.startsWith(`${prefix}_`) && UUID_HEX.test(text.slice(prefix.length + 1));
}

const REQUEST_ID = /^req_[0-9a-f]{12}7[0-9a-f]{19}$/;
const UUID_HEX = /^[0-9a-f]{12}7[0-9a-f]{19}$/;
const SEQUENCE_MAX = 0xfff;

let lastMs = -1;
let sequence = 0;

let hexMs = -1;
let hex = '';

/** Under load many ids share a millisecond, and its digits. */
function timeHex(ms: number): string {
  if (ms !== hexMs) {
    hexMs = ms;
    hex = ms.toString(16).padStart(12, '0');
  }
  return hex;
}

function uuidV7(nowMs: number): string {
  const ms = Math.floor(nowMs);
  // Node keeps random bytes for randomUUID in stock, which makes it the cheapest source; only its variant and last 62 bits are used.
  const random = randomUUID();
  if (ms === lastMs && sequence < SEQUENCE_MAX) {
    sequence += 1;
  } else {
    lastMs = ms;
    sequence = Number.parseInt(random.slice(0, 3), 16) >> 1;
  }
  return `${timeHex(ms)}7${sequence.toString(16).padStart(3, '0')}${random.slice(19, 23)}${random.slice(24)}`;
}
