// What strangers can ask for as often as they like, and who is slow to listen: how much longer the callers of the data plane wait meanwhile.
// Before and during are measured by turns, and the median of the ratios counts. The load is made on this machine, and would stand on another: what
// the gateway's main thread waits for a processor is left out, before and during. The ratio with it is told beside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasPostgres } from '../support/database.ts';
import { startPostgres } from '../support/postgres.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';
import { at, Neighbours } from './walls-bodies.ts';
import type { Credentials, LoadDone, LoadOrder } from './walls-loads-process.ts';

const RATIO_MAX = 1.5;
const CALL_EVERY_MS = 10;
/** One hash after the other makes some fifteen. Where there are far fewer the machine is busy with other things, and the ratio says nothing. */
const SIGN_INS_PER_SECOND_MIN = 5;
const PASSWORD = 'seven green umbrellas';

interface Scale {
  readonly rounds: number;
  /** Of one measurement. */
  readonly measureMs: number;
  /** Between the begin or the end of a load and the measurement. */
  readonly settleMs: number;
}

const FULL: Scale = { rounds: 7, measureMs: 6_000, settleMs: 1_500 };
const QUICK: Scale = { rounds: 1, measureMs: 1_500, settleMs: 300 };

/** A load, and what it must have come to, or the measurement says nothing. */
interface Trial {
  readonly name: string;
  readonly order: LoadOrder;
  /** What was answered otherwise than it must be. */
  judge(done: LoadDone): string | null;
  /** Whether the load was made. A busy machine may keep it from that for a round, which is then left out. */
  isMade(done: LoadDone): boolean;
}

/** The least share of the rounds in which the load was made. */
const MADE_SHARE_MIN = 0.7;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const postgres = hasPostgres() ? await startPostgres() : null;
  const gateway = await startGateway({
    env: {
      HEADGATE_TRUSTED_PROXIES: '127.0.0.1',
      HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1',
      ...(postgres === null ? {} : { DATABASE_URL: postgres.url }),
    },
  });
  const neighbours = new Neighbours();
  try {
    const { organizationId, others } = await furnish(gateway, await neighbours.provider());
    const people = await signedUp(gateway, quick ? 2 : 10);
    neighbours.begin({ port: gateway.port, pid: gateway.pid, ...others, everyMs: CALL_EVERY_MS });
    await neighbours.during(quick ? 1_000 : 8_000);
    const results: ProveResult[] = [];
    for (const trial of trialsOf(gateway, organizationId, people, quick)) results.push(await tried(trial, neighbours, quick));
    return allOf(results);
  } finally {
    await neighbours.leave();
    await gateway.stop();
    await postgres?.stop();
  }
}

function trialsOf(gateway: Gateway, organizationId: string, people: readonly Credentials[], quick: boolean): readonly Trial[] {
  const { port, adminToken } = gateway;
  const keysPerSecond = 2_500;
  const seconds = ({ forMs }: LoadDone) => forMs / 1_000;
  return [
    {
      name: 'sign-ins, 60 at once',
      order: { is: 'sign-ins', port, atOnce: 60, people },
      judge: (done) => unlessOnly(done, [200, 401]),
      isMade: (done) => quick || sum(done) / seconds(done) >= SIGN_INS_PER_SECOND_MIN,
    },
    {
      name: 'unknown keys, 2,500 a second',
      order: { is: 'unknown keys', port, perSecond: keysPerSecond },
      // What its own connections had no room for was not sent.
      judge: (done) => unlessOnly(done, [401, 0]),
      isMade: (done) => quick || (done.answered[401] ?? 0) / seconds(done) >= keysPerSecond * 0.9,
    },
    {
      name: 'webhooks to a receiver that never answers',
      order: { is: 'webhooks', port, perSecond: 20, adminToken, organizationId },
      judge: (done) => unlessOnly(done, [201]) ?? (quick || done.received > 0 ? null : 'nothing reached the receiver'),
      isMade: () => true,
    },
  ];
}

async function tried({ name, order, judge, isMade }: Trial, neighbours: Neighbours, quick: boolean): Promise<ProveResult> {
  const { rounds, measureMs, settleMs } = quick ? QUICK : FULL;
  const load = await startLoad(order);
  const ratios: number[] = [];
  const ratiosInAll: number[] = [];
  const problems: string[] = [];
  const log: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const before = await neighbours.during(measureMs);
    load.go();
    await sleep(settleMs);
    const during = await neighbours.during(measureMs);
    const done = await load.stop();
    await sleep(settleMs);
    const [beforeMs, duringMs] = [at(before.onProcessorMs, 0.95), at(during.onProcessorMs, 0.95)];
    const [beforeInAllMs, duringInAllMs] = [at(before.tookMs, 0.95), at(during.tookMs, 0.95)];
    if (isMade(done)) {
      ratios.push(duringMs / beforeMs);
      ratiosInAll.push(duringInAllMs / beforeInAllMs);
    }
    const problem = judge(done);
    if (problem !== null) problems.push(`${name}: ${problem}`);
    problems.push(...new Set([...before.failed, ...during.failed].map((why) => `${name}: a call of others ${why}`)));
    log.push(
      `${name}, round ${round}: p95 ${beforeMs.toFixed(2)} → ${duringMs.toFixed(2)} ms, in all ${beforeInAllMs.toFixed(2)} → ${duringInAllMs.toFixed(2)} ms; ${wordsOf(done)}`,
    );
  }
  load.end();
  if (ratios.length < rounds * MADE_SHARE_MIN)
    problems.push(`${name}: the load was made in ${ratios.length} of ${rounds} rounds`);
  const ratio = at(ratios, 0.5);
  if (!quick && ratio > RATIO_MAX) problems.push(`${name}: the p95 of others is ${ratio.toFixed(2)} times what it was before`);
  return {
    holds: problems.length === 0,
    figure: `${name}: p95 of others × ${ratio.toFixed(2)}, in all × ${at(ratiosInAll, 0.5).toFixed(2)}${quick ? ' (not judged)' : ''}`,
    details: problems,
    log,
  };
}

interface RunningLoad {
  go(): void;
  stop(): Promise<LoadDone>;
  end(): void;
}

const SAID_CHARS_MAX = 2_000;

/** Its work is done where nobody else wants the processor: on a network it would be another machine's. */
async function startLoad(order: LoadOrder): Promise<RunningLoad> {
  const file = path.join(import.meta.dirname, 'walls-loads-process.ts');
  const child = spawn('nice', ['-n', '19', process.execPath, file, JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-SAID_CHARS_MAX);
  });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the load ended by itself: ${said}`))),
  ]);
  return {
    go: () => child.send('go'),
    stop: async () => {
      const said = once(child, 'message') as Promise<[LoadDone]>;
      child.send('stop');
      return (await said)[0];
    },
    end: () => child.disconnect(),
  };
}

async function furnish(gateway: Gateway, othersBase: string) {
  const credentialId = await makeCredential(gateway, 'openai', `${othersBase}/v1`);
  const [model, upstreamModel] = ['of-others', 'words:3'];
  await makeModel(gateway, { model, provider: 'openai', upstreamModel, credentialId });
  const tenant = await makeTenant(gateway);
  const { secret } = await makeKey(gateway, tenant);
  return { organizationId: tenant.organizationId, others: { secret, model, upstreamModel } };
}

/** People with a password. */
async function signedUp(gateway: Gateway, howMany: number): Promise<readonly Credentials[]> {
  const people: Credentials[] = [];
  for (let nth = 1; nth <= howMany; nth += 1) {
    const email = `person-${nth}@example.test`;
    const invitation = { email, organization_id: null, role: 'platform_auditor' };
    const { link } = await gateway.admin<{ link: string }>('POST', '/invitations', invitation);
    const token = new URL(link).searchParams.get('token');
    const accepted = await fetch(`${gateway.base}/api/v1/invitations/accept`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: gateway.base },
      body: JSON.stringify({ token, name: `Person ${nth}`, password: PASSWORD }),
    });
    if (!accepted.ok) throw new Error(`an invitation was answered ${accepted.status}: ${await accepted.text()}`);
    people.push({ email, password: PASSWORD });
  }
  return people;
}

function unlessOnly({ answered }: LoadDone, statuses: readonly number[]): string | null {
  const others = Object.entries(answered).filter(([status]) => !statuses.includes(Number(status)));
  return others.length === 0 ? null : `answered ${others.map(([status, count]) => `${status} ${count} times`).join(', ')}`;
}

function sum({ answered }: LoadDone): number {
  return Object.values(answered).reduce((all, one) => all + one, 0);
}

function wordsOf(done: LoadDone): string {
  const statuses = Object.entries(done.answered).map(([status, count]) => `${count} × ${status === '0' ? 'not sent' : status}`);
  const taken = done.received === 0 ? '' : `, ${done.received} reached the receiver`;
  return `${Math.round(sum(done) / (done.forMs / 1_000))} a second (${statuses.join(', ')}${taken})`;
}
