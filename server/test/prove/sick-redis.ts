// Redis falls ill under load, or a replica stands still, again and again: what is held once nothing is in flight any more, and how many of the
// slots of each `max_parallel` can be used. Both within 15 s after the last request ended. HEADGATE_PROVE_ROUNDS: how often each, 3 unless given.
import { setTimeout as sleep } from 'node:timers/promises';
import { ChaosProxy } from '../support/chaos-proxy.ts';
import type { TestRedis } from '../support/redis.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { type HeldProvider, startHeldProvider } from './held-provider.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import { isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';
import { everyProxy, failRedisOver, stallRedis } from './redis-faults.ts';
import { furnishSlots, heldIn, type Slots, usableSlots } from './slots-site.ts';
import { type SteadyLoad, startLoad } from './steady-load.ts';

interface Ward {
  readonly fleet: Fleet;
  readonly toRedis: readonly ChaosProxy[];
  /** Servers that took the place of the first, one after the other. */
  readonly successors: TestRedis[];
}

interface Illness {
  readonly name: string;
  readonly isQuick?: boolean;
  /** Resolves when it is over. */
  strike(ward: Ward): Promise<void>;
}

const FREE_MS_MAX = 15_000;
const BEFORE_MS = 700;
const AFTER_MS = 400;
const FROZEN_MS = 42_000;
const WIDTH = 8;

const ILLNESSES: readonly Illness[] = [
  { name: 'stall of 0.9 s', isQuick: true, strike: (ward) => stallRedis(presentRedis(ward), 900) },
  { name: 'stall of 3 s', strike: (ward) => stallRedis(presentRedis(ward), 3_000) },
  {
    name: 'slow',
    strike: async ({ toRedis }) => {
      // Each way: near the time after which an answer counts as lost, and beyond it.
      for (const delayMs of [150, 300]) {
        for (const proxy of toRedis) proxy.delay(delayMs);
        await sleep(2_000);
      }
      for (const proxy of toRedis) proxy.delay(0);
    },
  },
  { name: 'cut', isQuick: true, strike: ({ toRedis }) => throughProxies(toRedis, 'down', 1_000) },
  { name: 'swallowed by the network', strike: ({ toRedis }) => throughProxies(toRedis, 'blackhole', 2_000) },
  { name: 'flushed', strike: async (ward) => void (await presentRedis(ward).client.call('FLUSHALL')) },
  {
    name: 'failed over',
    strike: async (ward) => void ward.successors.push(await failRedisOver(presentRedis(ward), ward.toRedis)),
  },
  { name: 'a replica frozen for 5 s', strike: (ward) => freeze(ward, 5_000) },
  { name: `a replica frozen for ${FROZEN_MS / 1_000} s`, strike: (ward) => freeze(ward, FROZEN_MS) },
  {
    name: 'stall, and a replica restarted',
    strike: async (ward) => {
      await stallRedis(presentRedis(ward), 900);
      await (ward.fleet.replicas[0] as Gateway).stop();
      await ward.fleet.restart(0);
    },
  },
];

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const toRedis: ChaosProxy[] = [];
  const size = quick ? 2 : 3;
  const fleet = await startFleet({
    size,
    prepare: async ({ redisPort }) => {
      for (let at = 0; at < size; at += 1) toRedis.push(await ChaosProxy.start({ host: '127.0.0.1', port: redisPort }));
    },
    envOf: (index) => ({ REDIS_URL: `redis://127.0.0.1:${toRedis[index]?.port}` }),
  });
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  const [metered, held] = [await startMeteredProvider(), await startHeldProvider()];
  const ward: Ward = { fleet, toRedis, successors: [] };
  try {
    return await prove(ward, metered, held, quick);
  } finally {
    held.letAllAnswer();
    await fleet.stop();
    for (const provider of [metered, held]) await provider.stop();
    for (const proxy of toRedis) await proxy.close();
    for (const redis of ward.successors) await redis.stop();
  }
}

async function prove(ward: Ward, metered: MeteredProvider, held: HeldProvider, quick: boolean): Promise<ProveResult> {
  const { fleet } = ward;
  const slots = await furnishSlots(fleet.replicas[0] as Gateway, metered.baseUrl, held.baseUrl);
  const illnesses = ILLNESSES.filter(({ name, isQuick }) => (!quick || isQuick === true) && isRowWanted(name));
  const rounds = quick ? 1 : Number(process.env.HEADGATE_PROVE_ROUNDS ?? 3);
  const [log, details]: [string[], string[]] = [[], []];
  const all = { calls: 0, degraded: 0, held: 0, usable: 0, slots: 0, longestMs: 0, endedMs: 0 };
  for (const illness of illnesses) {
    const found: Round[] = [];
    for (let round = 0; round < rounds; round += 1) found.push(await proveRound(illness, ward, slots, held));
    for (const [at, round] of found.entries()) {
      for (const name of ['calls', 'degraded', 'held', 'usable', 'slots'] as const) all[name] += round[name];
      all.longestMs = Math.max(all.longestMs, round.freeMs);
      all.endedMs = Math.max(all.endedMs, round.endedMs);
      if (round.held !== 0) details.push(`${illness.name}, round ${at + 1}: ${round.held} is held with nothing in flight`);
      if (round.usable !== round.slots) details.push(`${illness.name}, round ${at + 1}: ${round.usable} of ${round.slots} slots`);
    }
    log.push(lineOf(illness, found));
  }
  // Each replica says every 10 s what it holds, which a quick run does not wait for.
  const proof = quick ? null : await proofOf(fleet.replicas.at(-1) as Gateway);
  if (proof !== null && !proof.includes('difference: 0; 0 counters')) details.push(`the proof: ${proof}`);
  return {
    holds: details.length === 0,
    figure: `${illnesses.length} illnesses × ${rounds} on ${fleet.replicas.length} replicas, ${all.calls} calls, ${all.degraded} by a share: held with nothing in flight after 15 s: ${all.held} (longest ${(all.longestMs / 1_000).toFixed(1)} s; the last request ended ${(all.endedMs / 1_000).toFixed(1)} s after), slots usable: ${all.usable} of ${all.slots}${proof === null ? '' : `; the proof: ${proof}`}`,
    details,
    log,
  };
}

interface Round {
  readonly calls: number;
  readonly degraded: number;
  /** How long after it was over the last request of the load had its answer, or gave up. */
  readonly endedMs: number;
  /** Of all limits and budgets, with nothing in flight, 15 s after that or as soon as it was nothing. */
  readonly held: number;
  /** Until it was nothing, since nothing was in flight. */
  readonly freeMs: number;
  readonly usable: number;
  readonly slots: number;
}

async function proveRound({ strike }: Illness, ward: Ward, slots: Slots, held: HeldProvider): Promise<Round> {
  const { fleet } = ward;
  const load = beginLoad(fleet, slots);
  await sleep(BEFORE_MS);
  await strike(ward);
  const overMs = performance.now();
  await sleep(AFTER_MS);
  await load.stop();
  const endedMs = performance.now();
  const isLate = () => performance.now() - endedMs > FREE_MS_MAX;
  let stillHeld = await heldIn(fleet, slots);
  while (stillHeld !== 0 && !isLate()) {
    await sleep(100);
    stillHeld = await heldIn(fleet, slots);
  }
  const freeMs = performance.now() - endedMs;
  let usable = await usableSlots(fleet, slots, held);
  while (usable !== slots.count && !isLate()) {
    await sleep(100);
    usable = await usableSlots(fleet, slots, held);
  }
  const fates = [...load.fates.values()].filter(({ is }) => is === 'answered');
  const degraded = fates.filter((fate) => fate.is === 'answered' && fate.isDegraded).length;
  return { calls: load.fates.size, degraded, endedMs: endedMs - overMs, held: stillHeld, freeMs, usable, slots: slots.count };
}

/** More callers than slots, so that requests are refused by limits as well, by those of all replicas and by shares. */
function beginLoad({ replicas }: Fleet, { keys, model }: Slots): Pick<SteadyLoad, 'fates' | 'stop'> {
  let turn = 0;
  const base = () => {
    turn += 1;
    return (replicas[turn % replicas.length] as Gateway).base;
  };
  const loads = keys.map((key, at) => startLoad({ base, keys: [key], model, width: WIDTH, phase: `load${at}`, pauseMs: 20 }));
  return {
    get fates() {
      return new Map(loads.flatMap(({ fates }, at) => [...fates].map(([id, fate]) => [`${at}-${id}`, fate] as const)));
    },
    stop: async () => void (await Promise.all(loads.map((load) => load.stop()))),
  };
}

function lineOf({ name }: Illness, rounds: readonly Round[]): string {
  const sum = (of: 'calls' | 'degraded' | 'held' | 'usable' | 'slots') => rounds.reduce((all, round) => all + round[of], 0);
  const longest = (of: 'freeMs' | 'endedMs') => (Math.max(...rounds.map((round) => round[of])) / 1_000).toFixed(1);
  return `${name}: ${sum('calls')} calls, ${sum('degraded')} by a share | the last request ended ${longest('endedMs')} s after | held with nothing in flight: ${sum('held')}, the longest for ${longest('freeMs')} s | slots usable: ${sum('usable')} of ${sum('slots')}`;
}

function presentRedis({ fleet, successors }: Ward): TestRedis {
  return successors.at(-1) ?? fleet.redis;
}

async function throughProxies(proxies: readonly ChaosProxy[], mode: 'down' | 'blackhole', ms: number): Promise<void> {
  const undo = await everyProxy(proxies, mode);
  await sleep(ms);
  await undo();
}

async function freeze({ fleet }: Ward, ms: number): Promise<void> {
  const { pid } = fleet.replicas[1] as Gateway;
  process.kill(pid, 'SIGSTOP');
  await sleep(ms);
  process.kill(pid, 'SIGCONT');
}

const SAID_MS = 10_500;
const PROOF_MS_MAX = 60_000;

/** What the proof, run now, says of holds. */
async function proofOf(gateway: Gateway): Promise<string> {
  await sleep(SAID_MS);
  const askedAt = new Date().toISOString();
  await gateway.admin('POST', '/jobs/proof/run');
  for (const sinceMs = performance.now(); performance.now() - sinceMs < PROOF_MS_MAX; await sleep(200)) {
    const { data } = await gateway.admin<{ data: readonly ProvenJob[] }>('GET', '/jobs');
    const [run] = data.find(({ name }) => name === 'proof')?.runs ?? [];
    if (run !== undefined && run.started_at >= askedAt && run.finished_at !== null)
      return /Requests with a hold: .*$/.exec(run.summary ?? '')?.[0] ?? `${run.summary}`;
  }
  return 'did not end';
}

interface ProvenJob {
  readonly name: string;
  readonly runs: readonly { readonly started_at: string; readonly finished_at: string | null; readonly summary: string | null }[];
}
