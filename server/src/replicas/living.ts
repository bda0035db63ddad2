/**
 * Which replicas live, as Redis knows it. Each says every ten seconds that it does; one that has not for thirty is gone, and whoever notices
 * first gives back what it held, in every organization it held something of.
 */
import { type RunScript, type Script, scriptOf } from '../counters/redis-scripts.ts';

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
  /** Says that this replica lives, and sweeps those that are gone. Rejects with RedisAway. */
  renew(): Promise<void>;
  /** How many live, this one included, as far as is known. */
  count(): number;
  /** This replica is what `owner` was in an earlier run, all of whose rows are stored: what it still holds was never sent anywhere. */
  succeed(owner: string): Promise<void>;
  /** Other counters from here on: nothing is registered there. */
  forget(): void;
  /** This replica holds nothing any more and goes. */
  leave(): Promise<void>;
}

const LIFE_MS = 30_000;

/** KEYS: the living. ARGV: who, how long. Whether it was known, how many live; then the ones that are gone. */
const RENEW: Script = scriptOf(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local was = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], 86400000)
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now)
return was .. ' ' .. (redis.call('ZCARD', KEYS[1]) - #gone) .. ' ' .. table.concat(gone, ',')
`);

export function createLiving({ run, command, prefix, owner, sweep, onSwept }: LivingOptions): Living {
  const registered = new Set<string>();
  let count = 1;
  const living = () => `${prefix()}{living}:at`;
  const heldBy = (who: string) => `${prefix()}{living}:of:${who}`;
  const register = (organizationIds: readonly string[]) => {
    if (organizationIds.length === 0) return;
    const key = heldBy(owner);
    command('SADD', key, ...organizationIds).then(
      () => command('PEXPIRE', key, 86_400_000).catch(() => {}),
      () => registered.clear(),
    );
  };
  return {
    holds(organizationId) {
      if (registered.has(organizationId)) return;
      registered.add(organizationId);
      register([organizationId]);
    },
    async renew() {
      const [was, living_, gone = ''] = (await run(RENEW, [living()], [owner, LIFE_MS])).toString('latin1').split(' ');
      count = Math.max(1, Number(living_));
      // It was taken for gone: what it holds has been swept, and is corrected when it settles. What it holds from now on must be found again.
      if (was === '0') register([...registered]);
      for (const who of gone === '' ? [] : gone.split(',')) await sweepAll(who, 'gone');
    },
    succeed: (who) => sweepAll(who, 'back'),
    count: () => count,
    forget: () => registered.clear(),
    async leave() {
      await command('ZREM', living(), owner);
      await command('DEL', heldBy(owner));
    },
  };

  /** Removed last, so that one who dies at it leaves the rest to the next. */
  async function sweepAll(who: string, its: 'gone' | 'back'): Promise<void> {
    let requests = 0;
    const organizationIds = (await command('SMEMBERS', heldBy(who))) as readonly string[];
    for (const organizationId of organizationIds) requests += await sweep(organizationId, who, its);
    // Should it come back on what it left behind, it gives back what was never sent.
    if (its === 'back') await command('DEL', heldBy(who));
    await command('ZREM', living(), who);
    if (its === 'gone') onSwept({ owner: who, requests });
  }
}
