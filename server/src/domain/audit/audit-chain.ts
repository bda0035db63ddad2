/**
 * The rules of an audit chain. Each event's hash covers the previous hash, so anyone can verify a chain. A MAC under the
 * installation's audit key covers the hash, and with it every event up to there. Someone who can write to the database but has no
 * master key cannot make a MAC.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** A value that a JSON column stores and returns unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The key of an installation's audit chains. */
export interface AuditKey {
  /** 32 bytes. */
  readonly key: Buffer;
  /**
   * An event without a MAC is accepted if an event with one follows it at or before this time, in Unix milliseconds. Until then
   * replicas of a version without the key may still write. 0: never, because the installation began with the key.
   */
  readonly unkeyedUntilMs: number;
  /** True if an earlier key was lost with its master key. A MAC before the first one under this key then counts as none. */
  readonly isReplaced: boolean;
}

/** One link: the stored event, and the values that chain it. */
export interface ChainLink {
  readonly seq: number;
  readonly event: Json;
  /** The event's own time in Unix milliseconds. `event` holds it too. */
  readonly atMs: number;
  readonly previousHash: string;
  readonly hash: string;
  /** Null: written without the key. */
  readonly mac: Buffer | null;
}

/** The first fault of a chain. */
export interface ChainFault {
  /** The first event that is wrong; one past the last when events are missing at the end. */
  readonly seq: number;
  /**
   * `hash`: the event does not follow from the previous one. `key`: its MAC was not made with this installation's key. `no_key`:
   * it was written without the key when every writer had the key. `head`: the chain does not end where its head says.
   * `remembered`: it differs from a head stored in a separate file.
   */
  readonly because: 'hash' | 'key' | 'no_key' | 'head' | 'remembered';
}

/** The previous hash of the first link of a chain. */
export const GENESIS_HASH = '0'.repeat(64);

/** Returns the hash of a link: SHA-256 over the previous hash and the event's canonical text, in lower-case hex. */
export function chainHash(previousHash: string, event: Json): string {
  return hash('sha256', previousHash + canonicalJson(event), 'hex');
}

/** Returns the MAC of a link: HMAC-SHA256 over its chain, its place and its hash, which covers every link before it. */
export function chainMac(key: Buffer, link: { readonly chain: string; readonly seq: number; readonly hash: string }): Buffer {
  return createHmac('sha256', key).update(`headgate audit event\n${link.chain}\n${link.seq}\n${link.hash}`).digest();
}

/** Reports whether the MAC is the one of this link under this key. Compares in constant time. */
export function isMacOf(
  key: Buffer,
  mac: Buffer,
  link: { readonly chain: string; readonly seq: number; readonly hash: string },
): boolean {
  const wanted = chainMac(key, link);
  return mac.length === wanted.length && timingSafeEqual(mac, wanted);
}

/**
 * Verifies a chain link by link, from its first link. Events that were cut off at the end leave a valid chain. Only a head that
 * is stored elsewhere reveals that.
 */
export class ChainWalk {
  /** The newest link that was verified; 0 before the first. */
  seq = 0;
  hash = GENESIS_HASH;
  /** The first link with a MAC. */
  keyedFromSeq: number | null = null;
  /** The number of links without a MAC after the first link with one, and the newest of them. */
  unkeyedSince = 0;
  lastUnkeyedSeq: number | null = null;
  readonly #chain: string;
  readonly #key: AuditKey | null;
  /** The first of the links without a MAC that no link with a MAC has followed yet. */
  #openSinceSeq: number | null = null;

  /** Verifies only hashes if `key` is null. */
  constructor(chain: string, key: AuditKey | null) {
    this.#chain = chain;
    this.#key = key;
  }

  /** Verifies the next link. Returns its fault, or null. */
  next(link: ChainLink): ChainFault | null {
    const follows = link.seq === this.seq + 1 && link.previousHash === this.hash;
    if (!follows || link.hash !== chainHash(this.hash, link.event)) return { seq: this.seq + 1, because: 'hash' };
    const fault = this.#key === null ? null : this.#judgeKey(link, this.#key);
    this.seq = link.seq;
    this.hash = link.hash;
    return fault;
  }

  /** Verifies the end of the chain. Returns its fault, or null. */
  end(nowMs: number): ChainFault | null {
    if (this.#key === null || this.#openSinceSeq === null || nowMs <= this.#key.unkeyedUntilMs) return null;
    return { seq: this.#openSinceSeq, because: 'no_key' };
  }

  #judgeKey({ seq, hash, mac, atMs }: ChainLink, { key, unkeyedUntilMs, isReplaced }: AuditKey): ChainFault | null {
    const isOurs = mac !== null && isMacOf(key, mac, { chain: this.#chain, seq, hash });
    const isOfLostKey = mac !== null && !isOurs && isReplaced && this.keyedFromSeq === null;
    if (mac === null || isOfLostKey) {
      this.#openSinceSeq ??= seq;
      if (this.keyedFromSeq !== null) {
        this.unkeyedSince += 1;
        this.lastUnkeyedSeq = seq;
      }
      return null;
    }
    if (!isOurs) return { seq, because: 'key' };
    // The time is that of the event with the MAC, which covers it. The writer of an event without a MAC could state any time.
    if (this.#openSinceSeq !== null && atMs > unkeyedUntilMs) return { seq: this.#openSinceSeq, because: 'no_key' };
    this.#openSinceSeq = null;
    this.keyedFromSeq ??= seq;
    return null;
  }
}

/**
 * Returns the same text for equal values: keys sorted by code unit, no spaces. Throws RangeError on values outside JSON (NaN,
 * infinity, undefined, functions).
 */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== 'object') return canonicalScalar(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  const object = value as { readonly [key: string]: Json };
  const fields = Object.keys(object).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as Json)}`).join(',')}}`;
}

function canonicalScalar(value: null | boolean | number | string): string {
  const isSayable = value === null || typeof value === 'boolean' || typeof value === 'string' || Number.isFinite(value);
  if (!isSayable) throw new RangeError(`an audit event contains a ${typeof value}, which JSON cannot express`);
  return JSON.stringify(value);
}
