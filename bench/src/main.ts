// `npm run bench`: compares Headgate with nginx and Portkey on this machine, as one table. Fails if work was lost.
// `npm run bench -- --quick`: no figures to quote; checks only that nothing is lost, in the sections where it could be.
// `npm run bench -- --only=JSON,latency`: only these sections, for work on performance.
// `npm run bench -- --lane=off`: only the gateway on the general HTTP libraries. Otherwise it runs next to the fast lane.
// `npm run bench -- --bars=lane`: judges by the bars for a gateway with the fast lane.
// `npm run bench -- --counters`: no table, but the cost of limits and budgets in the process and in Redis.
// `npm run bench -- --replicas`: no table, but what shared counters and a second worker cost a request.
// `npm run bench -- --growth`: no table, but the cost of a request with 100,000 organizations and a million keys, or with
//    `--quick` a smaller size.
// `npm run bench -- --ledger`: no table, but the cost of settlement for the process and PostgreSQL.
// `npm run bench -- --against=<folder or commit>`: no table, but the cost of a request here ÷ there (bench/lane.ts).
// `npm run bench -- --profile`: no table, but the functions that use the CPU time of a JSON call.
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../server/test/support/ports.ts';
import { startPostgres } from '../../server/test/support/postgres.ts';
import { booksAreExact, type Check, everyScopeCounted, nothingMissing } from './checks.ts';
import { measureCounters } from './counters.ts';
import type { models } from './exchange.ts';
import { measureGrowth } from './growth/growth.ts';
import { startHeadgate } from './headgate.ts';
import { exactly, startStreamLoad } from './load.ts';
import { describeMachine, prepareMachine } from './machine.ts';
import { startJsonUpstream, startYardstick } from './nginx.ts';
import { PORTKEY_VERSION, startPortkey } from './portkey.ts';
import { profileJson } from './profile.ts';
import { measureReplicas } from './replicas.ts';
import {
  BARS,
  type Effort,
  type Field,
  fixedRateRows,
  jsonRows,
  latencyRows,
  type Row,
  soakRow,
  stallRow,
  streamRows,
} from './sections.ts';
import { tableOf, writeResults } from './table.ts';
import { bookedTarget, type Target } from './target.ts';

const quick = process.argv.includes('--quick');
const SECTIONS_THAT_COUNT = ['JSON', 'streams', 'books'];
const only =
  process.argv
    .find((flag) => flag.startsWith('--only='))
    ?.slice('--only='.length)
    .split(',') ?? (quick ? SECTIONS_THAT_COUNT : null);
const bars = process.argv.includes('--bars=lane') ? BARS.lane : BARS.libraries;
const fastLane = process.argv.includes('--lane=off') ? 'off' : 'on';
const effort: Effort = quick
  ? { rounds: 1, seconds: 1, latencySeconds: 1, exactRequests: 2_000, soakRequests: 6_000, stallSeconds: 1, bars }
  : { rounds: 5, seconds: 6, latencySeconds: 10, exactRequests: 20_000, soakRequests: 1_000_000, stallSeconds: 10, bars };
const WARM_UP_SECONDS = 3;

// lane.ts ends this process itself.
if (process.argv.some((flag) => flag.startsWith('--against='))) await import('../lane.ts');
prepareMachine();
if (process.argv.includes('--counters')) {
  for (const line of await measureCounters()) console.log(line);
  process.exit(0);
}
if (process.argv.includes('--ledger')) {
  await import('../journal.ts');
  process.exit(0);
}
const streams = await startStreamLoad();
const upstreams = { json: await freePort(), stream: streams.port };
startJsonUpstream(upstreams.json);
if (process.argv.includes('--replicas')) {
  for (const line of await measureReplicas(upstreams)) console.log(line);
  process.exit(0);
}
if (process.argv.includes('--growth')) {
  for (const line of await measureGrowth(upstreams, process.argv)) console.log(line);
  process.exit(0);
}
const postgres = await startPostgres();
if (postgres === null) throw new Error('missing: PostgreSQL. On Debian: apt-get install postgresql');
if (process.argv.includes('--profile')) {
  for (const line of await profileJson(upstreams, postgres.url)) console.log(line);
  await postgres.stop();
  process.exit(0);
}
const setting = { env: { HEADGATE_FAST_LANE: fastLane } };
const onPostgres = await startHeadgate(upstreams, postgres.url, setting);
const embedded = await startHeadgate(upstreams, null, setting);
const laneless = quick || fastLane === 'off' ? null : await startLaneless();
const field: Field = {
  nginx: await nginxTarget(),
  governed: bookedTarget('Headgate', onPostgres, onPostgres.governed),
  free: bookedTarget('Headgate, no limits', onPostgres, onPostgres.free),
  embedded: bookedTarget('Headgate, embedded', embedded, embedded.governed),
  laneless: laneless === null ? null : bookedTarget('Headgate, fast lane off', laneless.headgate, laneless.headgate.governed),
  portkey: quick ? null : await portkeyTarget(),
  streams,
};

const rows: Row[] = [];
const checks: Check[] = [];
// A quick run judges only what was stored, so it needs no warm-up.
if (!quick) await warmUp();
await section('JSON', async () => rows.push(...(await jsonRows(field, effort))));
await section('streams', async () => rows.push(...(await streamRows(field, effort))));
await section('latency', async () => rows.push(...(await latencyRows(field, effort))));
await section('fixed rate', async () => rows.push(...(await fixedRateRows(field, effort))));
await section('memory', async () => rows.push(await soakRow(field, effort)));
await section('stalled streams', async () => rows.push(await stallRow(field, effort)));
await section('books', async () => {
  checks.push(await booksAreExact(field.governed, onPostgres.governed, postgres.url, effort.exactRequests));
  checks.push(await booksAreExact(field.embedded, embedded.governed, null, effort.exactRequests));
  checks.push(await nothingMissing(field.governed, onPostgres.governed), await nothingMissing(field.free, onPostgres.free));
  checks.push(await nothingMissing(field.embedded, embedded.governed), await everyScopeCounted(onPostgres.governed));
});
await Promise.all([onPostgres.gateway.stop(), embedded.gateway.stop(), laneless?.stop()]);
await postgres.stop();

const machine = describeMachine();
console.log(`\n${machine}\n\n${tableOf(rows)}\n`);
for (const check of checks) console.log(`${check.holds ? 'holds ' : 'BROKEN'} ${check.says}`);
if (only === null) console.log(`Written to ${writeResults(machine, rows, checks)}`);
const barred = rows.flatMap((row) => row.bar ?? []);
const sound = checks.every((check) => check.holds);
const judged = quick
  ? 'no bar judged: nothing was warm'
  : `${barred.filter((bar) => bar.met).length} of ${barred.length} bars met`;
console.log(`bench: ${sound ? 'nothing lost' : 'WORK LOST'}, ${judged}`);
process.exit(sound ? 0 : 1);

/** Starts the same gateway without the fast lane, on its own database. */
async function startLaneless() {
  const database = await startPostgres();
  if (database === null) throw new Error('missing: PostgreSQL');
  const headgate = await startHeadgate(upstreams, database.url, { env: { HEADGATE_FAST_LANE: 'off' } });
  const stop = async () => {
    await headgate.gateway.stop();
    await database.stop();
  };
  return { headgate, stop };
}

async function nginxTarget(): Promise<Target> {
  const port = await freePort();
  const { pid } = startYardstick(port, upstreams);
  const to = (name: string) => ({ port, path: `/${name}/chat/completions`, headers: {} });
  return await answering({ name: 'nginx', pid, json: to('json'), stream: to('stream') });
}

async function portkeyTarget(): Promise<Target> {
  const port = await freePort();
  const pid = startPortkey(port);
  const to = (name: keyof typeof models) => {
    const upstream = `http://127.0.0.1:${upstreams[name]}/v1`;
    const headers = { authorization: 'Bearer sk-bench', 'x-portkey-provider': 'openai', 'x-portkey-custom-host': upstream };
    return { port, path: '/v1/chat/completions', headers };
  };
  return await answering({ name: `Portkey ${PORTKEY_VERSION}`, pid, json: to('json'), stream: to('stream') });
}

/** Waits until one call succeeds, for about ten seconds. Throws if none does. */
async function answering(target: Target): Promise<Target> {
  for (let tries = 0; tries < 50; tries += 1) {
    const outcome = await exactly(target.json, 1).catch(() => null);
    if (outcome?.answered === 1) return target;
    await sleep(200);
  }
  throw new Error(`${target.name} does not answer`);
}

async function warmUp(): Promise<void> {
  const effortThen = { ...effort, rounds: 1, seconds: WARM_UP_SECONDS };
  await section('warm-up', async () => {
    await jsonRows(field, effortThen);
    await streamRows(field, effortThen);
  });
}

async function section(name: string, run: () => Promise<unknown>): Promise<void> {
  if (only !== null && !only.includes(name)) return;
  const startedMs = performance.now();
  process.stderr.write(`${name} … `);
  await run();
  process.stderr.write(`${((performance.now() - startedMs) / 1000).toFixed(0)} s\n`);
}
