// PostgreSQL fails over, under load, to a streaming replica that lacks the last writes: what the old primary had acknowledged is there again,
// each answer once, from replicas that ran through it and from one that was stopped meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { hasRedis } from '../support/redis.ts';
import { type ReplicatedPostgres, startReplicated } from '../support/standby.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { beginFleetLoad } from './fleet-load.ts';
import { booksOf, furnishFleet, tallyOf } from './fleet-site.ts';
import { startMeteredProvider } from './metered-provider.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { inDatabase } from './stored-rows.ts';

const WIDTH = 12;
/** Small, so that the rows of a few seconds fill several of the journal's files. */
const JOURNAL_BYTES = 1024 * 1024;
const PHASES = ['before', 'lost', 'away', 'after'];
const FOUND_MS_MAX = 30_000;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (!hasRedis('Redis')) return { holds: false, figure: '', skipped: 'Redis is not installed' };
  const pair = await startReplicated();
  if (pair === null) return { holds: false, figure: '', skipped: 'PostgreSQL is not installed' };
  // One replica is stopped under load: for a second it tells its clients to go elsewhere.
  const env = { HEADGATE_JOURNAL_BYTES_MAX: String(JOURNAL_BYTES), HEADGATE_LOG: 'json', HEADGATE_DRAIN_LEAD_SECONDS: '1' };
  const fleet = await startFleet({ size: quick ? 2 : 3, postgres: pair, env });
  if (fleet === null) throw new Error('there were programs for a fleet a moment ago');
  try {
    return await failOver(fleet, pair, quick ? 1_000 : 4_000);
  } finally {
    await fleet.stop();
    await pair.stop();
  }
}

async function failOver(fleet: Fleet, pair: ReplicatedPostgres, ms: number): Promise<ProveResult> {
  const provider = await startMeteredProvider();
  try {
    const site = await furnishFleet(fleet.replicas[0] as Fleet['replicas'][0], provider);
    const load = beginFleetLoad(fleet, site, { width: WIDTH, phase: 'before' });
    await sleep(ms);
    await pair.cutReplication();
    load.phase = 'lost';
    await sleep(ms);
    await fleet.replicas[0]?.stop();
    load.phase = 'away';
    await pair.front.set('down');
    const acknowledged = await idsIn(pair.primary.url);
    await pair.primary.stop();
    await pair.promote();
    const kept = await idsIn(pair.standby.url);
    const lost = [...acknowledged].filter((id) => !kept.has(id));
    const sinceMs = performance.now();
    pair.switchOver();
    await pair.front.set('pass');
    load.phase = 'after';
    await fleet.restart(0);
    const found = await untilFound(pair, lost);
    const foundMs = performance.now() - sinceMs;
    await sleep(ms);
    await load.stop();
    const books = await booksOf(fleet, site, load, provider);
    const tallies = PHASES.map((phase) => tallyOf(load, phase));
    const requests = tallies.reduce((sum, tally) => sum + tally.requests, 0);
    // A call that meets the stopped replica on a connection that it closes just then is cut; rolling upgrades are another prove.
    const failed = tallies.flatMap((tally) => [...tally.failed]).filter(([name]) => name !== 'cut');
    const cut = tallies.reduce((sum, tally) => sum + (tally.failed.get('cut') ?? 0), 0);
    const told = fleet.replicas.map((replica) => storedAgain(replica.output()));
    const problems = [...failed.map(([name, count]) => `${count} × ${name}`), ...books.problems];
    if (lost.length === 0) problems.push('the replica lacked nothing');
    if (found < lost.length) problems.push(`${lost.length - found} rows that were acknowledged are still missing`);
    if (told.includes(0)) problems.push(`a replica had nothing to store again: ${told.join(', ')}`);
    const figure =
      `PostgreSQL failed over to a replica that lacked ${lost.length} acknowledged rows: ${found} are there again ` +
      `${(foundMs / 1_000).toFixed(1)} s after it was reached (stored again by each replica: ${told.join(', ')}); ` +
      `${requests} requests, ${failed.reduce((sum, [, count]) => sum + count, 0)} failed, ${cut} cut by the replica that was stopped, ${books.lost} lost, ${books.doubled} doubled, ` +
      `ledger = rollups = counters ${books.agreedMs === null ? 'never' : `after ${(books.agreedMs / 1_000).toFixed(1)} s`}`;
    return { holds: problems.length === 0 && books.lost + books.doubled === 0, figure, details: problems };
  } finally {
    await provider.stop();
  }
}

async function idsIn(databaseUrl: string): Promise<ReadonlySet<string>> {
  const rows = await inDatabase({ databaseUrl }, (query) => query('select request_id from requests'));
  return new Set(rows.map((row) => String(row.request_id)));
}

/** How many of these are in the new primary, as soon as all are, or when it took too long. */
async function untilFound(pair: ReplicatedPostgres, ids: readonly string[]): Promise<number> {
  const deadlineMs = performance.now() + FOUND_MS_MAX;
  for (;;) {
    const there = await idsIn(pair.standby.url);
    const found = ids.filter((id) => there.has(id)).length;
    if (found === ids.length || performance.now() > deadlineMs) return found;
    await sleep(100);
  }
}

/** What a replica said in its log. */
function storedAgain(output: string): number {
  return [...output.matchAll(/"rowsLost":(\d+)/g)].reduce((sum, [, rows]) => sum + Number(rows), 0);
}
