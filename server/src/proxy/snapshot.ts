import type { Catalogue } from '../domain/catalogue.ts';
import type { OutputHistory } from '../domain/hold.ts';
import type { CounterSpec } from '../domain/limit-plan.ts';
import type { KeyConfig, MemberConfig, OrganizationConfig, TeamConfig } from '../domain/tenancy.ts';
import type { Clock } from '../lib/clock.ts';
import { countersAddedToKey, countersAddedToOrganization } from './added-counters.ts';

/** Where configuration comes from: the store's queries, bound to a database. */
export interface ConfigSource {
  loadCatalogue(): Promise<Catalogue>;
  loadOrganization(organizationId: string): Promise<OrganizationConfig | null>;
  /** The key that a secret's hash belongs to, and until when that secret counts (a rotated one overlaps). */
  findKeyByHash(hash: string): Promise<{ readonly key: KeyConfig; readonly secretValidUntilMs: number | null } | null>;
  findKey(organizationId: string, keyId: string): Promise<KeyConfig | null>;
  /** The present versions of these scopes; a scope that never changed is absent. */
  versions(scopes: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** What changed, so that the process that answers a write serves it before its 2xx. */
export interface ConfigChange {
  readonly catalogue?: boolean;
  readonly organizationIds?: readonly string[];
  readonly keyIds?: readonly string[];
}

/** The organization of many callers: one holder, whose content is replaced whole. */
export interface OrganizationHolder {
  config: OrganizationConfig | null;
}

/** A key in the cache. What it belongs to is replaced whole, never changed in place. */
export interface CachedKey {
  config: KeyConfig;
  readonly holder: OrganizationHolder;
  readonly histories: Map<string, OutputHistory>;
  team: TeamConfig | null;
  member: MemberConfig | null;
  lastUsedMs: number;
}

interface CachedSecret {
  readonly key: CachedKey;
  readonly validUntilMs: number | null;
}

export interface Snapshot {
  catalogue(): Catalogue;
  /** At once when the secret is in the cache, else after one coalesced lookup. Null: no such key. Rejects when the store is away. */
  keyBySecret(secret: string): CachedKey | null | Promise<CachedKey | null>;
  /** The key of a secret in force that is in the cache; null says nothing of others. */
  cachedKey(secret: string): CachedKey | null;
  /** Makes a change visible to every request that begins after it resolves. */
  apply(change: ConfigChange): Promise<void>;
  /** Asks for versions and reloads what moved, so that a lost notification cannot leave this replica stale. */
  poll(): Promise<void>;
  evictIdle(nowMs: number): void;
  /** Keys that were shown at or after an instant. */
  usedSince(sinceMs: number): readonly { readonly organizationId: string; readonly keyId: string; readonly atMs: number }[];
  sizes(): { readonly keys: number; readonly organizations: number };
}

export interface SnapshotOptions {
  readonly source: ConfigSource;
  readonly clock: Clock;
  readonly hashSecret: (secret: string) => string;
  readonly keysMax: number;
  /** Told, in the turn in which a change goes live, which counters it adds. */
  readonly forget: (counters: readonly CounterSpec[]) => void;
}

const CATALOGUE = 'catalogue';
const UNKNOWN_MAX = 10_000;
const UNKNOWN_MS = 5_000;
const LOOKUP_MS_MAX = 1_000;
const IDLE_MS = 30 * 60_000;

/**
 * The configuration a request sees: the catalogue and each organization as frozen objects, replaced whole, and a bounded cache of keys.
 * While the store is away everything cached is served on; what is not cached cannot be known and is refused, never taken for unknown.
 */
export async function openSnapshot({ source, clock, hashSecret, keysMax, forget }: SnapshotOptions): Promise<Snapshot> {
  let catalogue = await source.loadCatalogue();
  const holders = new Map<string, OrganizationHolder>();
  const secrets = new Map<string, CachedSecret>();
  const keys = new Map<string, CachedKey>();
  const unknown = new Map<string, number>();
  const lookups = new Map<string, Promise<CachedKey | null>>();
  let changes = 0;

  function cachedKey(secret: string): CachedKey | null {
    const cached = secrets.get(secret);
    if (cached === undefined) return null;
    const nowMs = clock.nowMs();
    if (cached.validUntilMs !== null && nowMs >= cached.validUntilMs) return null;
    cached.key.lastUsedMs = nowMs;
    return cached.key;
  }

  function keyBySecret(secret: string): CachedKey | null | Promise<CachedKey | null> {
    if (secrets.has(secret)) return cachedKey(secret);
    const since = unknown.get(secret);
    if (since !== undefined && clock.monotonicMs() - since < UNKNOWN_MS) return null;
    return lookup(secret);
  }

  function lookup(secret: string): Promise<CachedKey | null> {
    const pending = lookups.get(secret);
    if (pending !== undefined) return pending;
    const started = within(LOOKUP_MS_MAX, load(secret)).finally(() => lookups.delete(secret));
    lookups.set(secret, started);
    return started;
  }

  async function load(secret: string): Promise<CachedKey | null> {
    const seen = changes;
    const found = await source.findKeyByHash(hashSecret(secret));
    if (found === null) {
      if (unknown.size >= UNKNOWN_MAX) unknown.clear();
      unknown.set(secret, clock.monotonicMs());
      return null;
    }
    const holder = await holderOf(found.key.organizationId);
    // A change was applied meanwhile and may not be in what was read: it could not reach a key that was not cached yet.
    if (seen !== changes) return load(secret);
    if (secrets.size >= keysMax) evictOldest();
    const key = remember(found.key, holder);
    secrets.set(secret, { key, validUntilMs: found.secretValidUntilMs });
    return key;
  }

  function remember(config: KeyConfig, holder: OrganizationHolder): CachedKey {
    const known = keys.get(config.id);
    if (known !== undefined) {
      replaceKey(known, config);
      return known;
    }
    const key: CachedKey = {
      config,
      holder,
      histories: new Map(),
      team: null,
      member: null,
      lastUsedMs: clock.nowMs(),
    };
    replaceKey(key, config);
    keys.set(config.id, key);
    return key;
  }

  async function holderOf(organizationId: string): Promise<OrganizationHolder> {
    const known = holders.get(organizationId);
    if (known !== undefined) return known;
    const seen = changes;
    const config = await source.loadOrganization(organizationId);
    if (seen !== changes) return holderOf(organizationId);
    const raced = holders.get(organizationId);
    if (raced !== undefined) return raced;
    const holder: OrganizationHolder = { config };
    holders.set(organizationId, holder);
    return holder;
  }

  async function apply(change: ConfigChange): Promise<void> {
    changes += 1;
    const [newCatalogue, organizations, changedKeys] = await Promise.all([
      change.catalogue ? source.loadCatalogue() : null,
      Promise.all((change.organizationIds ?? []).filter((id) => holders.has(id)).map(reloadOrganization)),
      Promise.all((change.keyIds ?? []).flatMap(reloadKey)),
    ]);
    // From here to the end nothing waits: a request sees either everything that was before or everything that is now.
    if (newCatalogue !== null && newCatalogue.version >= catalogue.version) catalogue = newCatalogue;
    for (const { id, config } of organizations) replaceOrganization(id, config);
    for (const { key, config } of changedKeys) changeKey(key, config);
  }

  async function reloadOrganization(id: string) {
    return { id, config: await source.loadOrganization(id) };
  }

  function reloadKey(keyId: string) {
    const key = keys.get(keyId);
    if (key === undefined) return [];
    return [source.findKey(key.config.organizationId, keyId).then((config) => ({ key, config }))];
  }

  function changeKey(key: CachedKey, config: KeyConfig | null): void {
    const timeZone = key.holder.config?.timeZone ?? 'UTC';
    if (config !== null) {
      forget(countersAddedToKey({ policy: key.config, timeZone }, { policy: config, timeZone }, clock.nowMs()));
      replaceKey(key, config);
    }
    // Secrets may have been rotated or revoked: each is looked up again when it is next shown.
    for (const [secret, cached] of secrets) if (cached.key === key) secrets.delete(secret);
  }

  function replaceOrganization(id: string, config: OrganizationConfig | null): void {
    const holder = holders.get(id);
    if (holder === undefined) return;
    if (config !== null && holder.config !== null && config.version < holder.config.version) return;
    if (config !== null && holder.config !== null) forgetAdded(holder, holder.config, config);
    holder.config = config;
    for (const key of keys.values()) if (key.holder === holder) replaceKey(key, key.config);
  }

  /** Another time zone has other days and periods, those of the keys too. */
  function forgetAdded(holder: OrganizationHolder, before: OrganizationConfig, after: OrganizationConfig): void {
    const nowMs = clock.nowMs();
    forget(countersAddedToOrganization(before, after, nowMs));
    if (before.timeZone === after.timeZone) return;
    for (const { holder: its, config: policy } of keys.values()) {
      if (its !== holder) continue;
      forget(countersAddedToKey({ policy, timeZone: before.timeZone }, { policy, timeZone: after.timeZone }, nowMs));
    }
  }

  async function poll(): Promise<void> {
    const now = await source.versions([CATALOGUE, ...holders.keys()]);
    const catalogueMoved = (now.get(CATALOGUE) ?? 0) !== catalogue.version;
    const moved = new Set<string>();
    for (const [id, { config }] of holders) if ((now.get(id) ?? 0) !== (config?.version ?? 0)) moved.add(id);
    if (!catalogueMoved && moved.size === 0) return;
    // A key's change moves its organization's version, so all of its keys are asked for.
    const keyIds = [...keys.values()].filter(({ config }) => moved.has(config.organizationId)).map(({ config }) => config.id);
    await apply({ catalogue: catalogueMoved, organizationIds: [...moved], keyIds });
  }

  function evictOldest(): void {
    // Insertion order stands in for age: a tenth of the cache goes at once, so that a scan is rare.
    const going = new Set<CachedKey>();
    for (const { key } of secrets.values()) {
      if (going.size >= keysMax / 10) break;
      going.add(key);
    }
    // All secrets of a key go with it: one that stayed would be served on, unseen by every later change.
    for (const [secret, { key }] of secrets) if (going.has(key)) secrets.delete(secret);
    for (const key of going) keys.delete(key.config.id);
  }

  function evictIdle(nowMs: number): void {
    for (const [secret, cached] of secrets) {
      if (nowMs - cached.key.lastUsedMs < IDLE_MS) continue;
      secrets.delete(secret);
      keys.delete(cached.key.config.id);
    }
    const used = new Set([...keys.values()].map((key) => key.config.organizationId));
    for (const id of holders.keys()) if (!used.has(id)) holders.delete(id);
  }

  function usedSince(sinceMs: number) {
    const used = [...keys.values()].filter(({ lastUsedMs }) => lastUsedMs >= sinceMs);
    return used.map(({ config, lastUsedMs }) => ({ organizationId: config.organizationId, keyId: config.id, atMs: lastUsedMs }));
  }

  return {
    catalogue: () => catalogue,
    keyBySecret,
    cachedKey,
    apply,
    poll,
    evictIdle,
    usedSince,
    sizes: () => ({ keys: keys.size, organizations: holders.size }),
  };
}

/** Puts a key's configuration in place with the team and member it belongs to now. */
function replaceKey(key: CachedKey, config: KeyConfig): void {
  const organization = key.holder.config;
  key.config = config;
  key.team = organization?.teams.get(config.teamId) ?? null;
  key.member = config.owner.is === 'member' ? (organization?.members.get(config.owner.memberId) ?? null) : null;
}

/** A lookup that takes longer is answered as an outage; its result still fills the cache when it comes. */
function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer from the store within ${ms} ms`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
