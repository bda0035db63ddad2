/** The sections of the table, in order. Each measures one thing and compares it with its bar. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamLoad } from './load.ts';
import { cpuMs, residentBytes } from './machine.ts';
import { callExactly, jsonCost, jsonCostAt, latencies, quantile, streamCost } from './measure.ts';
import { interleave, type Standing } from './rounds.ts';
import type { Target } from './target.ts';

export interface Row {
  readonly what: string;
  readonly figure: string;
  /** Absent: a figure without a bar. */
  readonly bar?: { readonly met: boolean; readonly asks: string };
}

export interface Field {
  readonly nginx: Target;
  /** With limits, on PostgreSQL: the bars apply to this one. */
  readonly governed: Target;
  readonly free: Target;
  readonly embedded: Target;
  /** Like `governed`, without the fast lane. Null: not measured. */
  readonly laneless: Target | null;
  /** Null: not measured. */
  readonly portkey: Target | null;
  readonly streams: StreamLoad;
}

/** The lengths and numbers of runs; `--quick` has smaller ones. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly latencySeconds: number;
  readonly exactRequests: number;
  readonly soakRequests: number;
  readonly stallSeconds: number;
  readonly bars: Bars;
}

/** The bars for a gateway on the general HTTP libraries, and for one with a fast lane. */
export const BARS = {
  libraries: { json: 6.0, stream: 3.3, portkey: 1 / 8, p50Ms: 0.15, p99Ms: 1.2, residentMb: 300 },
  lane: { json: 3.0, stream: 1.8, portkey: 1 / 15, p50Ms: 0.08, p99Ms: 0.6, residentMb: 300 },
} as const;
export type Bars = (typeof BARS)[keyof typeof BARS];

export async function jsonRows(field: Field, effort: Effort): Promise<Row[]> {
  const others = [field.governed, ...besides(field.laneless), ...besides(field.portkey), field.free, field.embedded];
  const standings = await interleave(field.nginx, others, effort.rounds, (target) => jsonCost(target, effort.seconds));
  const governed = of(standings, field.governed);
  const costs = standings.map((standing) =>
    costRow('CPU per JSON request', standing, standing === governed ? effort.bars.json : null),
  );
  return field.portkey === null ? costs : [...costs, shareRow(governed.us / of(standings, field.portkey).us, effort.bars)];
}

function besides(target: Target | null): readonly Target[] {
  return target === null ? [] : [target];
}

function shareRow(share: number, bars: Bars): Row {
  const bar = { met: share <= bars.portkey, asks: `≤ 1/${Math.round(1 / bars.portkey)}` };
  return { what: 'CPU per request ÷ Portkey', figure: `1/${(1 / share).toFixed(1)}`, bar };
}

/** Measures streams, without Portkey: with the package versions that npm installs now it answers every stream with 500. */
export async function streamRows(field: Field, effort: Effort): Promise<Row[]> {
  const cost = (target: Target) => streamCost(target, field.streams, effort.seconds);
  const standings = await interleave(
    field.nginx,
    [field.governed, ...besides(field.laneless), field.embedded],
    Math.ceil(effort.rounds / 2),
    cost,
  );
  const governed = of(standings, field.governed);
  return standings.map((standing) => costRow('CPU per SSE chunk', standing, standing === governed ? effort.bars.stream : null));
}

export async function fixedRateRows(field: Field, effort: Effort): Promise<Row[]> {
  const cost = (target: Target) => jsonCostAt(target, 5000, effort.seconds);
  const standings = await interleave(field.nginx, [field.governed, field.embedded], 1, cost);
  return standings.map((standing) => costRow('CPU per JSON request at 5,000/s', standing, null));
}

export async function latencyRows(field: Field, effort: Effort): Promise<Row[]> {
  const taken = { nginx: [] as number[], governed: [] as number[] };
  for (let turn = 0; turn < 4; turn += 1) {
    taken.nginx.push(...(await latencies(field.nginx, 500, effort.latencySeconds)));
    taken.governed.push(...(await latencies(field.governed, 500, effort.latencySeconds)));
  }
  for (const list of Object.values(taken)) list.sort((a, b) => a - b);
  return (['p50', 'p99'] as const).map((name) => {
    const [part, max] = name === 'p50' ? [0.5, effort.bars.p50Ms] : [0.99, effort.bars.p99Ms];
    const [own, base] = [quantile(taken.governed, part), quantile(taken.nginx, part)];
    const figure = `+${(own - base).toFixed(2)} ms (${own.toFixed(2)} − ${base.toFixed(2)})`;
    return { what: `added latency at 500/s, ${name}`, figure, bar: { met: own - base <= max, asks: `≤ ${max} ms` } };
  });
}

/** Measures memory while many calls pass. It counts as flat if the second half adds at most a tenth. */
export async function soakRow(field: Field, effort: Effort): Promise<Row> {
  const { governed } = field;
  const start = residentBytes(governed.pid);
  await callExactly(governed, effort.soakRequests / 2);
  const middle = residentBytes(governed.pid);
  await callExactly(governed, effort.soakRequests / 2);
  const end = residentBytes(governed.pid);
  const met = end <= effort.bars.residentMb * 1e6 && end <= middle * 1.1;
  const figure = `${mb(start)} → ${mb(middle)} → ${mb(end)} MB`;
  return {
    what: `RSS over ${effort.soakRequests.toLocaleString('en')} requests`,
    figure,
    bar: { met, asks: `≤ ${effort.bars.residentMb} MB and flat` },
  };
}

/** Opens streams that nobody reads. Memory must stop growing, and other calls must not become slower. */
export async function stallRow(field: Field, effort: Effort): Promise<Row> {
  const { governed, streams } = field;
  const count = 512;
  const before = {
    resident: residentBytes(governed.pid),
    p50: quantile(await latencies(governed, 200, effort.stallSeconds), 0.5),
  };
  const started = await streams.stall(governed.stream, count);
  await untilIdle(governed);
  const early = residentBytes(governed.pid);
  const during = quantile(await latencies(governed, 200, effort.stallSeconds), 0.5);
  const late = residentBytes(governed.pid);
  await streams.release();
  await sleep(2000);
  await callExactly(governed, 100);
  // The clients hung up without reading, so none of these answers was seen; still, each is in the ledger.
  if (governed.books !== undefined) governed.books.seen.brokenOff += count;
  const bounded = late <= before.resident + 200e6 && late <= early * 1.1;
  const figure = `${started} stalled: ${mb(before.resident)} → ${mb(early)} → ${mb(late)} MB; others' p50 ${before.p50.toFixed(2)} → ${during.toFixed(2)} ms`;
  const met = started === count && bounded && during <= before.p50 * 2;
  return { what: `${count} streams whose clients stop reading`, figure, bar: { met, asks: 'RSS bounded, others unaffected' } };
}

/** Waits until all buffers are full and the process is idle, at most 30 s. A stalled stream costs CPU only before that. */
async function untilIdle(target: Target): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    const before = cpuMs(target.pid);
    await sleep(1000);
    if (cpuMs(target.pid) - before < 100) return;
  }
}

function costRow(what: string, { name, us, timesNginx, perSecond }: Standing, max: number | null): Row {
  const figure = `${us.toFixed(1)} µs = ${timesNginx.toFixed(2)} × nginx (${Math.round(perSecond).toLocaleString('en')}/s)`;
  const bar = max === null ? {} : { bar: { met: timesNginx <= max, asks: `≤ ${max.toFixed(1)} × nginx` } };
  return { what: `${what}: ${name}`, figure, ...bar };
}

function of(standings: readonly Standing[], target: Target): Standing {
  const found = standings.find((standing) => standing.name === target.name);
  if (found === undefined) throw new Error(`${target.name} was not measured`);
  return found;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
