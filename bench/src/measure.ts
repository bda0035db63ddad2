/** Measures CPU time per answer and per chunk, as the operating system counts it, including the work after an answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { exactly, paced, type StreamLoad, saturate } from './load.ts';
import { cpuMs } from './machine.ts';
import type { Target } from './target.ts';

const STREAMS = 64;
/** The time for which a gateway that stores nothing may work on after its last answer. */
const AFTERWARDS_MS = 500;

export interface Cost {
  /** CPU time per answer or per chunk, in microseconds. */
  readonly us: number;
  readonly perSecond: number;
}

/** Measures JSON calls at saturation. Each run has its own warm-up, because V8 discards compiled code between two turns. */
export async function jsonCost(target: Target, seconds: number): Promise<Cost> {
  const warmedUp = await saturate(target.json, Math.ceil(seconds / 2));
  await book(target, warmedUp.answered, warmedUp.brokenOffMax);
  return await charged(target, seconds, async () => {
    const { answered, brokenOffMax, perSecond } = await saturate(target.json, seconds);
    return { units: answered, answered, brokenOff: brokenOffMax, perSecond };
  });
}

/** Measures JSON calls at a fixed rate. The process mostly waits, and each answer is charged for its wake-up. */
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

/** Returns latencies in milliseconds, in rising order. Throws if more than one call in a thousand failed. */
export async function latencies(target: Target, perSecond: number, seconds: number): Promise<number[]> {
  const outcome = await paced(target.json, perSecond, seconds);
  if (outcome.failed > outcome.answered / 1000)
    throw new Error(`${target.name}: ${outcome.failed} calls failed at ${perSecond}/s`);
  await book(target, outcome.answered, outcome.failed);
  return outcome.latenciesMs.sort((a, b) => a - b);
}

/** Makes an exact number of calls. Throws unless all are answered. */
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

/** Waits until the answers are stored, so that their storage is charged to the calls that caused it. */
async function book(target: Target, answered: number, brokenOff: number): Promise<void> {
  await sleep(AFTERWARDS_MS);
  if (target.books === undefined) return;
  target.books.seen.answered += answered;
  target.books.seen.brokenOff += brokenOff;
  await target.books.settled(target.books.seen.answered);
}

/** Returns the value below which this part of a rising list lies. */
export function quantile(rising: readonly number[], part: number): number {
  return rising[Math.min(rising.length - 1, Math.floor(rising.length * part))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
