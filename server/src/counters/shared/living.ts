/**
 * Which replicas live, as Redis knows it. Each says every ten seconds that it does; one that has not for thirty is gone, and whoever notices
 * first gives back what it held, in every organization it held something of.
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
  /** Before the first hold of an organization in these counters. Costs one look-up afterwards. */
  holds(organizationId: string): void;
  /** Organizations that something was held of since the last call. */
  takeRecent(): readonly string[];
  /** All organizations that something was ever held of in these counters. */
  all(): readonly string[];
  /** Says that this replica lives, and sweeps those that are gone. Rejects with RedisAway. */
  renew(): Promise<void>;
  /** How many live, this one included, as far as is known. */
  count(): number;
  /** This replica is what `owner` was in an earlier run, all of whose rows are stored: what it still holds was never sent anywhere. */
  succeed(owner: string): Promise<void>;
  /** By organization, who holds something of it: sweeps what those hold that have left or were swept before. */
  sweepUnknown(owners: ReadonlyMap<string, ReadonlySet<string>>): Promise<void>;
  /** Other counters from here on: nothing is registered there. */
  forget(): void;
  /** This replica goes: what it still holds is given back, or stands as used until its rows are stored. */
  leave(): Promise<void>;
  /** Has the others know this of this replica. */
  say(word: string): Promise<void>;
  /** What each living replica last said; empty of one that has not yet. */
  said(): Promise<readonly string[]>;
}

const LIFE_MS = 30_000;
const REGISTERED_MS = 86_400_000;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * KEYS: the living; organizations that this replica holds something of. ARGV: who, how long, how long the organizations are kept. Whether it
 * was known and its organizations too, how many live; then the ones that are gone.
 */
const RENEW: Script = scriptOf(`${NOW}
local was = redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('PEXPIRE', KEYS[2], ARGV[3]) or 0
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
return was .. ' ' .. (redis.call('ZCARD', KEYS[1]) - #gone) .. ' ' .. table.concat(gone, ',')
`);

/** KEYS: the living, what they said. A line of each that lives. */
const SAID: Script = scriptOf(`${NOW}
local lines = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf')
for n, who in ipairs(lines) do lines[n] = redis.call('HGET', KEYS[2], who) or '' end
return table.concat(lines, '\\n')
`);

export function createLiving({ run, command, prefix, owner, sweep, onSwept }: LivingOptions): Living {
  const registered = new Set<string>();
  /** Redis was told of these and did not answer. */
  const untold = new Set<string>();
  let recent = new Set<string>();
  let count = 1;
  const living = () => `${prefix()}{living}:at`;
  const words = () => `${prefix()}{living}:said`;
  const heldBy = (who: string) => `${prefix()}{living}:of:${who}`;
  const register = (organizationIds: readonly string[]) => {
    if (organizationIds.length === 0) return;
    const key = heldBy(owner);
    command('SADD', key, ...organizationIds).then(
      () => {
        for (const id of organizationIds) untold.delete(id);
        command('PEXPIRE', key, REGISTERED_MS).catch(() => {});
      },
      () => {
        for (const id of organizationIds) untold.add(id);
      },
    );
  };
  return {
    holds(organizationId) {
      if (recent.has(organizationId)) return;
      recent.add(organizationId);
      if (registered.has(organizationId)) return;
      registered.add(organizationId);
      register([organizationId]);
    },
    takeRecent() {
      const taken = [...recent];
      recent = new Set();
      return taken;
    },
    all: () => [...registered],
    async renew() {
      const answer = await run(RENEW, [living(), heldBy(owner)], [owner, LIFE_MS, REGISTERED_MS]);
      const [was, living_, gone = ''] = answer.toString('latin1').split(' ');
      count = Math.max(1, Number(living_));
      // It was taken for gone: what it holds has been swept, and is taken again. What it holds from now on must be found again.
      register(was === '0' ? [...registered] : [...untold]);
      for (const who of gone === '' ? [] : gone.split(',')) await sweepAll(who, 'gone');
    },
    succeed: (who) => sweepAll(who, 'back'),
    async sweepUnknown(owners) {
      if ([...owners.values()].every(({ size }) => size === 0)) return;
      const known = new Set((await command('ZRANGE', living(), 0, -1)) as readonly string[]);
      for (const [organizationId, those] of owners) {
        for (const who of those.difference(known)) {
          const requests = await sweep(organizationId, who, 'gone');
          if (requests > 0) onSwept({ owner: who, requests });
        }
      }
    },
    count: () => count,
    forget() {
      registered.clear();
      untold.clear();
      recent.clear();
    },
    async leave() {
      let left = 0;
      for (const organizationId of registered) left += await sweep(organizationId, owner, 'gone');
      // Where rows are still to be stored the next run on this directory looks for what is left.
      if (left === 0) await command('DEL', heldBy(owner));
      await command('HDEL', words(), owner);
      await command('ZREM', living(), owner);
    },
    say: async (word) => {
      await command('HSET', words(), owner, word);
      await command('PEXPIRE', words(), REGISTERED_MS);
    },
    said: async () => (await run(SAID, [living(), words()], [])).toString('latin1').split('\n'),
  };

  /** Removed last, so that one who dies at it leaves the rest to the next. */
  async function sweepAll(who: string, its: 'gone' | 'back'): Promise<void> {
    let requests = 0;
    const organizationIds = (await command('SMEMBERS', heldBy(who))) as readonly string[];
    for (const organizationId of organizationIds) requests += await sweep(organizationId, who, its);
    // Should it come back on what it left behind, it gives back what was never sent.
    if (its === 'back') await command('DEL', heldBy(who));
    await command('HDEL', words(), who);
    await command('ZREM', living(), who);
    if (its === 'gone') onSwept({ owner: who, requests });
  }
}
