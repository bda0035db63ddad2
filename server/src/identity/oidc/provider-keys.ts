/**
 * The keys of providers, in memory and in the store. A provider may change its keys at any time, and may be down at any time:
 * a key that is not known is asked for at once, and known keys are used for a day without an answer. The store is for processes
 * that start while the provider is down.
 */
import { type BoundedFetch, NotAnswered } from '../../lib/bounded-fetch.ts';
import { ProviderUnreachable } from '../protocol-problems.ts';
import { readJwk, readJwks, type TrustedKey } from './jwks.ts';
import { plain } from './quoted.ts';

export interface KeyAddress {
  readonly organizationId: string;
  readonly providerId: string;
}

/** The part of the store that keeps keys. */
export interface KeyStore {
  /** Returns the trusted keys that were seen at `since` or later. */
  read(address: KeyAddress, since: Date): Promise<readonly { readonly value: string; readonly seenAt: Date }[]>;
  /** Returns the keys that a person removed. */
  removed(address: KeyAddress): Promise<readonly string[]>;
  /** Stores what the address `from` lists now. */
  write(
    address: KeyAddress,
    listed: { readonly from: string; readonly keys: readonly { readonly id: string; readonly value: string }[] },
    at: Date,
  ): Promise<void>;
}

export interface ProviderKeysDeps {
  readonly fetch: BoundedFetch;
  readonly store: KeyStore;
  readonly nowMs: () => number;
}

export interface WantedKey {
  readonly address: KeyAddress;
  readonly jwksUri: string;
  /** The `kid` to find; undefined: the token names none. */
  readonly kid: string | undefined;
  /** True if the known keys did not verify a signature: then the provider may have others under the same names. */
  readonly isWrong?: boolean;
  /** Anybody can post a logout token, so those that name unknown keys must not use up the questions of sign-ins. */
  readonly by: 'sign_in' | 'logout';
}

export interface KnownKeys {
  readonly keys: readonly TrustedKey[];
  readonly seenAtMs: number;
  /** Words about the last try to read them; null if it succeeded. */
  readonly problem: string | null;
}

export interface ProviderKeys {
  /** Returns the provider's keys. Throws ProviderUnreachable if none are known, or the wanted one is not and nobody answers. */
  find(wanted: WantedKey): Promise<KnownKeys>;
}

/** Keys that a provider withdrew count for this time, so that a sign-in that began before does not fail. */
const FRESH_MS = 300_000;
/** The shortest time between two questions: of one kind of asker for unknown keys, and after a failure. */
const AGAIN_MS = 30_000;
const STALE_MS = 24 * 3_600_000;
const KEPT_MAX = 1_000;

interface KeptKey extends TrustedKey {
  readonly listedAtMs: number;
}

interface Kept {
  keys: readonly KeptKey[];
  /** The time at which the provider last listed them. */
  seenAtMs: number;
  failedAtMs: number;
  problem: string | null;
  readonly askedForUnknownMs: Record<WantedKey['by'], number>;
  reading: Promise<void> | null;
}

/** Opens the keys of all providers. */
export function openProviderKeys(deps: ProviderKeysDeps): ProviderKeys {
  const kept = new Map<string, Promise<Kept>>();

  function of(wanted: WantedKey): Promise<Kept> {
    const name = JSON.stringify([wanted.address.organizationId, wanted.address.providerId, wanted.jwksUri]);
    const known = kept.get(name) ?? load(deps, wanted);
    kept.delete(name);
    if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value as string);
    kept.set(name, known);
    // A failure of the store is not kept.
    known.catch(() => kept.delete(name));
    return known;
  }

  return {
    find: async (wanted) => {
      const one = await of(wanted);
      const now = deps.nowMs();
      const isFresh = now - one.seenAtMs < FRESH_MS;
      if (one.reading !== null) await one.reading;
      else if (!isFresh && now - one.failedAtMs >= AGAIN_MS) await refresh(deps, wanted, one);
      if (!knows(one, wanted) && one.seenAtMs < now && now - one.askedForUnknownMs[wanted.by] >= AGAIN_MS) {
        one.askedForUnknownMs[wanted.by] = now;
        await refresh(deps, wanted, one);
      }
      const known = usable(one, wanted, deps.nowMs());
      return { ...known, keys: await withoutRemoved(deps, wanted.address, known.keys) };
    },
  };
}

/** Leaves out keys that a person removed. They are read each time: the removal counts at once, on every process. */
async function withoutRemoved(
  { store }: ProviderKeysDeps,
  address: KeyAddress,
  keys: readonly TrustedKey[],
): Promise<readonly TrustedKey[]> {
  const removed = new Set<string>();
  for (const value of await store.removed(address)) {
    const key = await readJwk(storedIn(value));
    if (key !== null) removed.add(JSON.stringify(key.jwk));
  }
  return removed.size === 0 ? keys : keys.filter(({ jwk }) => !removed.has(JSON.stringify(jwk)));
}

function knows({ keys }: Kept, { kid, isWrong = false }: WantedKey): boolean {
  if (isWrong) return false;
  return kid === undefined ? keys.length > 0 : keys.some((key) => key.kid === kid);
}

function usable(one: Kept, wanted: WantedKey, nowMs: number): KnownKeys {
  if (one.problem !== null) {
    const words =
      one.keys.length === 0
        ? 'No key of it is known.'
        : nowMs - one.seenAtMs > STALE_MS
          ? 'Its keys were last read more than 24 h ago.'
          : knows(one, wanted)
            ? null
            : 'The key that signed is not among those known before.';
    if (words !== null) throw new ProviderUnreachable(`${one.problem} ${words}`);
  }
  return { keys: one.keys, seenAtMs: one.seenAtMs, problem: one.problem };
}

/** Reads the keys that were stored for this very address: those of an issuer that was configured before do not count. */
async function load(deps: ProviderKeysDeps, { address, jwksUri }: WantedKey): Promise<Kept> {
  const rows = await deps.store.read(address, new Date(deps.nowMs() - STALE_MS));
  const keys: KeptKey[] = [];
  let seenAtMs = 0;
  for (const { value, seenAt } of rows) {
    const stored = storedIn(value);
    const key = stored?.from === jwksUri ? await readJwk(stored) : null;
    if (key === null) continue;
    keys.push({ ...key, listedAtMs: seenAt.getTime() });
    seenAtMs = Math.max(seenAtMs, seenAt.getTime());
  }
  const askedForUnknownMs = { sign_in: Number.NEGATIVE_INFINITY, logout: Number.NEGATIVE_INFINITY };
  return { keys, seenAtMs, failedAtMs: Number.NEGATIVE_INFINITY, problem: null, askedForUnknownMs, reading: null };
}

function storedIn(value: string): { readonly from?: unknown } | null {
  try {
    return JSON.parse(value) as { readonly from?: unknown } | null;
  } catch {
    return null;
  }
}

/** Asks the provider; callers at the same time share one question. */
function refresh(deps: ProviderKeysDeps, wanted: WantedKey, one: Kept): Promise<void> {
  one.reading ??= ask(deps, wanted, one).finally(() => {
    one.reading = null;
  });
  return one.reading;
}

async function ask(deps: ProviderKeysDeps, { address, jwksUri }: WantedKey, one: Kept): Promise<void> {
  const found = await fetchKeys(deps.fetch, jwksUri);
  const now = deps.nowMs();
  if ('problem' in found) {
    one.failedAtMs = now;
    one.problem = `The provider ${found.problem} (${plain(jwksUri)}).`;
    return;
  }
  const names = new Set(found.map(({ id }) => id));
  const withdrawn = one.keys.filter(({ id, kid, listedAtMs }) => kid !== null && !names.has(id) && now - listedAtMs < FRESH_MS);
  one.keys = [...found.map((key) => ({ ...key, listedAtMs: now })), ...withdrawn];
  one.seenAtMs = now;
  one.problem = null;
  const rows = found.map(({ id, jwk }) => ({ id, value: JSON.stringify({ ...jwk, from: jwksUri }) }));
  await deps.store.write(address, { from: jwksUri, keys: rows }, new Date(now));
}

async function fetchKeys(fetch: BoundedFetch, jwksUri: string): Promise<readonly TrustedKey[] | { readonly problem: string }> {
  let answer: Response;
  try {
    answer = await fetch(jwksUri, { method: 'GET', headers: { accept: 'application/json' }, body: null });
  } catch (error) {
    if (error instanceof NotAnswered) return { problem: error.message };
    throw error;
  }
  if (answer.status !== 200) return { problem: `answered ${answer.status} when asked for its keys` };
  return readJwks(await answer.json().catch(() => null));
}
