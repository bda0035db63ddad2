/** The scripts that Redis and Valkey run for us: each one step, and each preceded by what they share. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';

export interface Script {
  readonly lua: string;
  readonly sha1: string;
  /** Its text goes with every call, so that it runs at its place among the others even where Redis has forgotten all scripts. */
  readonly isSentWhole?: boolean;
}

/** One step in Redis. Answers with what the script packed; rejects when Redis is away or the script failed. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<Buffer>;

const common = read('common');
const asking = `${common}\n${read('asking')}`;

export const scripts = {
  hold: scriptOf(`${common}\n${read('hold')}`),
  settle: scriptOf(`${common}\n${read('settle')}`),
  read: scriptOf(`${common}\n${read('read')}`),
  keep: scriptOf(`${common}\n${read('keep')}`),
  drop: scriptOf(`${common}\ncall('DEL', KEYS[1])\nreturn doubles({ DONE })`),
  // A question about the past divides what was settled into before and after: sent a second time it would come too late.
  amend: { ...scriptOf(`${asking}\n${read('amend')}`), isSentWhole: true },
  rehold: scriptOf(`${common}\n${read('rehold')}`),
  stored: scriptOf(`${asking}\n${read('stored')}`),
  cancel: scriptOf(`${common}\n${read('cancel')}`),
  held: scriptOf(`${common}\n${read('held')}`),
  compare: scriptOf(`${common}\n${read('compare')}`),
  sweep: scriptOf(`${common}\n${read('sweep')}`),
  hear: scriptOf(`${asking}\n${read('hear')}`),
  holds: scriptOf(`${asking}\n${read('holds')}`),
} as const;

export function scriptOf(lua: string): Script {
  return { lua, sha1: hash('sha1', lua, 'hex') };
}

/**
 * Runs scripts by their hash, and sends the text where Redis does not know it: after a start, a failover or SCRIPT FLUSH.
 * Commands of one organization go over one connection, in the order in which they were given.
 */
export function scriptRunner(client: Redis | Cluster): RunScript {
  return async ({ lua, sha1, isSentWhole }, keys, args) => {
    const whole = () => client.callBuffer('EVAL', lua, keys.length, ...keys, ...args);
    if (isSentWhole) return mustBeBytes(await whole());
    try {
      return mustBeBytes(await client.callBuffer('EVALSHA', sha1, keys.length, ...keys, ...args));
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return mustBeBytes(await whole());
    }
  };
}

/** The numbers in an answer. Copied, because doubles are read from whole multiples of eight bytes, and an answer begins anywhere. */
export function numbersIn(answer: Buffer): Float64Array {
  return new Float64Array(answer.buffer.slice(answer.byteOffset, answer.byteOffset + answer.byteLength));
}

function mustBeBytes(answer: unknown): Buffer {
  if (!Buffer.isBuffer(answer)) throw new TypeError('a script answered with something else than packed numbers');
  return answer;
}

function read(name: string): string {
  return readFileSync(new URL(`${name}.lua`, import.meta.url), 'utf8');
}
