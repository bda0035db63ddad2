/** CPU time per answer and per chunk, charged by the operating system, everything a gateway does afterwards included. */
import { setTimeout as sleep } from 'node:timers/promises';
import { exactly, paced, type StreamLoad, saturate } from './load.ts';
import { cpuMs } from './machine.ts';
import type { Target } from './target.ts';

const STREAMS = 64;
/** How long a gateway without books may go on working after its last answer. */
const AFTERWARDS_MS = 500;

export interface Cost {
  /** CPU microseconds per answer or per chunk. */
  readonly us: number;
  readonly perSecond: number;
}

/** A compiler forgets what was not used for a while, and every other target has its turn in between: each run is warmed up by its own. */
export async function jsonCost(target: Target, seconds: number): Promise<Cost> {
  const warmedUp = await saturate(target.json, Math.ceil(seconds / 2));
  await book(target, warmedUp.answered, warmedUp.brokenOffMax);
  return await charged(target, seconds, async () => {
    const { answered, brokenOffMax, perSecond } = await saturate(target.json, seconds);
    return { units: answered, answered, brokenOff: brokenOffMax, perSecond };
  });
}

/** At a fixed rate a process mostly waits, and every wake-up is charged to the answer it was for. */
export async function jsonCostAt(target: Target, perSecond: number, seconds: number): Promise<Cost> {
  return await charged(target, seconds, async () => {
    const { answered, failed } = await paced(target.json, perSecond, seconds, 0);
    if (failed > answered / 1000)
      throw new Error(`${target.name}: ${failed} of ${answered + failed} calls failed at ${perSecond}/s`);
    return { units: answered, answered, brokenOff: failed, perSecond: answered / seconds };
  });
}

export async function streamCost(target: Target, load: StreamLoad, seconds: number): Promise<Cost> {
  return await charged(target, seconds, async () => {
    const { chunks, answers, broken } = await load.run(target.stream, STREAMS, seconds);
    if (broken.length > 0) throw new Error(`${target.name}: ${broken.length} streams broke, ${answers} ended: ${broken[0]}`);
    return { units: chunks, answered: answers, brokenOff: 0, perSecond: chunks / seconds };
  });
}

/** Latencies in milliseconds, rising. Throws when more than one call in a thousand failed. */
export async function latencies(target: Target, perSecond: number, seconds: number): Promise<number[]> {
  const outcome = await paced(target.json, perSecond, seconds);
  if (outcome.failed > outcome.answered / 1000)
    throw new Error(`${target.name}: ${outcome.failed} calls failed at ${perSecond}/s`);
  await book(target, outcome.answered, outcome.failed);
  return outcome.latenciesMs.sort((a, b) => a - b);
}

/** An exact number of calls; all must be answered. */
export async function callExactly(target: Target, requests: number): Promise<void> {
  const { answered, failed } = await exactly(target.json, requests);
  if (answered !== requests) throw new Error(`${target.name}: ${answered} of ${requests} calls were answered, ${failed} failed`);
  await book(target, answered, 0);
}

interface Loaded {
  readonly units: number;
  readonly answered: number;
  readonly brokenOff: number;
  readonly perSecond: number;
}

async function charged(target: Target, seconds: number, load: () => Promise<Loaded>): Promise<Cost> {
  const before = cpuMs(target.pid);
  const { units, answered, brokenOff, perSecond } = await load();
  if (units < seconds) throw new Error(`${target.name}: only ${units} answers in ${seconds} s`);
  await book(target, answered, brokenOff);
  return { us: ((cpuMs(target.pid) - before) * 1000) / units, perSecond };
}

/** Waits until what was answered is on the books, so that writing them is charged to the calls that caused it. */
async function book(target: Target, answered: number, brokenOff: number): Promise<void> {
  await sleep(AFTERWARDS_MS);
  if (target.books === undefined) return;
  target.books.seen.answered += answered;
  target.books.seen.brokenOff += brokenOff;
  await target.books.settled(target.books.seen.answered);
}

/** The value below which this part of a rising list lies. */
export function quantile(rising: readonly number[], part: number): number {
  return rising[Math.min(rising.length - 1, Math.floor(rising.length * part))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
