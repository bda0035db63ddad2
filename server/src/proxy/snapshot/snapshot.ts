/**
 * The configuration that a request sees: the catalogue, its organization and its key, frozen for the whole request.
 *
 * Problem. A request reads dozens of facts: the owner of the key, its access, its limits, prices and deployments. Reading them
 * from a database would cost milliseconds. Reading them during a change would mix old and new values.
 *
 * Approach.
 * - The catalogue and each organization are immutable objects with a version. A change makes a new object and replaces the
 *   reference. A request takes the references once, at its beginning.
 * - Keys are in a bounded cache by their secret. A miss is one lookup, shared by all requests that wait for the same key, of at
 *   most one second; twelve for a token whose issuer is asked for its keys. Nothing else of a request waits for PostgreSQL.
 * - The process that answers a write applies the change before its 2xx (`apply`). Other replicas receive a notification. They
 *   also poll versions every two seconds (`poll`), because a notification can be lost.
 * - A change names the counters that it adds, so that they read their past from the ledger (changed-counters.ts).
 *
 * Invariants. No object is changed after it was published. A revoked key is normally refused within one second, and within five
 * at most. While PostgreSQL is unreachable, every cached key is served as it was.
 *
 * What breaks it. Keeping a reference beyond one request. Caching a value derived from several objects without checking all of
 * them: each derived value remembers its sources, and is discarded once one of them was replaced (entitlement.ts).
 */
import type { ConfigurationChange } from '../../counters/counters.ts';
import type { CounterSpec } from '../../domain/limits/limit-plan.ts';
import { type Catalogue, groupsChanged } from '../../domain/routing/catalogue.ts';
import type { KeyConfig, OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { within } from '../../lib/timing/within.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import { type CachedKey, type OrganizationHolder, replaceKey, zoneOf } from './cached-key.ts';
import { type CachedSecret, type EndedSecret, endedOf, type FindKey, type FoundSecret, forgetEnded } from './cached-secret.ts';
import { countersAddedToKey, countersAddedToOrganization, countersOfGroups, countersOfGroupsOfKey } from './changed-counters.ts';
import { RefusedProofs } from './refused-proofs.ts';

/** The source of configuration: the store's queries, bound to a database. */
export interface ConfigSource {
  loadCatalogue(): Promise<Catalogue>;
  loadOrganization(organizationId: string): Promise<OrganizationConfig | null>;
  /** Finds the key of a secret, and the time until which that secret is valid (after a rotation both are, for a while). */
  findKeyBySecret(secret: string): Promise<FoundSecret | null>;
  findKey(organizationId: string, keyId: string): Promise<KeyConfig | null>;
  /** Returns the current versions of these scopes. A scope that never changed is absent. */
  versions(scopes: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

/** The parts of the configuration that changed. The process that answers a write applies them before its 2xx. */
export interface ConfigChange {
  readonly catalogue?: boolean;
  readonly organizationIds?: readonly string[];
  readonly keyIds?: readonly string[];
}

export interface Snapshot {
  catalogue(): Catalogue;
  /** Returns a secret's key, at once if cached, else after one coalesced lookup; null if there is none. May reject. */
  keyBySecret(secret: string): CachedKey | null | Promise<CachedKey | null>;
  /**
   * Returns the key of a proof that `find` checks, cached under a name as a secret is: every change of the key ends it. A refusal is
   * remembered until something changes, and thrown.
   */
  keyByProof(name: string, find: FindKey): CachedKey | Promise<CachedKey | null>;
  /** Returns the key of a valid, cached secret. Null does not mean that no such key exists. */
  cachedKey(secret: string): CachedKey | null;
  /** Returns the key of a secret that `keyBySecret` did not find because it ended; null for any other. */
  endedSecret(secret: string): EndedSecret | null;
  /** Returns a key by its id, for a caller who proved elsewhere that they may use it; null if there is none. */
  keyById(organizationId: string, keyId: string): Promise<CachedKey | null>;
  /** Makes a change visible to every request that begins after it resolves. */
  apply(change: ConfigChange): Promise<void>;
  /** Reads the current versions and reloads changed objects, so that a lost notification cannot leave this replica stale. */
  poll(): Promise<void>;
  evictIdle(nowMs: number): void;
  /** Returns the keys that called at or after an instant. */
  usedSince(sinceMs: number): readonly { readonly organizationId: string; readonly keyId: string; readonly atMs: number }[];
  sizes(): { readonly keys: number; readonly organizations: number };
  /** Returns the milliseconds since the configuration was last known to be current. No configuration in use is older. */
  ageMs(): number;
}

export interface SnapshotOptions {
  readonly source: ConfigSource;
  readonly clock: Clock;
  /** The most keys to cache. More are kept only while requests of all of them are in flight. */
  readonly keysMax: number;
  /** Returns the requests in flight. Their keys are not evicted, so that changes to them apply at settlement. */
  readonly inFlight: () => readonly { readonly key: object }[];
  /** Called synchronously when a change goes live, with the counters it adds and the change's identity. */
  readonly forget: (counters: readonly CounterSpec[], change: ConfigurationChange) => void;
  /** Called synchronously with the counters that now count other requests, because the members of their access groups changed. */
  readonly recount: (counters: readonly CounterSpec[]) => void;
  /** Called with an organization or key whose configuration cannot be read or computed. Others are not affected. */
  readonly unreadable: (id: string, error: unknown) => void;
}

const CATALOGUE = 'catalogue';
const UNKNOWN_MAX = 10_000;
const UNKNOWN_MS = 5_000;
const LOOKUP_MS_MAX = 1_000;
/** A proof may wait for two answers of its issuer, of at most five seconds each, and for the database. */
const PROOF_MS_MAX = 12_000;
const IDLE_MS = 30 * 60_000;

/**
 * Opens the snapshot: the catalogue and each organization as frozen objects, replaced as a whole, and a bounded cache of keys.
 * While the store is unreachable, cached keys are still served. Lookups of other keys reject, so that a key that may exist is
 * never called unknown.
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
  /** Secrets without a key, with the time at which that was found. */
  readonly #unknown = new Map<string, number>();
  readonly #lookups = new Map<string, Promise<CachedKey | null>>();
  readonly #refused: RefusedProofs;
  /** The number of changes begun. A read that started before a change may not include it. */
  #changes = 0;
  #checkedMs: number;

  constructor({ source, clock, keysMax, inFlight, forget, recount, unreadable }: SnapshotOptions, catalogue: Catalogue) {
    this.#source = source;
    this.#clock = clock;
    this.#refused = new RefusedProofs(clock);
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

  endedSecret(secret: string): EndedSecret | null {
    return endedOf(this.#secrets.get(secret), this.#clock.nowMs());
  }

  keyBySecret(secret: string): CachedKey | null | Promise<CachedKey | null> {
    if (this.#secrets.has(secret)) return this.cachedKey(secret);
    const since = this.#unknown.get(secret);
    if (since !== undefined && this.#clock.monotonicMs() - since < UNKNOWN_MS) return null;
    return this.#lookup(secret, () => this.#source.findKeyBySecret(secret), LOOKUP_MS_MAX);
  }

  keyByProof(name: string, find: FindKey): CachedKey | Promise<CachedKey | null> {
    const cached = this.cachedKey(name);
    if (cached !== null) return cached;
    this.#refused.check(name);
    return this.#lookup(name, find, PROOF_MS_MAX);
  }

  #lookup(secret: string, find: FindKey, msMax: number): Promise<CachedKey | null> {
    const pending = this.#lookups.get(secret);
    if (pending !== undefined) return pending;
    const started = within(msMax, this.#load(secret, find)).finally(() => this.#lookups.delete(secret));
    this.#lookups.set(secret, started);
    return started;
  }

  async #load(secret: string, find: FindKey): Promise<CachedKey | null> {
    const seen = this.#changes;
    const found = await find();
    if (found !== null && 'refused' in found) {
      // A change that began during the check may be what the proof needs.
      if (seen !== this.#changes) return this.#load(secret, find);
      throw this.#refused.add(secret, found);
    }
    if (found === null) {
      if (this.#unknown.size >= UNKNOWN_MAX) this.#unknown.clear();
      this.#unknown.set(secret, this.#clock.monotonicMs());
      return null;
    }
    const holder = await this.#holderOf(found.key.organizationId);
    // A change that began during the lookup may be missing from the result, and could not reach a key that was not cached yet.
    if (seen !== this.#changes) return this.#load(secret, find);
    const key = this.#remember(found.key, holder);
    this.#secrets.set(secret, { key, validUntilMs: found.secretValidUntilMs, isProof: found.isProof === true });
    return this.cachedKey(secret);
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
    this.#refused.clear();
    const [newCatalogue, organizations, changedKeys] = await Promise.all([
      change.catalogue ? this.#source.loadCatalogue() : null,
      Promise.all((change.organizationIds ?? []).filter((id) => this.#holders.has(id)).map((id) => this.#reloadOrganization(id))),
      Promise.all((change.keyIds ?? []).flatMap((id) => this.#reloadKey(id))),
    ]);
    // From here to the end nothing waits, so a request sees either all old values or all new ones.
    if (newCatalogue !== null && newCatalogue.version >= this.#catalogue.version) this.#replaceCatalogue(newCatalogue);
    for (const { id, config } of organizations) this.#replaceOrganization(id, config);
    for (const { key, config } of changedKeys) this.#changeKey(key, config);
  }

  /** Replaces the catalogue. A counter of an access group covers the past use of its current members, so it is recounted. */
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

  /** Returns the counters that `work` computes; none if it throws, so that a bad policy does not block other changes. */
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
    // Secrets may have been rotated or revoked: each is looked up again at its next use.
    for (const [secret, cached] of this.#secrets) if (cached.key === key) this.#secrets.delete(secret);
  }

  /** Applies a newer configuration of a cached key, from a change or from a lookup. Ignores an older one that arrives late. */
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

  /** Reports the counters that an organization's change adds. A new time zone also changes the days and periods of its keys. */
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
    // A change to a key raises its organization's version, so all keys of that organization are reloaded.
    const keyIds = [...this.#keys.values()]
      .filter(({ config }) => moved.has(config.organizationId))
      .map(({ config }) => config.id);
    try {
      await this.apply({ catalogue: catalogueMoved, organizationIds: [...moved], keyIds });
    } catch {
      await this.#applyEach(catalogueMoved, moved);
    }
  }

  /** Applies each change separately, so that an unreadable one does not block the others. Rejects at the end if any failed. */
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

  /** Evicts a tenth of the cache at once, so that scans are rare. Insertion order approximates age. */
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
    forgetEnded(this.#secrets, nowMs, IDLE_MS);
    const busy = this.#busy();
    this.#letGo(new Set([...this.#keys.values()].filter((key) => nowMs - key.lastUsedMs >= IDLE_MS && !busy.has(key))));
    const used = new Set([...this.#keys.values()].map((key) => key.config.organizationId));
    for (const id of this.#holders.keys()) if (!used.has(id)) this.#holders.delete(id);
  }

  #busy(): ReadonlySet<object> {
    return new Set(this.#inFlight().map(({ key }) => key));
  }

  /** Evicts keys with all their secrets. A secret that stayed would still be served, and later changes would not reach it. */
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
