/**
 * Replicas use counters in Redis only while they have no reason to think that Redis lost something: that time is an epoch. It
 * ends when Redis becomes empty, restarts, or fails over to another server. The next one opens when every live replica has stored
 * what it had settled and has taken again what its requests in flight hold. Until then, no budget is
 * checked in Redis.
 */
import { type RunScript, type Script, scriptOf } from '../redis/redis-scripts.ts';

export interface EpochState {
  readonly id: string;
  /** The servers that it began on; see RedisLink.fingerprint. */
  readonly servers: string;
  readonly is: 'recovering' | 'open';
  /** True if no server was emptied since. */
  readonly isWhole: boolean;
}

export interface Epochs {
  /** Returns null if there is no epoch, and whatever was counted is lost. Rejects with RedisUnreachable. */
  read(): Promise<EpochState | null>;
  /**
   * Ends the epoch `ended` (null: there was none) unless another replica already has. Puts the new one's mark on every server, so
   * that an emptied server is noticed.
   */
  begin(ended: string | null, servers: string, id: string): Promise<void>;
  /** Tells the others that this replica has registered all its holds in the epoch. */
  join(id: string): Promise<void>;
  joined(id: string): Promise<ReadonlySet<string>>;
  /**
   * Reports whether this replica must open it now: it is the leader, or the leader has not renewed that for 5 s and this one
   * takes over.
   */
  leads(id: string): Promise<boolean>;
  open(id: string): Promise<void>;
}

const LEADER_MS = 5_000;
const JOINED_MS = 3_600_000;

const READ: Script = scriptOf(`
local fields = redis.call('HMGET', KEYS[1], 'id', 'servers', 'is', 'began')
for i = 1, #fields do fields[i] = fields[i] or '' end
return table.concat(fields, '|')
`);

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

const BEGIN: Script = scriptOf(`${NOW}
local id = redis.call('HGET', KEYS[1], 'id')
if (id or '') ~= ARGV[1] then return '0' end
redis.call('HDEL', KEYS[1], 'began')
redis.call('HSET', KEYS[1], 'id', ARGV[2], 'servers', ARGV[3], 'is', 'recovering', 'leader', ARGV[4], 'until', now + ARGV[5])
return '1'
`);

const LEADS: Script = scriptOf(`${NOW}
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return '0' end
local leader, last = redis.call('HGET', KEYS[1], 'leader'), tonumber(redis.call('HGET', KEYS[1], 'until'))
if leader ~= ARGV[2] and last > now then return '0' end
redis.call('HSET', KEYS[1], 'leader', ARGV[2], 'until', now + ARGV[3])
return '1'
`);

const OPEN: Script = scriptOf(`
if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('HSET', KEYS[1], 'is', 'open') end
return '1'
`);

const JOIN: Script = scriptOf(`
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return '1'
`);

const JOINED: Script = scriptOf("return table.concat(redis.call('SMEMBERS', KEYS[1]), ',')");

/** The calls to the servers; see RedisLink. */
export interface EpochServers {
  readonly run: RunScript;
  readonly mark: (name: string, value: string) => Promise<void>;
  readonly isMarked: (name: string, value: string) => Promise<boolean>;
}

/** Creates access to the epochs. `base`: the prefix of every key of this installation. */
export function createEpochs({ run, mark, isMarked }: EpochServers, base: string, owner: string): Epochs {
  const epoch = `${base}{epoch}`;
  const markName = `${base}mark`;
  const joinedKey = (id: string) => `${epoch}:joined:${id}`;
  const ask = async (script: Script, key: string, args: readonly (string | number)[]) =>
    (await run(script, [key], args)).toString('latin1');
  return {
    async read() {
      const [id = '', servers = '', is = '', began = ''] = (await ask(READ, epoch, [])).split('|');
      if (id === '') return null;
      // A version before marks recorded when it began an epoch instead. Beside that version, or after it, its epoch continues.
      const isWhole = began !== '' || (await isMarked(markName, id));
      return { id, servers, is: is === 'open' ? 'open' : 'recovering', isWhole };
    },
    async begin(ended, servers, id) {
      const hasBegun = await ask(BEGIN, epoch, [ended ?? '', id, servers, owner, LEADER_MS]);
      if (hasBegun === '1') await mark(markName, id);
    },
    join: async (id) => void (await ask(JOIN, joinedKey(id), [owner, JOINED_MS])),
    joined: async (id) => new Set((await ask(JOINED, joinedKey(id), [])).split(',')),
    leads: async (id) => (await ask(LEADS, epoch, [id, owner, LEADER_MS])) === '1',
    open: async (id) => void (await ask(OPEN, epoch, [id])),
  };
}
