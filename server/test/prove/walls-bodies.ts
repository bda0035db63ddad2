// Bodies and questions that are meant to hold a gateway up, or to fill its memory, while other tenants call: how long those wait, and what the
// process takes, in both HTTP readers and with a heap of 512 MB. The attackers and their provider are a process of the lowest priority, since
// they stand on other machines. What others wait is counted beyond what the machine makes them wait: see walls-others.ts.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';
import { Attackers } from './walls-attackers.ts';
import type { AttackName, Target } from './walls-attacks.ts';
import type { Others, OthersOptions } from './walls-others.ts';

const MB = 1024 * 1024;
const HEAP_MB = 512;
/** As `npm start` and the image start it; without this flag the young heap alone takes 32 MB more. */
const YOUNG_HEAP = '--max-semi-space-size=16';
/** What the gateway takes by itself for a heap of that size: a quarter of it. */
const BUFFERED_MB = 128;
const SLOWER_MS_MAX = 50;
const REFUSED_MB_MAX = 150;
const CALL_EVERY_MS = 10;

/** The attacks in their order, and how much more memory each may take, in MB. */
const ATTACKS: readonly (readonly [name: AttackName, mbMax: number])[] = [
  ['31.5 MB bodies at a used limit', REFUSED_MB_MAX],
  ['keyless connections', REFUSED_MB_MAX],
  ['slow clients', REFUSED_MB_MAX],
  ['hostile parameters', REFUSED_MB_MAX],
  // The last: memory that held what was read is given back late, and would be taken for what the others took.
  ['bodies that are read', 2 * BUFFERED_MB],
];

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const attackers = await Attackers.start();
  try {
    const results: ProveResult[] = [];
    for (const lane of ['on', 'off'] as const) results.push(await oneReader(lane, attackers, quick));
    return allOf(results);
  } finally {
    attackers.leave();
  }
}

async function oneReader(lane: 'on' | 'off', attackers: Attackers, quick: boolean): Promise<ProveResult> {
  const gateway = await startGateway({
    env: { HEADGATE_FAST_LANE: lane, NODE_OPTIONS: `${YOUNG_HEAP} --max-old-space-size=${HEAP_MB}` },
  });
  const neighbours = new Neighbours();
  try {
    const { target, others } = await furnish(gateway, attackers.provider, await neighbours.provider());
    neighbours.begin({ port: gateway.port, pid: gateway.pid, ...others, everyMs: CALL_EVERY_MS });
    return await attacked(lane, { gateway, target, attackers, neighbours }, quick);
  } finally {
    await neighbours.leave();
    await gateway.stop();
  }
}

interface Scene {
  readonly gateway: Gateway;
  readonly target: Target;
  readonly attackers: Attackers;
  readonly neighbours: Neighbours;
}

async function attacked(lane: string, { gateway, target, attackers, neighbours }: Scene, quick: boolean): Promise<ProveResult> {
  await neighbours.during(quick ? 1_000 : 5_000);
  const before = await neighbours.during(quick ? 2_000 : 10_000);
  const beforeMb = rssMb(gateway.pid);
  const problems: string[] = [];
  const log = [`fast lane ${lane}: before ${waits(before)}, ${beforeMb} MB`];
  let [slowestMs, mostMb, calls] = [0, 0, 0];
  for (const [name, mbMax] of ATTACKS) {
    const memory = watchMemory(gateway.pid);
    const done = await attackers.attack(name, target, quick);
    const grewMb = memory.most() - beforeMb;
    const others = await neighbours.since();
    const slowerMs = at(others.addedMs, 0.99) - at(before.addedMs, 0.99);
    log.push(`fast lane ${lane}: ${done.count} ${name}: ${waits(others)}; ${grewMb} MB more`);
    problems.push(...done.problems, ...new Set(others.failed.map((why) => `${name}: a call of others ${why}`)));
    if (slowerMs > SLOWER_MS_MAX)
      problems.push(`${name}: what the gateway adds to the p99 of others is ${Math.round(slowerMs)} ms more than before`);
    if (grewMb > mbMax) problems.push(`${name}: the process took ${grewMb} MB more, not ${mbMax} at most`);
    calls += done.count;
    slowestMs = Math.max(slowestMs, slowerMs);
    mostMb = Math.max(mostMb, grewMb);
  }
  const alive = await fetch(`${gateway.base}/health/ready`);
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
  readonly others: Pick<OthersOptions, 'secret' | 'model' | 'upstreamModel'>;
}

async function furnish(gateway: Gateway, attackersBase: string, othersBase: string): Promise<Site> {
  const credentialId = await makeCredential(gateway, 'openai', `${attackersBase}/v1`);
  const models = { chat: 'words:3', flood: 'flood:64', embedding: 'vectors' };
  for (const model of Object.values(models)) {
    const mode = model === models.embedding ? 'embedding' : 'chat';
    await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, mode, credentialId });
  }
  const attacker = await makeTenant(gateway);
  const limited = await makeKey(gateway, attacker, { rate_limits: { rpm: 1 } });
  const free = await makeKey(gateway, attacker);
  const model = 'of-others';
  const ofOthers = await makeCredential(gateway, 'openai', `${othersBase}/v1`);
  await makeModel(gateway, { model, provider: 'openai', upstreamModel: models.chat, credentialId: ofOthers });
  const { secret } = await makeKey(gateway, await makeTenant(gateway));
  const { port, base, adminToken } = gateway;
  const target = { gateway: { port, base, adminToken }, limited: limited.secret, free: free.secret, models };
  const first = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${limited.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: models.chat, messages: [{ role: 'user', content: 'Hi.' }] }),
  });
  await first.arrayBuffer();
  if (first.status !== 200) throw new Error(`the first call was answered ${first.status}`);
  return { target, others: { secret, model, upstreamModel: models.chat } };
}

/** The other tenants: a thread that calls all the while, so that what this one sends is not taken for what they wait. */
export class Neighbours {
  readonly #thread = new Worker(new URL('./walls-others.ts', import.meta.url), { execArgv: [] });

  /** Where their provider is. To be asked once, first. */
  async provider(): Promise<string> {
    const [base] = (await once(this.#thread, 'message')) as [string];
    return base;
  }

  begin(options: OthersOptions): void {
    this.#thread.postMessage(options);
  }

  async during(forMs: number): Promise<Others> {
    await this.since();
    await sleep(forMs);
    return this.since();
  }

  since(): Promise<Others> {
    return new Promise((resolve, reject) => {
      this.#thread.once('error', reject).once('message', (others: Others) => {
        this.#thread.off('error', reject);
        resolve(others);
      });
      this.#thread.postMessage('since');
    });
  }

  async leave(): Promise<void> {
    await this.#thread.terminate();
  }
}

export function at(tookMs: readonly number[], share: number): number {
  const sorted = tookMs.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.POSITIVE_INFINITY;
}

function waits({ tookMs, addedMs }: Others): string {
  const ms = (all: readonly number[], share: number) => `${at(all, share).toFixed(1)} ms`;
  return `others p50 ${ms(tookMs, 0.5)}, p99 ${ms(tookMs, 0.99)}, of which the gateway ${ms(addedMs, 0.5)}, ${ms(addedMs, 0.99)} of ${tookMs.length}`;
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
