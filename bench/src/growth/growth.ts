/** Measures the cost of a request in a large installation: with one of its keys, next to a small one, and with many in turn. */
import { setTimeout as sleep } from 'node:timers/promises';
import { withClient } from '../../../server/test/prove/seeded-database.ts';
import { startPostgres } from '../../../server/test/support/postgres.ts';
import { everyScopeCounted, nothingMissing } from '../checks.ts';
import { type Headgate, startHeadgate } from '../headgate.ts';
import { cpuMs, residentBytes } from '../machine.ts';
import { jsonCost } from '../measure.ts';
import { interleave, type Standing } from '../rounds.ts';
import { bookedTarget, type Target } from '../target.ts';
import { type GrownSize, openGrown, organizationsToJudge } from './grown-database.ts';
import { type HotKeys, hotDestination, hotTarget, touchAll } from './hot-keys.ts';

export interface Effort extends GrownSize {
  readonly rounds: number;
  readonly seconds: number;
}

const FULL: Effort = { organizations: 100_000, keys: 1_000_000, hot: 20_000, rounds: 5, seconds: 5 };
const QUICK: Effort = { organizations: 200, keys: 2_000, hot: 500, rounds: 1, seconds: 1 };
const BARS = { resident: 1.1, hot: 1.3 };
const JUDGED_MS_MAX = 1_200_000;

/** Reads `--organizations=`, `--keys=`, `--hot=`, `--rounds=` and `--seconds=`; the defaults are smaller with `--quick`. */
export function growthEffort(flags: readonly string[]): Effort {
  const effort = { ...(flags.includes('--quick') ? QUICK : FULL) };
  for (const name of Object.keys(effort) as (keyof Effort)[]) {
    const given = flags.find((flag) => flag.startsWith(`--${name}=`))?.split('=')[1];
    if (given === undefined) continue;
    if (!/^[1-9]\d*$/.test(given)) throw new Error(`--${name} wants a whole number above 0`);
    Object.assign(effort, { [name]: Number(given) });
  }
  return effort;
}

/** Returns one line for each figure, with its bar. Throws if a call was lost. */
export async function measureGrowth(
  upstreams: { json: number; stream: number },
  flags: readonly string[],
): Promise<readonly string[]> {
  const effort = growthEffort(flags);
  const database = await openGrown(effort);
  const postgres = await startPostgres();
  if (postgres === null) throw new Error('missing: PostgreSQL');
  const small = await startHeadgate(upstreams, postgres.url);
  const grown = await startHeadgate(upstreams, database.url, { dataDir: database.dataDir });
  try {
    const ready = `ready after ${seconds(grown.gateway.readyMs)}, with one organization after ${seconds(small.gateway.readyMs)}`;
    const lines = await withClient(database.url, (client) => compare(small, { grown, database, client }, effort));
    return [`grown: ${database.loaded}; ${ready}`, ...lines];
  } finally {
    await Promise.all([small.gateway.stop(), grown.gateway.stop()]);
    await Promise.all([postgres.stop(), database.stop()]);
  }
}

async function compare(small: Headgate, keys: HotKeys, effort: Effort): Promise<string[]> {
  const { grown, database } = keys;
  const judged = await standingsJudged(keys);
  const [one, resident] = [oneKey('one organization, one key', small), oneKey('one key of many', grown)];
  const alone = await against(one, resident, effort);
  const aloneBytes = residentBytes(grown.gateway.pid);
  const touched = await touchAll(keys);
  const hot = hotTarget(keys);
  const spread = await against(one, hot.target, effort);
  const hotBytes = residentBytes(grown.gateway.pid);
  const checks = [
    await nothingMissing(one, small.governed),
    await nothingMissing(resident, grown.governed),
    await hot.booked(),
    await everyScopeCounted({ to: hotDestination(grown, database.hotSecrets[0] ?? '') }),
  ];
  const broken = checks.filter(({ holds }) => !holds);
  if (broken.length > 0) throw new Error(`work was lost:\n${broken.map(({ says }) => says).join('\n')}`);
  const inTurn = `${count(effort.hot)} keys of ${count(database.hotOrganizations)} organizations in turn`;
  return [
    judged,
    `CPU per JSON request, one organization, one key: ${costOf(alone.small)}; ${costOf(spread.small)} beside the keys in turn`,
    `CPU per JSON request, one key of ${count(effort.keys)}: ${costOf(alone.other)} = ${ratioOf(alone.other, BARS.resident)}`,
    `CPU per JSON request, ${inTurn}: ${costOf(spread.other)} = ${ratioOf(spread.other, BARS.hot)}`,
    touched,
    `RSS of the grown: ${megabytes(aloneBytes)} with one key in traffic, ${megabytes(hotBytes)} with ${count(effort.hot)}`,
    ...checks.map(({ says }) => `holds ${says}`),
  ];
}

/** Waits for the work after a start and after the benchmark's own changes, so that no request is charged for it. */
async function standingsJudged({ grown: { gateway }, client }: HotKeys): Promise<string> {
  const began = { ms: performance.now(), cpuMs: cpuMs(gateway.pid) };
  while ((await organizationsToJudge(client)) > 0) {
    if (performance.now() - began.ms > JUDGED_MS_MAX) throw new Error('the standings of all organizations are not judged yet');
    await sleep(1_000);
  }
  const cpu = seconds(cpuMs(gateway.pid) - began.cpuMs);
  return `standings of all organizations after a start: ${seconds(performance.now() - began.ms)}, ${cpu} of CPU`;
}

/** Warms up each target with its own run, then measures them in turns. */
async function against(small: Target, other: Target, effort: Effort): Promise<{ small: Standing; other: Standing }> {
  for (const target of [small, other]) await jsonCost(target, effort.seconds);
  const [ofSmall, ofOther] = await interleave(small, [other], effort.rounds, (target) => jsonCost(target, effort.seconds));
  return { small: ofSmall as Standing, other: ofOther as Standing };
}

/** Returns a target with one key. The load takes it from a list, as it does with many keys, so that both loads are the same. */
function oneKey(name: string, headgate: Headgate): Target {
  const { to, key, settled } = headgate.governed;
  return bookedTarget(name, headgate, { to: { ...to, secrets: [key.secret] }, settled });
}

function costOf({ us, perSecond }: Standing): string {
  return `${us.toFixed(1)} µs (${perSecond.toFixed(0)}/s)`;
}

function ratioOf({ timesNginx }: Standing, most: number): string {
  return `${timesNginx.toFixed(2)} × one organization | ≤ ${most} | ${timesNginx <= most ? 'met' : 'MISSED'}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
