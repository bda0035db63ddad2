/** The memory of the servers that count, so that operators hear before one is full or evicts counters. */
import { type KeptReading, keepReading } from '../../lib/timing/kept-reading.ts';

const EVERY_MS = 15_000;

/** The memory of one server; of a cluster, of the master that is fullest. */
export interface RedisMemory {
  readonly usedBytes: number;
  /** Null if the server has no bound of its own. */
  readonly maxBytes: number | null;
  /** Its `maxmemory-policy`. */
  readonly policy: string;
  /** True if the server may evict counters when it is full. */
  readonly mayEvict: boolean;
}

/** Reads the memory every 15 s. */
export function watchRedisMemory(link: { infos(section: string): Promise<readonly string[]> }): KeptReading<RedisMemory | null> {
  return keepReading(EVERY_MS, async () => {
    const [first, ...rest] = (await link.infos('memory')).map(memoryIn);
    return first === undefined ? null : rest.reduce((fuller, one) => (filled(one) > filled(fuller) ? one : fuller), first);
  });
}

/** Reads the answer to `INFO memory`. */
export function memoryIn(info: string): RedisMemory {
  const numberOf = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const maxBytes = numberOf('maxmemory') || null;
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction';
  return { usedBytes: numberOf('used_memory'), maxBytes, policy, mayEvict: maxBytes !== null && policy !== 'noeviction' };
}

function filled({ usedBytes, maxBytes }: RedisMemory): number {
  return maxBytes === null ? 0 : usedBytes / maxBytes;
}
