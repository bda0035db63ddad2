/** Complete answers that may be given again, in this process's memory, sealed. */
import { CACHE_SECONDS_MAX } from '../../domain/routing/catalogue.ts';
import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import type { Clock } from '../../lib/timing/clock.ts';

/** An answer as the client got it, with what its head said of it. */
export interface KeptAnswer {
  readonly contentType: string;
  readonly finishReason: string | null;
  /** The client's fields that the provider's request lacked. */
  readonly dropped: readonly string[];
  readonly bytes: Buffer;
}

export interface AnswerCache {
  /** Returns the name of the answer to a request; null if nothing of this organization may be kept any more. */
  nameOf(organization: OrganizationConfig, parts: readonly unknown[], body: string): string | null;
  /** Returns the answer of this name and its age, if it is at most `secondsMax` old; else null. */
  find(organization: OrganizationConfig, name: string, secondsMax: number): FoundAnswer | null;
  /** Keeps an answer in the place of an earlier one of this name. One that is too large is not kept, and the earlier one is gone. */
  keep(organization: OrganizationConfig, name: string, answer: KeptAnswer): void;
  /** Returns the bytes that all answers take. */
  bytes(): number;
}

export interface FoundAnswer {
  readonly answer: KeptAnswer;
  /** Whole seconds. */
  readonly ageSeconds: number;
}

/** The largest answer that is kept, in bytes. */
export const CACHED_BYTES_MAX = 1024 * 1024;
/** The memory of an entry beside its sealed bytes, about: its name, and its place in the map. */
const ENTRY_BYTES = 400;

export interface AnswerCacheOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The most bytes that all answers take; 0 keeps none. */
  readonly bytesMax: number;
  /** Makes an organization's names: a keyed hash under its content key; null once that key was destroyed. */
  readonly digest: (organization: OrganizationConfig, text: string) => string | null;
  readonly seal: (organization: OrganizationConfig, name: string, content: Uint8Array) => Buffer | null;
  readonly open: (organization: OrganizationConfig, name: string, sealed: Uint8Array) => Buffer | null;
}

interface Entry {
  readonly sealed: Buffer;
  readonly keptAtMs: number;
}

/**
 * Creates an empty cache. The answer that was not used for longest goes first. Names are made under the organization's content key,
 * and answers are sealed under it and bound to their name, so an entry can be neither found nor read for another organization.
 */
export function createAnswerCache({ clock, bytesMax, digest, seal, open }: AnswerCacheOptions): AnswerCache {
  const entries = new Map<string, Entry>();
  let bytes = 0;

  const drop = (name: string, { sealed }: Entry) => {
    entries.delete(name);
    bytes -= sealed.length + ENTRY_BYTES;
  };
  return {
    nameOf: (organization, parts, body) =>
      bytesMax === 0 ? null : digest(organization, `${JSON.stringify([organization.id, ...parts])}\n${body}`),
    find: (organization, name, secondsMax) => {
      const entry = entries.get(name);
      if (entry === undefined) return null;
      const ageMs = clock.monotonicMs() - entry.keptAtMs;
      if (ageMs >= Math.min(secondsMax, CACHE_SECONDS_MAX) * 1_000) {
        drop(name, entry);
        return null;
      }
      const opened = open(organization, name, entry.sealed);
      if (opened === null) return null;
      entries.delete(name);
      entries.set(name, entry);
      return { answer: decode(opened), ageSeconds: Math.floor(ageMs / 1_000) };
    },
    keep: (organization, name, answer) => {
      const before = entries.get(name);
      if (before !== undefined) drop(name, before);
      if (answer.bytes.length > CACHED_BYTES_MAX) return;
      const sealed = seal(organization, name, encode(answer));
      if (sealed === null || sealed.length + ENTRY_BYTES > bytesMax) return;
      entries.set(name, { sealed, keptAtMs: clock.monotonicMs() });
      bytes += sealed.length + ENTRY_BYTES;
      for (const [oldest, entry] of entries) {
        if (bytes <= bytesMax) break;
        drop(oldest, entry);
      }
    },
    bytes: () => bytes,
  };
}

/** The head as one line of JSON, and the bytes after it. */
function encode({ bytes, ...head }: KeptAnswer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]);
}

function decode(opened: Buffer): KeptAnswer {
  const end = opened.indexOf(0x0a);
  return { ...(JSON.parse(opened.toString('utf8', 0, end)) as Omit<KeptAnswer, 'bytes'>), bytes: opened.subarray(end + 1) };
}
