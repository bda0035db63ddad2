// Money stays right, whatever comes in: provider answers, names and headers are mutated through the whole walk, settlement, restart and replay, in
// memory and with Redis, while another tenant calls. Faults that were there once are planted one by one, and each must be found.
import path from 'node:path';
import { newAdminToken } from '../../src/lib/secrets.ts';
import { type Finding, type FuzzPlace, type FuzzReport, fuzz } from '../fuzz/fuzz-run.ts';
import { PLANTED, type PlantedFault } from '../fuzz/planted.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres } from '../support/postgres.ts';
import { hasRedis } from '../support/redis.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { START, startGateway, temporaryDirectory } from './gateway.ts';
import { putDatabase } from './prepared-database.ts';
import { allOf, isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';

/** Cases of each half, and after how many the process is killed. */
const FULL = { cases: 100_000, killEvery: 1_000 };
const QUICK = { cases: 200, killEvery: 100 };
/** A planted fault must be found within so many cases. */
const FOUND_WITHIN = 20_000;
const PLANTED_RUN = { cases: 500, killEvery: 250, stopsAtFirst: true };
/** Planted in a quick run: what is found before anything is killed. */
const QUICK_FAULTS = 1;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const size = quick ? QUICK : FULL;
  // What every change must pass is the same for all of them; the long run goes somewhere else each time.
  const seed = quick ? 1 : 1 + Math.floor(Math.random() * 1_000_000);
  const results: (ProveResult | null)[] = [];
  if (isRowWanted('in memory')) results.push(await alone(seed, size, quick ? 1 : 10));
  if (isRowWanted('with Redis')) results.push(await withRedis(seed + 1, size));
  if (isRowWanted('planted')) results.push(await findPlanted(quick ? PLANTED.slice(0, QUICK_FAULTS) : PLANTED, seed));
  const found = allOf(results.filter((result) => result !== null));
  return results.includes(null) ? { ...found, skipped: 'PostgreSQL or Redis is not installed' } : found;
}

async function alone(seed: number, size: typeof FULL, poisonRowsEvery: number): Promise<ProveResult> {
  return judged('in memory', seed, await fuzz(await inMemory(null, poisonRowsEvery), { seed, ...size, stopsAtFirst: false }));
}

async function withRedis(seed: number, size: typeof FULL): Promise<ProveResult | null> {
  const postgres = hasRedis('Redis') ? await startPostgres() : null;
  if (postgres === null) return null;
  const fleet = (await startFleet({ size: 1, postgres })) as Fleet;
  try {
    const options = fleet.optionsOf(0);
    await fleet.replicas[0]?.kill();
    const place: FuzzPlace = {
      start: () => fleet.restart(0),
      where: { databaseUrl: postgres.url },
      dataDir: options.dataDir as string,
      poisonRowsEvery: 1,
    };
    return judged('with Redis', seed, await fuzz(place, { seed, ...size, stopsAtFirst: false }));
  } finally {
    await fleet.stop();
    await postgres.stop();
  }
}

/** On the embedded database, each start on what the one before left. */
async function inMemory(fault: PlantedFault | null, poisonRowsEvery: number): Promise<FuzzPlace> {
  const dataDir = temporaryDirectory();
  await putDatabase(dataDir);
  const [adminToken, port] = [newAdminToken(), await freePort()];
  const plant = path.join(import.meta.dirname, '../fuzz/plant.ts');
  const command = [process.execPath, ...START, '--import', plant, 'server/src/main.ts', 'serve'] as const;
  const planted = fault === null ? {} : { command: command as unknown as readonly [string, ...string[]] };
  const env = { HEADGATE_PORT: String(port), ...(fault === null ? {} : { PLANTED_FAULT: fault.name }) };
  return { start: () => startGateway({ dataDir, adminToken, env, ...planted }), where: { dataDir }, dataDir, poisonRowsEvery };
}

function judged(where: string, seed: number, { cases, others, kills, findings }: FuzzReport): ProveResult {
  const count = (is: Finding['is']) => findings.filter((finding) => finding.is === is).length;
  const rest = findings.length - count('exit') - count('start_refused') - count('bad_money') - count('harmed');
  return {
    holds: findings.length === 0 && others > 0,
    figure: `${cases} mutated cases ${where} (seed ${seed}), ${kills} times killed and started: exits ${count('exit')}, starts refused ${count('start_refused')}, money that is no whole number ${count('bad_money')}, other tenants' calls harmed ${count('harmed')} of ${others + count('harmed')}, anything else ${rest}`,
    details: findings.slice(0, 30).map(({ is, atCase, what }) => `${is} at case ${atCase} of seed ${seed}: ${what}`),
  };
}

async function findPlanted(faults: readonly PlantedFault[], seed: number): Promise<ProveResult> {
  const found: string[] = [];
  const missed: string[] = [];
  for (const fault of faults) {
    const first = await find(fault, seed);
    if (first === null) missed.push(`not found within ${FOUND_WITHIN} cases from seed ${seed}: ${fault.name}`);
    else
      found.push(
        `${fault.name}: found with seed ${first.seed} within ${first.cases} cases, ${first.finding.is}: ${first.finding.what.split('\n')[0]?.slice(0, 160)}`,
      );
  }
  return {
    holds: missed.length === 0,
    figure: `${found.length} of ${faults.length} planted faults found, each within ${FOUND_WITHIN} cases`,
    details: missed,
    log: found,
  };
}

async function find(fault: PlantedFault, from: number) {
  for (let [seed, cases] = [from, 0]; cases < FOUND_WITHIN; seed += 1) {
    const report = await fuzz(await inMemory(fault, 1), { seed, ...PLANTED_RUN });
    cases += report.cases;
    const [finding] = report.findings;
    if (finding !== undefined) return { seed, cases, finding };
  }
  return null;
}
