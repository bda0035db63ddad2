// Bodies and questions that are meant to hold a gateway up, or to fill its memory, while other tenants call: how long those wait, and what the
// process takes, in both HTTP readers and with a heap of 512 MB.
import { readFileSync } from 'node:fs';
import { startVendor, type VendorDouble } from '../support/vendor-double.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';
import {
  admittedBodies,
  type Done,
  hostileParameters,
  keylessConnections,
  refusedBodies,
  slowClients,
  type Target,
} from './walls-attacks.ts';
import { Neighbours, quantile } from './walls-neighbours.ts';
import type { OthersOptions } from './walls-others.ts';

const MB = 1024 * 1024;
const HEAP_MB = 512;
/** What the gateway takes by itself for a heap of that size: a quarter of it. */
const BUFFERED_MB = 128;
const SLOWER_MS_MAX = 50;
const REFUSED_MB_MAX = 150;
const CALL_EVERY_MS = 10;

interface Attack {
  readonly name: string;
  /** More memory than before, in MB. */
  readonly mbMax: number;
  readonly run: (target: Target) => Promise<Done>;
}

const attacksOf = (quick: boolean): readonly Attack[] => [
  { name: '31.5 MB bodies at a used limit', mbMax: REFUSED_MB_MAX, run: (target) => refusedBodies(target, quick ? 3 : 8) },
  { name: 'keyless connections', mbMax: REFUSED_MB_MAX, run: (target) => keylessConnections(target, quick ? 200 : 1_000) },
  { name: 'slow clients', mbMax: REFUSED_MB_MAX, run: (target) => slowClients(target, quick ? 500 : 20_000) },
  { name: 'hostile parameters', mbMax: REFUSED_MB_MAX, run: (target) => hostileParameters(target, quick ? 0.01 : 1) },
  // The last: memory that held what was read is given back late, and would be taken for what the others took.
  { name: 'bodies that are read', mbMax: 2 * BUFFERED_MB, run: (target) => admittedBodies(target, quick ? 1 : 8) },
];

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const vendor = await startVendor();
  try {
    const results: ProveResult[] = [];
    for (const lane of ['on', 'off'] as const) results.push(await oneReader(lane, vendor, quick));
    return allOf(results);
  } finally {
    await vendor.close();
  }
}

async function oneReader(lane: 'on' | 'off', vendor: VendorDouble, quick: boolean): Promise<ProveResult> {
  const gateway = await startGateway({
    env: { HEADGATE_FAST_LANE: lane, NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` },
  });
  const neighbours = new Neighbours();
  try {
    const { target, others } = await furnish(gateway, vendor, await neighbours.provider());
    neighbours.begin({ port: gateway.port, ...others, everyMs: CALL_EVERY_MS });
    return await attacked(lane, target, neighbours, quick);
  } finally {
    await neighbours.leave();
    await gateway.stop();
  }
}

async function attacked(lane: string, target: Target, neighbours: Neighbours, quick: boolean): Promise<ProveResult> {
  await neighbours.during(quick ? 1_000 : 5_000);
  const before = await neighbours.during(quick ? 2_000 : 10_000);
  const beforeMb = rssMb(target.gateway.pid);
  const problems: string[] = [];
  const log = [`fast lane ${lane}: before p50 ${ms(before.tookMs, 0.5)}, p99 ${ms(before.tookMs, 0.99)}, ${beforeMb} MB`];
  let [slowestMs, mostMb, calls] = [0, 0, 0];
  for (const { name, mbMax, run } of attacksOf(quick)) {
    const memory = watchMemory(target.gateway.pid);
    const done = await run(target);
    const grewMb = memory.most() - beforeMb;
    const { tookMs, failed } = await neighbours.since();
    const slowerMs = quantile(tookMs, 0.99) - quantile(before.tookMs, 0.99);
    log.push(
      `fast lane ${lane}: ${done.count} ${name}: others p50 ${ms(tookMs, 0.5)}, p99 ${ms(tookMs, 0.99)} of ${tookMs.length}; ${grewMb} MB more`,
    );
    problems.push(...done.problems, ...new Set(failed.map((why) => `${name}: a call of others ${why}`)));
    if (slowerMs > SLOWER_MS_MAX) problems.push(`${name}: the p99 of others is ${Math.round(slowerMs)} ms more than before`);
    if (grewMb > mbMax) problems.push(`${name}: the process took ${grewMb} MB more, not ${mbMax} at most`);
    calls += done.count;
    slowestMs = Math.max(slowestMs, slowerMs);
    mostMb = Math.max(mostMb, grewMb);
  }
  const alive = await fetch(`${target.gateway.base}/health/ready`);
  if (alive.status !== 200) problems.push('the gateway is not ready any more');
  return {
    holds: problems.length === 0,
    figure: `fast lane ${lane}: ${calls} attacks, p99 of others +${Math.round(slowestMs)} ms, memory +${mostMb} MB of a heap of ${HEAP_MB}`,
    details: problems,
    log,
  };
}

interface Site {
  readonly target: Target;
  readonly others: Pick<OthersOptions, 'secret' | 'model'>;
}

async function furnish(gateway: Gateway, vendor: VendorDouble, othersBase: string): Promise<Site> {
  const credentialId = await makeCredential(gateway, 'openai', `${vendor.base}/v1`);
  const models = { chat: 'words:3', flood: 'flood:64', embedding: 'vectors' };
  for (const model of [models.chat, models.flood])
    await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId });
  await makeModel(gateway, { model: models.embedding, provider: 'fake', upstreamModel: 'fake-embedding', mode: 'embedding' });
  const attacker = await makeTenant(gateway);
  const limited = await makeKey(gateway, attacker, { rate_limits: { rpm: 1 } });
  const free = await makeKey(gateway, attacker);
  const model = 'of-others';
  const ofOthers = await makeCredential(gateway, 'openai', `${othersBase}/v1`);
  await makeModel(gateway, { model, provider: 'openai', upstreamModel: models.chat, credentialId: ofOthers });
  const { secret } = await makeKey(gateway, await makeTenant(gateway));
  const target = { gateway, limited: limited.secret, free: free.secret, models };
  const first = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${limited.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: models.chat, messages: [{ role: 'user', content: 'Hi.' }] }),
  });
  await first.arrayBuffer();
  if (first.status !== 200) throw new Error(`the first call was answered ${first.status}`);
  return { target, others: { secret, model } };
}

function ms(tookMs: readonly number[], share: number): string {
  return `${quantile(tookMs, share).toFixed(1)} ms`;
}

function rssMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round((Number(kilobytes) * 1024) / MB);
}

function watchMemory(pid: number): { most(): number } {
  let most = rssMb(pid);
  const timer = setInterval(() => {
    most = Math.max(most, rssMb(pid));
  }, 50);
  return {
    most: () => {
      clearInterval(timer);
      return most;
    },
  };
}
