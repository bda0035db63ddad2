/**
 * The live replicas, as registered in Redis. Each renews its lease every ten seconds. A lease expires after thirty; the first
 * replica that notices sweeps the holds of the expired one, in every organization that it held something of.
 */
import { type RunScript, type Script, scriptOf } from '../redis/redis-scripts.ts';

export interface LivingOptions {
  readonly run: RunScript;
  readonly command: (name: string, ...args: readonly (string | number)[]) => Promise<unknown>;
  readonly prefix: () => string;
  readonly owner: string;
  /** Ends what a replica held of an organization; returns how many requests. */
  readonly sweep: (organizationId: string, owner: string, its: 'gone' | 'back') => Promise<number>;
  readonly onSwept: (event: { readonly owner: string; readonly requests: number }) => void;
}

export interface Living {
  /**
   * Registers an organization. Call it before the first hold of the organization in these counters; later calls cost one look-up.
   */
  holds(organizationId: string): void;
  /** Returns the organizations with a hold since the last call. */
  takeRecent(): readonly string[];
  /** Returns all organizations that ever had a hold in these counters. */
  all(): readonly string[];
  /** Renews the lease of this replica, and sweeps replicas whose lease has expired. Rejects with RedisUnreachable. */
  renew(): Promise<void>;
  /** Returns the number of live replicas at the last renewal, this one included. */
  count(): number;
  /**
   * Gives back what `owner`, an earlier run of this replica, still holds. All its rows must be stored: what is left was never
   * sent to a provider.
   */
  succeed(owner: string): Promise<void>;
  /**
   * Sweeps holds of replicas that have left or were swept before. `owners`: by organization, the replicas that hold something of
   * it.
   */
  sweepUnknown(owners: ReadonlyMap<string, ReadonlySet<string>>): Promise<void>;
  /** Forgets all registrations, because other counters are used from here on. */
  forget(): void;
  /** Ends the lease of this replica. What it still holds counts as used until its rows are stored. */
  leave(): Promise<void>;
  /** Publishes a report of this replica to the others. */
  say(word: string): Promise<void>;
  /** Returns the last report of each live replica; empty for one without a report. */
  said(): Promise<readonly string[]>;
}

const LIFE_MS = 30_000;
const REGISTERED_MS = 86_400_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Renews a lease. KEYS: the live replicas; the organizations that this replica holds something of. ARGV: the replica, the lease
 * in ms, the ms for which the organizations are kept. Returns 1 if the replica and its organizations were known (else 0), how
 * many live, and those that are gone.
 */
const RENEW: Script = scriptOf(`${NOW}
local was = redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('PEXPIRE', KEYS[2], ARGV[3]) or 0
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
return was .. ' ' .. (redis.call('ZCARD', KEYS[1]) - #gone) .. ' ' .. table.concat(gone, ',')
`);

/** Reads reports. KEYS: the live replicas, their reports. Returns a line for each live replica. */
const SAID: Script = scriptOf(`${NOW}
local lines = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
for n, who in ipairs(lines) do lines[n] = redis.call('HGET', KEYS[2], who) or '' end
return table.concat(lines, '\\n')
`);

/** Creates the register of live replicas. It does nothing in Redis before the first call. */
export function createLiving(options: LivingOptions): Living {
  return new Replicas(options);
}

class Replicas implements Living {
  readonly #o: LivingOptions;
  readonly #registered = new Set<string>();
  /** The organizations whose registration Redis did not confirm. */
  readonly #untold = new Set<string>();
  #recent = new Set<string>();
  #count = 1;

  constructor(options: LivingOptions) {
    this.#o = options;
  }

  holds(organizationId: string): void {
    if (this.#recent.has(organizationId)) return;
    this.#recent.add(organizationId);
    if (this.#registered.has(organizationId)) return;
    this.#registered.add(organizationId);
    this.#register([organizationId]);
  }

  takeRecent(): readonly string[] {
    const taken = [...this.#recent];
    this.#recent = new Set();
    return taken;
  }

  all(): readonly string[] {
    return [...this.#registered];
  }

  async renew(): Promise<void> {
    const { run, owner } = this.#o;
    const answer = await run(RENEW, [this.#livingKey(), this.#heldKey(owner)], [owner, LIFE_MS, REGISTERED_MS]);
    const [was, living, gone = ''] = answer.toString('latin1').split(' ');
    this.#count = Math.max(1, Number(living));
    // '0': this replica is new, or the others swept it and its holds are taken again. Registers its organizations, so that its
    // holds can be found.
    this.#register(was === '0' ? [...this.#registered] : [...this.#untold]);
    for (const who of gone === '' ? [] : gone.split(',')) await this.#sweepAll(who, 'gone');
  }

  count(): number {
    return this.#count;
  }

  succeed(who: string): Promise<void> {
    return this.#sweepAll(who, 'back');
  }

  async sweepUnknown(owners: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const { command, sweep, onSwept } = this.#o;
    if ([...owners.values()].every(({ size }) => size === 0)) return;
    const known = new Set((await command('ZRANGE', this.#livingKey(), 0, -1)) as readonly string[]);
    for (const [organizationId, those] of owners) {
      for (const who of those.difference(known)) {
        const requests = await sweep(organizationId, who, 'gone');
        if (requests > 0) onSwept({ owner: who, requests });
      }
    }
  }

  forget(): void {
    this.#registered.clear();
    this.#untold.clear();
    this.#recent.clear();
  }

  async leave(): Promise<void> {
    const { command, owner, sweep } = this.#o;
    let left = 0;
    for (const organizationId of this.#registered) left += await sweep(organizationId, owner, 'gone');
    // If rows are still to be stored, the next run on this directory looks for what is left.
    if (left === 0) await command('DEL', this.#heldKey(owner));
    await command('HDEL', this.#wordsKey(), owner);
    await command('ZREM', this.#livingKey(), owner);
  }

  async say(word: string): Promise<void> {
    const { command, owner } = this.#o;
    await command('HSET', this.#wordsKey(), owner, word);
    await command('PEXPIRE', this.#wordsKey(), REGISTERED_MS);
  }

  async said(): Promise<readonly string[]> {
    const { run } = this.#o;
    return (await run(SAID, [this.#livingKey(), this.#wordsKey()], [])).toString('latin1').split('\n');
  }

  #register(organizationIds: readonly string[]): void {
    if (organizationIds.length === 0) return;
    const { command, owner } = this.#o;
    const key = this.#heldKey(owner);
    command('SADD', key, ...organizationIds).then(
      () => {
        for (const id of organizationIds) this.#untold.delete(id);
        command('PEXPIRE', key, REGISTERED_MS).catch(() => {});
      },
      () => {
        for (const id of organizationIds) this.#untold.add(id);
      },
    );
  }

  /** Removes the replica last: if this process dies meanwhile, another one sweeps the rest. */
  async #sweepAll(who: string, its: 'gone' | 'back'): Promise<void> {
    const { command, sweep, onSwept } = this.#o;
    let requests = 0;
    const organizationIds = (await command('SMEMBERS', this.#heldKey(who))) as readonly string[];
    for (const organizationId of organizationIds) requests += await sweep(organizationId, who, its);
    // Keeps the organizations of one that is gone: if it returns with its directory, it gives back what was never sent.
    if (its === 'back') await command('DEL', this.#heldKey(who));
    await command('HDEL', this.#wordsKey(), who);
    await command('ZREM', this.#livingKey(), who);
    if (its === 'gone') onSwept({ owner: who, requests });
  }

  // The prefix changes with the epoch, so the keys are made for each command.
  #livingKey(): string {
    return `${this.#o.prefix()}{living}:at`;
  }

  #wordsKey(): string {
    return `${this.#o.prefix()}{living}:said`;
  }

  #heldKey(who: string): string {
    return `${this.#o.prefix()}{living}:of:${who}`;
  }
}
