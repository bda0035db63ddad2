/** The checks of Redis or Valkey, in which several replicas count together. */
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { tlsFailure } from '../../lib/tls-failures.ts';
import type { Config } from '../../settings/config.ts';
import { clockFinding } from './database-findings.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const ABOUT = 'Redis';
const ANSWER_MS_MAX = 5_000;
/** A share of its memory in use from which it is called nearly full. */
const FULL = 0.8;

export async function redisFindings({ redisUrl, redisCaFile }: Config): Promise<readonly Finding[]> {
  if (redisUrl === null) return [ok(ABOUT, 'None is set: one process counts alone.')];
  const tls = redisCaFile === null ? {} : { tls: { ca: readFileSync(redisCaFile, 'utf8') } };
  const bounds = { lazyConnect: true, connectTimeout: ANSWER_MS_MAX, commandTimeout: ANSWER_MS_MAX, maxRetriesPerRequest: 0 };
  const client = new Redis(redisUrl, { ...bounds, ...tls, retryStrategy: () => null });
  let why: unknown = null;
  client.on('error', (error: unknown) => {
    why = error;
  });
  try {
    await client.connect();
    const info = String(await client.info());
    const beganMs = Date.now();
    const [seconds, microseconds] = (await client.time()).map(Number) as [number, number];
    const offsetMs = seconds * 1_000 + microseconds / 1_000 - (beganMs + Date.now()) / 2;
    return [...serverFindings(info), clockFinding('clock', offsetMs, ABOUT)];
  } catch (error) {
    const reason = why ?? error;
    const found = tlsFailure(reason, 'HEADGATE_REDIS_CA_FILE') ?? `it cannot be used (${(reason as Error).message}).`;
    return [fail(ABOUT, `REDIS_URL: ${found}`, 'Check the address, the password and that the server runs.')];
  } finally {
    client.disconnect();
  }
}

/** Returns what the answer to INFO says. */
export function serverFindings(info: string): readonly Finding[] {
  const text = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = text('redis_version');
  if (version === '') return [fail(ABOUT, 'The server at this address is not Redis or Valkey.', 'Check the address.')];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const name = text('valkey_version') === '' ? `Redis ${version}` : `Valkey ${text('valkey_version')}`;
  const policy = text('maxmemory_policy');
  const [used, most] = [Number(text('used_memory')), Number(text('maxmemory'))];
  const isKept = text('aof_enabled') === '1';
  const found: (Finding | null)[] = [
    major < 6 || (major === 6 && minor < 2)
      ? fail(ABOUT, `Redis ${version} is too old.`, 'Use Redis 6.2 or later, or Valkey.')
      : ok(ABOUT, `${name}${text('cluster_enabled') === '1' ? ', a node of a cluster' : ''}.`),
    text('role') === 'slave'
      ? fail(ABOUT, 'This server is a replica, and takes no writes.', 'Name the master in REDIS_URL.')
      : null,
    policy === '' || policy === 'noeviction'
      ? ok('eviction', 'It evicts nothing.')
      : warn('eviction', `maxmemory-policy is ${policy}: counters may be evicted.`, 'Set maxmemory-policy to noeviction.'),
    most > 0 && used > FULL * most
      ? warn('memory', `${Math.round((100 * used) / most)} % of maxmemory are in use.`, 'Raise maxmemory.')
      : null,
    isKept
      ? ok('persistence', 'It keeps its data over a restart (appendonly).')
      : ok('persistence', 'It loses its data at a restart; budgets are then read from the ledger, and closed for some seconds.'),
    text('aof_last_write_status') === 'err' || text('rdb_last_bgsave_status') === 'err'
      ? fail('persistence', 'The last write of its data to disk failed.', 'Check the disk of Redis, and its log.')
      : null,
  ];
  return found.filter((one) => one !== null);
}
