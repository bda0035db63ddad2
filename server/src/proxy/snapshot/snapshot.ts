/**
 * The configuration that a request sees: the catalogue, its organization and its key, frozen for the whole walk.
 *
 * Problem. A request reads dozens of facts: who the key belongs to, what it may call, its limits, prices and deployments. Reading them from a
 * database would cost milliseconds. Reading them while somebody changes them would mix the old and the new.
 *
 * Approach.
 * - The catalogue and each organization are immutable objects with a version. A change makes a new object and replaces the reference. A request
 *   takes the references once, at its beginning.
 * - Keys are in a bounded cache by the hash of their secret. A miss is one lookup, shared by all requests that wait for the same key, of at most
 *   one second. Nothing else of a request waits for PostgreSQL.
 * - The process that answers a write applies the change before its 2xx (`apply`). Other replicas hear a notification, and ask for versions every
 *   two seconds as well (`poll`), because a notification can be lost.
 * - Counters that a change adds have a past: the change names them, so that they ask the ledger for it (changed-counters.ts).
 *
 * Invariants. No object is changed after it was published. A revoked key is refused within one second as a rule and five at most. While
 * PostgreSQL is out of reach every key in the cache is served as it was.
 *
 * What breaks it. Keeping a reference beyond one walk. Caching what was worked out of two versions: everything derived remembers which objects it
 * was derived from, and is thrown away when one of them was replaced (entitlement.ts).
 */
import type { ConfigurationChange } from '../../counters/counters.ts';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import { type Catalogue, groupsChanged } from '../../domain/routing/catalogue.ts';
import type { KeyConfig, OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { within } from '../../lib/timing/within.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import { type CachedKey, type OrganizationHolder, replaceKey, zoneOf } from './cached-key.ts';
import { countersAddedToKey, countersAddedToOrganization, countersOfGroups, countersOfGroupsOfKey } from './changed-counters.ts';

/** Where configuration comes from: the store's queries, bound to a database. */
export interface ConfigSource {
  loadCatalogue(): Promise<Catalogue>;
  loadOrganization(organizationId: string): Promise<OrganizationConfig | null>;
  /** The key that a secret belongs to, and until when that secret counts (a rotated one overlaps). */
  findKeyBySecret(secret: string): Promise<{ readonly key: KeyConfig; readonly secretValidUntilMs: number | null } | null>;
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
  /** A key by its id, for a caller who proved elsewhere that they may use it. Null: no such key. Rejects when the store is away. */
  keyById(organizationId: string, keyId: string): Promise<CachedKey | null>;
  /** Makes a change visible to every request that begins after it resolves. */
  apply(change: ConfigChange): Promise<void>;
  /** Asks for versions and reloads what moved, so that a lost notification cannot leave this replica stale. */
  poll(): Promise<void>;
  evictIdle(nowMs: number): void;
  /** Keys that called at or after an instant. */
  usedSince(sinceMs: number): readonly { readonly organizationId: string; readonly keyId: string; readonly atMs: number }[];
  sizes(): { readonly keys: number; readonly organizations: number };
  /** Milliseconds since the configuration was last known to be the present one: nothing served is older than that. */
  ageMs(): number;
}

export interface SnapshotOptions {
  readonly source: ConfigSource;
  readonly clock: Clock;
  /** More keys are kept only while requests of all of them are in flight. */
  readonly keysMax: number;
  /** The requests in flight. Their keys stay, however long nobody shows them: what changes meanwhile counts at their settlement. */
  readonly inFlight: () => readonly { readonly key: object }[];
  /** Told, in the turn in which a change goes live, which counters it adds, and which change that is. */
  readonly forget: (counters: readonly CounterSpec[], change: ConfigurationChange) => void;
  /** Told, in the same way, which counters count other requests than before: the members of their access groups have changed. */
  readonly recount: (counters: readonly CounterSpec[]) => void;
  /** Told of an organization or key whose configuration cannot be read or worked out; it stands in nobody else's way. */
  readonly unreadable: (id: string, error: unknown) => void;
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
export async function openSnapshot(options: SnapshotOptions): Promise<Snapshot> {
  return new LiveSnapshot(options, await options.source.loadCatalogue());
}

class LiveSnapshot implements Snapshot {
  readonly #source: ConfigSource;
  readonly #clock: Clock;
  readonly #keysMax: number;
  readonly #inFlight: SnapshotOptions['inFlight'];
  readonly #forget: SnapshotOptions['forget'];
  readonly #recount: SnapshotOptions['recount'];
  readonly #unreadable: SnapshotOptions['unreadable'];
  #catalogue: Catalogue;
  readonly #holders = new Map<string, OrganizationHolder>();
  readonly #secrets = new Map<string, CachedSecret>();
  readonly #keys = new Map<string, CachedKey>();
  /** Secrets that no key has, and since when we know. */
  readonly #unknown = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<CachedKey | null>>();
  /** How many changes were begun: what was read before one may lack it. */
  #changes = 0;
  #checkedMs: number;

  constructor({ source, clock, keysMax, inFlight, forget, recount, unreadable }: SnapshotOptions, catalogue: Catalogue) {
    this.#source = source;
    this.#clock = clock;
    this.#keysMax = keysMax;
    this.#inFlight = inFlight;
    this.#forget = forget;
    this.#recount = recount;
    this.#unreadable = unreadable;
    this.#catalogue = catalogue;
    this.#checkedMs = clock.monotonicMs();
  }

  catalogue(): Catalogue {
    return this.#catalogue;
  }

  sizes() {
    return { keys: this.#keys.size, organizations: this.#holders.size };
  }

  cachedKey(secret: string): CachedKey | null {
    const cached = this.#secrets.get(secret);
    if (cached === undefined) return null;
    const nowMs = this.#clock.nowMs();
    if (cached.validUntilMs !== null && nowMs >= cached.validUntilMs) return null;
    cached.key.lastUsedMs = nowMs;
    return cached.key;
  }

  keyBySecret(secret: string): CachedKey | null | Promise<CachedKey | null> {
    if (this.#secrets.has(secret)) return this.cachedKey(secret);
    const since = this.#unknown.get(secret);
    if (since !== undefined && this.#clock.monotonicMs() - since < UNKNOWN_MS) return null;
    return this.#lookup(secret);
  }

  #lookup(secret: string): Promise<CachedKey | null> {
    const pending = this.#lookups.get(secret);
    if (pending !== undefined) return pending;
    const started = within(LOOKUP_MS_MAX, this.#load(secret)).finally(() => this.#lookups.delete(secret));
    this.#lookups.set(secret, started);
    return started;
  }

  async #load(secret: string): Promise<CachedKey | null> {
    const seen = this.#changes;
    const found = await this.#source.findKeyBySecret(secret);
    if (found === null) {
      if (this.#unknown.size >= UNKNOWN_MAX) this.#unknown.clear();
      this.#unknown.set(secret, this.#clock.monotonicMs());
      return null;
    }
    const holder = await this.#holderOf(found.key.organizationId);
    // A change was applied meanwhile and may not be in what was read: it could not reach a key that was not cached yet.
    if (seen !== this.#changes) return this.#load(secret);
    const key = this.#remember(found.key, holder);
    this.#secrets.set(secret, { key, validUntilMs: found.secretValidUntilMs });
    return key;
  }

  async keyById(organizationId: string, keyId: string): Promise<CachedKey | null> {
    const known = this.#keys.get(keyId);
    if (known !== undefined) return known.config.organizationId === organizationId ? this.#used(known) : null;
    const seen = this.#changes;
    const config = await this.#source.findKey(organizationId, keyId);
    if (config === null) return null;
    const holder = await this.#holderOf(organizationId);
    if (seen !== this.#changes) return this.keyById(organizationId, keyId);
    return this.#remember(config, holder);
  }

  #remember(config: KeyConfig, holder: OrganizationHolder): CachedKey {
    const known = this.#keys.get(config.id);
    if (known !== undefined) {
      this.#adopt(known, config);
      return this.#used(known);
    }
    if (this.#keys.size >= this.#keysMax) this.#evictOldest();
    const memory = { histories: new Map(), entitlements: new Map() };
    const key: CachedKey = { config, holder, ...memory, team: null, member: null, lastUsedMs: 0 };
    replaceKey(key, config);
    this.#keys.set(config.id, key);
    return this.#used(key);
  }

  #used(key: CachedKey): CachedKey {
    key.lastUsedMs = this.#clock.nowMs();
    return key;
  }

  async #holderOf(organizationId: string): Promise<OrganizationHolder> {
    const known = this.#holders.get(organizationId);
    if (known !== undefined) return known;
    const seen = this.#changes;
    const config = await this.#source.loadOrganization(organizationId);
    if (seen !== this.#changes) return this.#holderOf(organizationId);
    const raced = this.#holders.get(organizationId);
    if (raced !== undefined) return raced;
    const holder: OrganizationHolder = { config };
    this.#holders.set(organizationId, holder);
    return holder;
  }

  async apply(change: ConfigChange): Promise<void> {
    this.#changes += 1;
    const [newCatalogue, organizations, changedKeys] = await Promise.all([
      change.catalogue ? this.#source.loadCatalogue() : null,
      Promise.all((change.organizationIds ?? []).filter((id) => this.#holders.has(id)).map((id) => this.#reloadOrganization(id))),
      Promise.all((change.keyIds ?? []).flatMap((id) => this.#reloadKey(id))),
    ]);
    // From here to the end nothing waits: a request sees either everything that was before or everything that is now.
    if (newCatalogue !== null && newCatalogue.version >= this.#catalogue.version) this.#replaceCatalogue(newCatalogue);
    for (const { id, config } of organizations) this.#replaceOrganization(id, config);
    for (const { key, config } of changedKeys) this.#changeKey(key, config);
  }

  /** What a group counts is what its members of now use and used. */
  #replaceCatalogue(catalogue: Catalogue): void {
    const changed = groupsChanged(this.#catalogue, catalogue);
    this.#catalogue = catalogue;
    if (changed.size === 0) return;
    const nowMs = this.#clock.nowMs();
    const held = [...this.#holders.values()].flatMap(({ config }) =>
      config === null ? [] : this.#countersIn(config.id, () => countersOfGroups(config, changed, nowMs)),
    );
    const ofKeys = [...this.#keys.values()].flatMap(({ config: policy, holder }) =>
      this.#countersIn(policy.id, () => countersOfGroupsOfKey({ policy, timeZone: zoneOf(holder) }, changed, nowMs)),
    );
    if (held.length + ofKeys.length > 0) this.#recount([...held, ...ofKeys]);
  }

  /** A policy that cannot be worked out refuses its own requests; no other's change waits for it. */
  #countersIn(id: string, work: () => readonly CounterSpec[]): readonly CounterSpec[] {
    try {
      return work();
    } catch (error) {
      this.#unreadable(id, error);
      return [];
    }
  }

  async #reloadOrganization(id: string) {
    return { id, config: await this.#source.loadOrganization(id) };
  }

  #reloadKey(keyId: string) {
    const key = this.#keys.get(keyId);
    if (key === undefined) return [];
    return [this.#source.findKey(key.config.organizationId, keyId).then((config) => ({ key, config }))];
  }

  #changeKey(key: CachedKey, config: KeyConfig | null): void {
    if (config !== null) this.#adopt(key, config);
    // Secrets may have been rotated or revoked: each is looked up again when it is next shown.
    for (const [secret, cached] of this.#secrets) if (cached.key === key) this.#secrets.delete(secret);
  }

  /** However a newer configuration of a cached key got here, by a change or by a look-up; an older one that was slow changes nothing. */
  #adopt(key: CachedKey, config: KeyConfig): void {
    if (config.version < key.config.version) return;
    const timeZone = zoneOf(key.holder);
    const added = this.#countersIn(config.id, () =>
      countersAddedToKey({ policy: key.config, timeZone }, { policy: config, timeZone }, this.#clock.nowMs()),
    );
    this.#forget(added, { of: 'key', version: config.version });
    replaceKey(key, config);
  }

  #replaceOrganization(id: string, config: OrganizationConfig | null): void {
    const holder = this.#holders.get(id);
    if (holder === undefined) return;
    if (config !== null && holder.config !== null && config.version < holder.config.version) return;
    if (config !== null && holder.config !== null) this.#forgetAdded(holder, holder.config, config);
    holder.config = config;
    for (const key of this.#keys.values()) if (key.holder === holder) replaceKey(key, key.config);
  }

  /** Another time zone has other days and periods, those of the keys too. */
  #forgetAdded(holder: OrganizationHolder, before: OrganizationConfig, after: OrganizationConfig): void {
    const nowMs = this.#clock.nowMs();
    const change = { of: 'organization', version: after.version } as const;
    this.#forget(
      this.#countersIn(after.id, () => countersAddedToOrganization(before, after, nowMs)),
      change,
    );
    if (before.timeZone === after.timeZone) return;
    for (const { holder: its, config: policy } of this.#keys.values()) {
      if (its !== holder) continue;
      const zoned = (timeZone: string) => ({ policy, timeZone });
      this.#forget(
        this.#countersIn(policy.id, () => countersAddedToKey(zoned(before.timeZone), zoned(after.timeZone), nowMs)),
        change,
      );
    }
  }

  ageMs(): number {
    return this.#clock.monotonicMs() - this.#checkedMs;
  }

  async poll(): Promise<void> {
    const beganMs = this.#clock.monotonicMs();
    await this.#reloadWhatMoved();
    this.#checkedMs = beganMs;
  }

  async #reloadWhatMoved(): Promise<void> {
    const now = await this.#source.versions([CATALOGUE, ...this.#holders.keys()]);
    const catalogueMoved = (now.get(CATALOGUE) ?? 0) !== this.#catalogue.version;
    const moved = new Set<string>();
    for (const [id, { config }] of this.#holders) if ((now.get(id) ?? 0) !== (config?.version ?? 0)) moved.add(id);
    if (!catalogueMoved && moved.size === 0) return;
    // A key's change moves its organization's version, so all of its keys are asked for.
    const keyIds = [...this.#keys.values()]
      .filter(({ config }) => moved.has(config.organizationId))
      .map(({ config }) => config.id);
    try {
      await this.apply({ catalogue: catalogueMoved, organizationIds: [...moved], keyIds });
    } catch {
      await this.#applyEach(catalogueMoved, moved);
    }
  }

  /** One that cannot be read keeps no other from what is new. Rejects, in the end, as long as there is one. */
  async #applyEach(catalogueMoved: boolean, moved: ReadonlySet<string>): Promise<void> {
    const failures: unknown[] = [];
    if (catalogueMoved) await this.apply({ catalogue: true }).catch((error: unknown) => failures.push(error));
    for (const id of moved) {
      const its = [...this.#keys.values()].filter(({ config }) => config.organizationId === id);
      await this.apply({ organizationIds: [id], keyIds: its.map(({ config }) => config.id) }).catch((error: unknown) => {
        failures.push(error);
        if (!isStoreUnavailable(error)) this.#unreadable(id, error);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Insertion order stands in for age: a tenth of the cache goes at once, so that a scan is rare. */
  #evictOldest(): void {
    const going = new Set<CachedKey>();
    const busy = this.#busy();
    for (const key of this.#keys.values()) {
      if (going.size >= this.#keysMax / 10) break;
      if (!busy.has(key)) going.add(key);
    }
    this.#letGo(going);
  }

  evictIdle(nowMs: number): void {
    const busy = this.#busy();
    this.#letGo(new Set([...this.#keys.values()].filter((key) => nowMs - key.lastUsedMs >= IDLE_MS && !busy.has(key))));
    const used = new Set([...this.#keys.values()].map((key) => key.config.organizationId));
    for (const id of this.#holders.keys()) if (!used.has(id)) this.#holders.delete(id);
  }

  #busy(): ReadonlySet<object> {
    return new Set(this.#inFlight().map(({ key }) => key));
  }

  /** All secrets of a key go with it: one that stayed would be served on, unseen by every later change. */
  #letGo(going: ReadonlySet<CachedKey>): void {
    if (going.size === 0) return;
    for (const [secret, { key }] of this.#secrets) if (going.has(key)) this.#secrets.delete(secret);
    for (const key of going) this.#keys.delete(key.config.id);
  }

  usedSince(sinceMs: number) {
    const used = [...this.#keys.values()].filter(({ lastUsedMs }) => lastUsedMs >= sinceMs);
    return used.map(({ config, lastUsedMs }) => ({ organizationId: config.organizationId, keyId: config.id, atMs: lastUsedMs }));
  }
}
