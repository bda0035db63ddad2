/**
 * Measures the effect of a change on one machine.
 * Run: node bench/lane.ts --against=<folder or commit> [--since=<folder or commit>]
 *          [--rounds=9] [--rounds-max=60] [--seconds=4] [--only=json,stream,redis]
 *      The comparison: CPU of this tree ÷ CPU of that one, both under load at once on one core, with new processes each round, in
 *      which each tree starts first once.
 *      It reports the median over rounds and its 95 % interval, for JSON, SSE, and counters in Redis. Exits with 1 if a bar is
 *      missed, and with 2 if none is missed but sixty rounds did not decide.
 *      node bench/lane.ts [--rounds=3] [--seconds=4] [--only=json,stream]      the fast lane on against off, beside nginx
 *      node bench/lane.ts --login [--rounds=9] [--seconds=4]       a call with a login's token ÷ one with a key, both at once; the bar is 1.03
 *      node bench/lane.ts --flags=<flags of Node, with commas>                 without and with these flags, beside nginx
 */
import { freePort } from '../server/test/support/ports.ts';
import { startPostgres } from '../server/test/support/postgres.ts';
import { roundsOf } from './src/compare.ts';
import { PATHS, runComparison } from './src/comparison.ts';
import { type HeadgateOptions, startHeadgate } from './src/headgate.ts';
import { startStreamLoad } from './src/load.ts';
import { runLoginComparison } from './src/login-comparison.ts';
import { prepareMachine } from './src/machine.ts';
import { jsonCost, streamCost } from './src/measure.ts';
import { startJsonUpstream, startYardstick } from './src/nginx.ts';
import { interleave, type Standing } from './src/rounds.ts';
import { bookedTarget, type Target } from './src/target.ts';

const flag = (name: string, otherwise: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const seconds = Number(flag('seconds', '4'));
const only = flag('only', PATHS.join()).split(',');
const against = flag('against', '');
const flags = flag('flags', '');

prepareMachine();
const streams = await startStreamLoad();
const upstreams = { json: await freePort(), stream: streams.port };
startJsonUpstream(upstreams.json);
if (process.argv.includes('--login')) {
  process.exitCode = (await runLoginComparison(upstreams, { seconds, ...roundsOf(flag) })) ? 0 : 1;
} else if (against === '') await besideNginx();
else process.exitCode = await besideTree();
process.exit();

async function besideTree(): Promise<number> {
  const paths = PATHS.filter((path) => only.includes(path));
  const asked = { against, since: flag('since', ''), paths, seconds, ...roundsOf(flag) };
  const verdicts = await runComparison(upstreams, asked);
  if (verdicts.includes('MISSED')) return 1;
  return verdicts.includes('undecided') ? 2 : 0;
}

async function besideNginx(): Promise<void> {
  const rounds = Number(flag('rounds', '3'));
  const databases: { stop(): Promise<unknown> }[] = [];
  const here = await target(databases, ...options('this'));
  const there = await target(databases, ...options('that'));
  const port = await freePort();
  const { pid } = startYardstick(port, upstreams);
  const to = (name: string) => ({ port, path: `/${name}/chat/completions`, headers: {} });
  const nginx: Target = { name: 'nginx', pid, json: to('json'), stream: to('stream') };
  // Exclude the first seconds, in which the compiler is still optimizing.
  for (const one of [here, there]) {
    await jsonCost(one, 3);
    await streamCost(one, streams, 2);
  }
  if (only.includes('json')) say('JSON request', await interleave(nginx, [here, there], rounds, (one) => jsonCost(one, seconds)));
  if (only.includes('stream'))
    say('SSE chunk', await interleave(nginx, [here, there], rounds, (one) => streamCost(one, streams, seconds)));
  await Promise.all(databases.map((database) => database.stop()));
}

function options(which: 'this' | 'that'): [string, HeadgateOptions] {
  if (flags !== '') return which === 'this' ? ['as it is', {}] : ['with flags', { nodeFlags: flags.split(',') }];
  const value = which === 'this' ? 'on' : 'off';
  return [`lane ${value}`, { env: { HEADGATE_FAST_LANE: value } }];
}

async function target(databases: { stop(): Promise<unknown> }[], name: string, options: HeadgateOptions): Promise<Target> {
  const postgres = await startPostgres();
  if (postgres === null) throw new Error('missing: PostgreSQL');
  databases.push(postgres);
  const headgate = await startHeadgate(upstreams, postgres.url, options);
  return bookedTarget(name, headgate, headgate.governed);
}

function say(what: string, standings: readonly Standing[]): void {
  for (const { name, us, timesNginx, perSecond } of standings)
    console.log(
      `${what}: ${name.padEnd(10)} ${us.toFixed(1)} µs = ${timesNginx.toFixed(2)} × nginx (${Math.round(perSecond)}/s)`,
    );
}
