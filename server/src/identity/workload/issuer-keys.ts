/**
 * The keys of trusted issuers, in memory and in a table.
 *
 * A key set is fetched again after 15 minutes, and when a token names a key that is not in it, but at most once in 30 seconds for
 * each issuer and process. While an issuer cannot be reached, its last key set counts for 24 hours. After that, and for a key that
 * nobody has seen yet, the outcome is unknown: `KeysUnreachable`, which is answered by 503 and never by 401.
 */
import type { JWK } from 'jose';
import type { TrustedIssuer } from '../../domain/identity/trust.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { BadKeySet, type KeySet, keysFor, readKeySet } from './key-set.ts';

/** Thrown if nobody can tell now whether a token is good. The message is a sentence for a person. */
export class KeysUnreachable extends Error {}

/** A key set as it was fetched. */
export interface FetchedKeySet {
  readonly keySet: string;
  readonly fetchedAtMs: number;
}

export interface IssuerKeysOptions {
  readonly clock: Clock;
  /** Fetches the key set of an issuer. Rejects with an error whose message is the end of a sentence for a person. */
  readonly fetch: (issuer: TrustedIssuer) => Promise<string>;
  readonly load: (issuer: TrustedIssuer) => Promise<FetchedKeySet | null>;
  readonly save: (issuer: TrustedIssuer, fetched: FetchedKeySet) => Promise<void>;
}

export interface IssuerKeys {
  /** Returns the keys of an issuer that may have made a signature. Throws KeysUnreachable. */
  find(issuer: TrustedIssuer, algorithm: string, keyId: string | null): Promise<readonly JWK[]>;
  /** Fetches the key set now. Returns its keys, or what is wrong. For people who set up an issuer. */
  test(issuer: TrustedIssuer): Promise<{ readonly keys: readonly JWK[] } | { readonly problem: string }>;
}

const FRESH_MS = 15 * 60_000;
const RETRY_MS = 30_000;
const STALE_MS_MAX = 24 * 3_600_000;
const ISSUERS_IN_MEMORY_MAX = 1_000;

interface Entry {
  keys: KeySet | null;
  fetchedAtMs: number;
  /** The time of the last try on the monotonic clock; null: none yet. */
  triedAtMs: number | null;
  /** The outcome of the last try; null if it worked. */
  problem: string | null;
  fetching: Promise<void> | null;
}

export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { clock } = options;
  const entries = new Map<string, Promise<Entry>>();

  function entryOf(issuer: TrustedIssuer): Promise<Entry> {
    const name = `${issuer.organizationId} ${issuer.id} ${issuer.version}`;
    const known = entries.get(name);
    if (known !== undefined) return known;
    if (entries.size >= ISSUERS_IN_MEMORY_MAX) entries.delete(entries.keys().next().value as string);
    const opened = open(issuer, options);
    entries.set(name, opened);
    // A table that could not be read is read again next time.
    opened.catch(() => entries.delete(name));
    return opened;
  }

  async function find(issuer: TrustedIssuer, algorithm: string, keyId: string | null): Promise<readonly JWK[]> {
    const entry = await entryOf(issuer);
    const isFresh = clock.nowMs() - entry.fetchedAtMs < FRESH_MS;
    const found = entry.keys === null ? [] : keysFor(entry.keys, algorithm, keyId);
    if (issuer.keySource === 'pasted' || (isFresh && found.length > 0)) return found;
    const isDue = entry.triedAtMs === null || clock.monotonicMs() - entry.triedAtMs >= RETRY_MS;
    if (entry.fetching !== null || isDue) await fetchInto(entry, issuer, options);
    if (entry.keys === null || clock.nowMs() - entry.fetchedAtMs >= STALE_MS_MAX) throw unreachable(issuer, entry);
    const again = keysFor(entry.keys, algorithm, keyId);
    // The issuer may have a new key that could not be fetched.
    if (again.length === 0 && entry.problem !== null) throw unreachable(issuer, entry);
    return again;
  }

  return {
    find,
    test: async (issuer) => {
      try {
        const text = issuer.keySource === 'pasted' ? (issuer.pastedKeys ?? '') : await options.fetch(issuer);
        return { keys: readKeySet(text).keys };
      } catch (error) {
        return { problem: wordsOf(error) };
      }
    },
  };
}

async function open(issuer: TrustedIssuer, { load }: IssuerKeysOptions): Promise<Entry> {
  const entry: Entry = { keys: null, fetchedAtMs: Number.NEGATIVE_INFINITY, triedAtMs: null, problem: null, fetching: null };
  if (issuer.keySource === 'pasted') return { ...entry, keys: readOrNull(issuer.pastedKeys ?? '') };
  const stored = await load(issuer);
  return stored === null ? entry : { ...entry, keys: readOrNull(stored.keySet), fetchedAtMs: stored.fetchedAtMs };
}

function readOrNull(text: string): KeySet | null {
  try {
    return readKeySet(text);
  } catch (error) {
    if (error instanceof BadKeySet) return null;
    throw error;
  }
}

/** Fetches a key set. Everybody who needs it meanwhile waits for the same fetch. Never rejects. */
function fetchInto(entry: Entry, issuer: TrustedIssuer, options: IssuerKeysOptions): Promise<void> {
  entry.triedAtMs = options.clock.monotonicMs();
  entry.fetching ??= fetchOnce(entry, issuer, options).finally(() => {
    entry.fetching = null;
  });
  return entry.fetching;
}

async function fetchOnce(entry: Entry, issuer: TrustedIssuer, { clock, fetch, save }: IssuerKeysOptions): Promise<void> {
  try {
    const text = await fetch(issuer);
    entry.keys = readKeySet(text);
    entry.fetchedAtMs = clock.nowMs();
    entry.problem = null;
    // Kept for other processes, and for a start while the issuer is down. The keys count whether or not it can be stored.
    save(issuer, { keySet: text, fetchedAtMs: entry.fetchedAtMs }).catch(() => {});
  } catch (error) {
    entry.problem = wordsOf(error);
  }
}

function wordsOf(error: unknown): string {
  return error instanceof BadKeySet ? `its key set ${error.message}` : (error as Error).message;
}

function unreachable({ name }: TrustedIssuer, { problem }: Entry): KeysUnreachable {
  return new KeysUnreachable(
    `The keys of the issuer ${name} cannot be fetched: ${problem ?? 'the last try was less than 30 seconds ago'}. Try again in a moment.`,
  );
}
