// Three replicas behind HAProxy under load: upgraded one by one to a version with one more migration, and back again. No request fails, and no
// stream that ends within the drain's bound is cut. The full form first comes from an earlier version.
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { earlierRelease } from './earlier-release.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { beginFleetLoad } from './fleet-load.ts';
import { booksOf, furnishFleet, tallyOf } from './fleet-site.ts';
import { type Gateway, repository, temporaryDirectory } from './gateway.ts';
import { type Balancer, startHaproxy } from './haproxy.ts';
import { type MeteredProvider, startMeteredProvider } from './metered-provider.ts';
import { openStreams, type PacedProvider, startPacedProvider } from './paced-streams.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

/** The version from which the full form comes; another one by `HEADGATE_PROVE_FROM`. */
const EARLIER = process.env.HEADGATE_PROVE_FROM ?? 'ff0f16d';
const REPLICAS = 3;
const STREAMS = 6;
const PACE_MS = 50;
const STEADY_MS = 2_000;
const BEFORE = 'before';
const NEXT = '9999_next';
/** What a release adds: a table, and columns of tables that every request writes or reads. */
const NEXT_SQL = [
  'CREATE TABLE "next_things" ("id" text PRIMARY KEY NOT NULL);',
  'ALTER TABLE "request_records" ADD COLUMN "of_next" text;',
  'ALTER TABLE "ledger_records" ADD COLUMN "of_next" integer DEFAULT 0 NOT NULL;',
  `ALTER TABLE "keys" ADD COLUMN "of_next" text DEFAULT 'x' NOT NULL;`,
].join('--> statement-breakpoint\n');

/** The trees between which the replicas are rolled, in order, with a name for each step. */
interface Roll {
  readonly name: string;
  readonly to: string;
}

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  const earlier = quick ? repository : await earlierRelease(EARLIER);
  if (earlier === null)
    return { holds: false, figure: '', skipped: `the history does not hold ${EARLIER}: the clone is shallow` };
  const seconds = { lead: quick ? 1 : 3, drain: quick ? 4 : 10 };
  const env = {
    HEADGATE_DRAIN_LEAD_SECONDS: String(seconds.lead),
    HEADGATE_DRAIN_SECONDS: String(seconds.drain),
    HEADGATE_TRUSTED_PROXIES: '127.0.0.1',
  };
  const fleet = await startFleet({ size: REPLICAS, cwd: earlier, env });
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is not installed' };
  const metered = await startMeteredProvider();
  const paced = await startPacedProvider(PACE_MS);
  const balancer = await startHaproxy(fleet.replicas.map(({ port }) => port));
  const up = { name: 'up to the next', to: nextRelease() };
  const back = { name: 'back', to: repository };
  const rolls = quick ? [up, back] : [{ name: `up from ${EARLIER}`, to: repository }, up, back, up];
  try {
    if (balancer === null) return { holds: false, figure: '', skipped: 'HAProxy is not installed' };
    return await rolled(fleet, { metered, paced, balancer, rolls, width: quick ? 12 : 30, doing: doing ?? (() => {}) });
  } finally {
    await balancer?.stop();
    await fleet.stop();
    await metered.stop();
    await paced.stop();
  }
}

interface Site {
  readonly metered: MeteredProvider;
  readonly paced: PacedProvider;
  readonly balancer: Balancer;
  readonly rolls: readonly Roll[];
  readonly width: number;
  readonly doing: (what: string) => void;
}

async function rolled(fleet: Fleet, { metered, paced, balancer, rolls, width, doing }: Site): Promise<ProveResult> {
  const site = await furnishFleet(fleet.replicas[0] as Gateway, metered);
  const key = await streamKey(fleet.replicas[0] as Gateway, paced);
  const load = beginFleetLoad(fleet, site, { width, phase: BEFORE, through: balancer.base });
  // Only what a roll does is the question: every replica knows the keys by now.
  await sleep(STEADY_MS);
  const problems: string[] = [];
  const figures: string[] = [];
  for (const [index, { name, to }] of rolls.entries()) {
    doing(name);
    load.phase = `roll${index}`;
    const beganMs = performance.now();
    const streams = await rolledOnce(fleet, to, { key, paced, base: balancer.base });
    problems.push(...streams.problems, ...(await schemaProblems(fleet, rolls.slice(0, index + 1))));
    const took = ((performance.now() - beganMs) / 1_000).toFixed(0);
    figures.push(`${name} in ${took} s (${streams.whole} of ${streams.all} streams whole)`);
  }
  await sleep(1_000);
  await load.stop();
  const books = await booksOf(fleet, site, load, metered);
  const tallies = rolls.flatMap((_, index) => Object.keys(site).map((house) => tallyOf(load, `roll${index}-${house}`)));
  const failed = tallies.flatMap((tally) =>
    [...tally.failed].map(([what, count]) => `${count} × ${what}: ${tally.said.get(what) ?? ''}`),
  );
  const unreached = [...load.fates].filter(([id, { is }]) => id.startsWith('roll') && is === 'unreached').length;
  const requests = tallies.reduce((sum, tally) => sum + tally.requests, 0);
  problems.push(...failed, ...books.problems);
  if (unreached > 0) problems.push(`${unreached} calls did not reach HAProxy`);
  if (books.lost + books.doubled > 0) problems.push('the ledger is not what clients saw');
  return {
    holds: problems.length === 0 && requests > 0,
    figure: `${REPLICAS} replicas behind HAProxy ${balancer.version}: ${figures.join(', ')}; ${requests} requests, ${failed.length === 0 ? 0 : failed.join(', ')} failed, lost ${books.lost}, doubled ${books.doubled}`,
    details: problems.slice(0, 20),
  };
}

/** Replaces each replica in turn while streams run that end within the drain's bound. */
async function rolledOnce(fleet: Fleet, to: string, { key, paced, base }: { key: Key; paced: PacedProvider; base: string }) {
  const problems: string[] = [];
  let [whole, all] = [0, 0];
  for (let index = 0; index < fleet.replicas.length; index += 1) {
    const replica = fleet.replicas[index] as Gateway;
    const streams = await openStreams(base, key.secret, 'paced', STREAMS);
    const going = replica.stop();
    await sleep(500);
    paced.finish();
    const exitCode = await going;
    if (exitCode !== 0) problems.push(`replica ${index} ended with ${exitCode}`);
    await fleet.restart(index, to);
    const ends = await streams.ended();
    all += ends.length;
    whole += ends.filter(({ is }) => is === 'whole').length;
    const notWhole = ends.filter(({ is }) => is !== 'whole');
    problems.push(
      ...notWhole.map(({ is, requestId, textBytes, last }) => `the stream ${requestId} was ${is} after ${textBytes} B: ${last}`),
    );
    // HAProxy sees the new one before the next one goes.
    await sleep(500);
  }
  return { whole, all, problems };
}

/** The database has the next version's migration from the first roll to it on, also after the way back. */
async function schemaProblems({ postgres }: Fleet, done: readonly Roll[]): Promise<readonly string[]> {
  const names = await inDatabase({ databaseUrl: postgres.url }, (query) => query('select name from schema_migrations'));
  const [has, should] = [names.some(({ name }) => name === NEXT), done.some(({ to }) => to !== repository)];
  return has === should ? [] : [`the database ${has ? 'has' : 'lacks'} ${NEXT} after ${done.at(-1)?.name}`];
}

async function streamKey(gateway: Gateway, paced: PacedProvider): Promise<Key> {
  const credentialId = await makeCredential(gateway, 'openai', paced.baseUrl);
  await makeModel(gateway, { model: 'paced', provider: 'openai', upstreamModel: 'paced', credentialId });
  return makeKey(gateway, await makeTenant(gateway));
}

/** Returns the folder of a version like this one, with one more migration. */
function nextRelease(): string {
  const folder = temporaryDirectory();
  for (const part of ['server', 'console', 'package.json'])
    cpSync(path.join(repository, part), path.join(folder, part), {
      recursive: true,
      filter: (from) => !/\/(node_modules|test|test-results)$/.test(from),
    });
  symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
  const migrations = path.join(folder, 'server/src/store/migrations');
  writeFileSync(path.join(migrations, `${NEXT}.sql`), NEXT_SQL);
  const file = path.join(migrations, 'meta/_journal.json');
  const journal = JSON.parse(readFileSync(file, 'utf8')) as { entries: { idx: number; when: number; tag: string }[] };
  const last = journal.entries.at(-1) as { idx: number; when: number; tag: string };
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: NEXT });
  writeFileSync(file, JSON.stringify(journal));
  return folder;
}
