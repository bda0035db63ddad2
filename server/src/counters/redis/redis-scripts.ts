/** The scripts that Redis and Valkey run for us. Each is one step, and the common part precedes each. */
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';

export interface Script {
  readonly lua: string;
  readonly sha1: string;
  /**
   * True if every call sends the text. Then the script keeps its place in the order of commands even if Redis has lost all
   * scripts.
   */
  readonly isSentWhole?: boolean;
}

/** Runs one script in Redis. Resolves to what the script packed; rejects when Redis is out of reach or the script fails. */
export type RunScript = (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<Buffer>;

const common = read('common');
const asking = `${common}\n${read('asking')}`;

export const scripts = {
  hold: scriptOf(`${common}\n${read('hold')}`),
  settle: scriptOf(`${common}\n${read('settle')}`),
  read: scriptOf(`${common}\n${read('read')}`),
  keep: scriptOf(`${common}\n${read('keep')}`),
  drop: scriptOf(`${common}\ncall('DEL', KEYS[1])\nreturn doubles({ DONE })`),
  // A question about the past divides settled use into before and after, so a second sending would come too late.
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
 * Runs scripts by their hash, and sends the text if Redis does not know it: after a start, a failover or SCRIPT FLUSH. The
 * commands of one organization use one connection, in the order in which they were given.
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

/**
 * Reads the numbers of an answer. Copies it, because a Float64Array needs an offset that is a multiple of eight, and an answer
 * begins anywhere.
 */
export function numbersIn(answer: Buffer): Float64Array {
  return new Float64Array(answer.buffer.slice(answer.byteOffset, answer.byteOffset + answer.byteLength));
}

function mustBeBytes(answer: unknown): Buffer {
  if (!Buffer.isBuffer(answer)) throw new TypeError('a Redis script did not answer with packed numbers');
  return answer;
}

function read(name: string): string {
  return readFileSync(new URL(`${name}.lua`, import.meta.url), 'utf8');
}
