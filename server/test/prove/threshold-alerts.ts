// Thresholds of budgets passed by requests that race over three replicas, each told once: with the receiver there, and with it down for a
// while. Every signature is verified as the specification says, without the library that signs.
import { setTimeout as sleep } from 'node:timers/promises';
import { isSignedBy, openReceiver, type Received, type Receiver } from '../jobs/receiver.ts';
import { chat, inParallel } from './data-plane.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import { type ProofOfSums, proveSums } from './proof-of-sums.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';
import { type Key, makeKey, makeModel, makeTenant } from './tenant.ts';

const MODEL = 'spender';
const THRESHOLDS = [50, 80, 100];
const CALLS = 24;
/** One call costs more than a tenth of the budget, so that all of them pass every threshold several times over. */
const AMOUNT = '0.001';
const DOWN_MS = 60_000;
/** Until a retry may come after the receiver is back: the last pause before may have been as long as it was away. */
const TOLD_MS_MAX = 150_000;
/** Longer than a look takes, so that a second telling would have come. */
const QUIET_MS = 6_000;
/** How old a signature a receiver takes, by the specification. */
const SIGNED_MS_AGO_MAX = 300_000;
/** For those who wait for the whole of the proves at once. */
const QUICK = { downMs: 3_000, quietMs: 3_000 };

interface House {
  readonly organizationId: string;
  readonly key: Key;
  readonly secret: string;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const receiver = await openReceiver();
  const fleet = await startFleet({ env: { HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1' } });
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  try {
    await makeModel(fleet.replicas[0] as Gateway, { model: MODEL, provider: 'fake', upstreamModel: 'fake-small' });
    const { downMs, quietMs } = quick ? QUICK : { downMs: DOWN_MS, quietMs: QUIET_MS };
    const there = await race(fleet, receiver, { count: quick ? 4 : 30, downMs: 0, quietMs });
    const away = await race(fleet, receiver, { count: quick ? 2 : 10, downMs, quietMs });
    const proof = quick ? null : await sumsProven(fleet);
    const problems = [...there.problems, ...away.problems, ...(proof?.problems ?? [])];
    return {
      holds: problems.length === 0,
      figure:
        `${there.houses} budgets raced over three replicas: ${there.passed} thresholds passed, ${there.delivered} deliveries, doubled ${there.doubled}; ` +
        `receiver down for ${(downMs / 1_000).toFixed(0)} s: ${away.passed} passed, ${away.attempts} attempts, ${away.delivered} deliveries, doubled ${away.doubled}, the last ${(away.lastMs / 1_000).toFixed(1)} s after it was back; ` +
        `${there.verified + away.verified} signatures verified by another implementation, ${there.forged + away.forged} changed bodies refused${proof === null ? '' : `; ${proof.figure}`}`,
      details: problems.slice(0, 20),
    };
  } finally {
    await fleet.stop();
    await receiver.down();
  }
}

/** Told or not, what was spent adds up. */
async function sumsProven(fleet: Fleet): Promise<ProofOfSums> {
  const gateway = fleet.replicas[0] as Gateway;
  const tenant = await makeTenant(gateway, { budgets: [{ amount: '100.00', period: 'month', action: 'alert' }] });
  const key = await makeKey(gateway, tenant);
  await sleep(500);
  const busy = () => Promise.all(fleet.replicas.map((replica) => chat(replica, key.secret, MODEL)));
  await busy();
  return proveSums(fleet, tenant.organizationId, busy);
}

interface Raced {
  readonly houses: number;
  readonly passed: number;
  readonly delivered: number;
  readonly doubled: number;
  readonly attempts: number;
  readonly verified: number;
  readonly forged: number;
  readonly lastMs: number;
  readonly problems: readonly string[];
}

interface RaceOptions {
  readonly count: number;
  readonly downMs: number;
  readonly quietMs: number;
}

/** Each house spends beyond its budget through all replicas at once; `downMs`: the receiver is away when it happens, for so long. */
async function race(fleet: Fleet, receiver: Receiver, { count, downMs, quietMs }: RaceOptions): Promise<Raced> {
  const houses: House[] = [];
  for (let at = 0; at < count; at += 1) houses.push(await furnish(fleet, receiver, at));
  await sleep(500);
  const before = receiver.received.length;
  if (downMs > 0) await receiver.down();
  const calls = houses.flatMap((house) => Array.from({ length: CALLS }, (_, call) => ({ house, call })));
  await inParallel(calls, 30, ({ house, call }) => {
    return chat(fleet.replicas[call % fleet.replicas.length] as Gateway, house.key.secret, MODEL);
  });
  if (downMs > 0) {
    await sleep(downMs);
    await receiver.up();
  }
  const backMs = Date.now();
  const wanted = count * THRESHOLDS.length;
  const deadline = performance.now() + TOLD_MS_MAX;
  const came = () => receiver.received.slice(before);
  while (came().length < wanted && performance.now() < deadline) await sleep(100);
  await sleep(quietMs);
  return judge(fleet, houses, came(), backMs);
}

async function furnish({ replicas }: Fleet, receiver: Receiver, at: number): Promise<House> {
  const gateway = replicas[at % replicas.length] as Gateway;
  const tenant = await makeTenant(gateway, {
    budgets: [{ amount: AMOUNT, period: 'month', action: 'alert', thresholds: THRESHOLDS }],
  });
  const hook = await gateway.admin<{ secret: string }>('POST', '/webhooks', {
    organization_id: tenant.organizationId,
    name: 'Finance',
    url: receiver.url,
    events: ['budget.threshold'],
  });
  return { organizationId: tenant.organizationId, key: await makeKey(gateway, tenant), secret: hook.secret };
}

async function judge(fleet: Fleet, houses: readonly House[], came: readonly Received[], backMs: number): Promise<Raced> {
  const problems: string[] = [];
  let [verified, forged, delivered, doubled, attempts, passed] = [0, 0, 0, 0, 0, 0];
  for (const { organizationId, secret } of houses) {
    const own = came.filter(({ body }) => body.includes(organizationId));
    const told = own.map(({ body }) => (JSON.parse(body) as { data: { threshold_percent: number } }).data.threshold_percent);
    delivered += new Set(told).size;
    doubled += told.length - new Set(told).size;
    if (told.toSorted((a, b) => a - b).join() !== THRESHOLDS.join())
      problems.push(`${organizationId} was told of ${told.join()}`);
    for (const one of own) {
      if (isSigned(secret, one, one.body)) verified += 1;
      else problems.push(`${organizationId}: a signature does not hold`);
      if (isSigned(secret, one, one.body.replace('"spent"', '"saved"')))
        problems.push(`${organizationId}: a changed body is taken`);
      else forged += 1;
    }
    const rows = await inDatabase({ databaseUrl: fleet.postgres.url }, (query) =>
      query(`select d.status, d.attempts, (select count(*) from budget_alerts a where a.organization_id = '${organizationId}') as passed
        from alert_deliveries d join alert_events e on e.id = d.event_id where e.organization_id = '${organizationId}'`),
    );
    passed += Number(rows[0]?.passed ?? 0);
    attempts += rows.reduce((sum, row) => sum + Number(row.attempts), 0);
    if (rows.length !== THRESHOLDS.length || rows.some((row) => row.status !== 'delivered'))
      problems.push(`${organizationId} has ${rows.length} deliveries: ${rows.map((row) => row.status).join()}`);
  }
  const lastMs = Math.max(0, ...came.map(({ atMs }) => atMs)) - backMs;
  return { houses: houses.length, passed, delivered, doubled, attempts, verified, forged, lastMs, problems };
}

/** As a receiver does it: id, time and body against the secret it was given, and the time against its own clock. */
function isSigned(secret: string, { headers, atMs }: Received, body: string): boolean {
  const isRecent = Math.abs(atMs - Number(headers['webhook-timestamp']) * 1_000) < SIGNED_MS_AGO_MAX;
  return isRecent && isSignedBy(secret, { headers, body });
}
