/**
 * What a change is worth: two gateways and nginx in turn, one JSON call and one streamed chunk, as ratios of neighbouring runs.
 * Run: node bench/lane.ts [--rounds=3] [--seconds=4] [--only=json,stream]      the fast lane on against off
 *      node bench/lane.ts --against=<another tree>                            this tree against another one
 *      node bench/lane.ts --flags=<flags of Node, with commas>                this tree against itself with them
 */
import { freePort } from '../server/test/prove/gateway.ts';
import { startPostgres } from '../server/test/support/postgres.ts';
import { type HeadgateOptions, startHeadgate } from './src/headgate.ts';
import { startStreamLoad } from './src/load.ts';
import { prepareMachine } from './src/machine.ts';
import { jsonCost, streamCost } from './src/measure.ts';
import { startJsonUpstream, startYardstick } from './src/nginx.ts';
import { interleave, type Standing } from './src/rounds.ts';
import { bookedTarget, type Target } from './src/target.ts';

const flag = (name: string, otherwise: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const rounds = Number(flag('rounds', '3'));
const seconds = Number(flag('seconds', '4'));
const only = flag('only', 'json,stream').split(',');
const against = flag('against', '');
const flags = flag('flags', '');

prepareMachine();
const streams = await startStreamLoad();
const upstreams = { json: await freePort(), stream: streams.port };
startJsonUpstream(upstreams.json);
const databases: { stop(): Promise<unknown> }[] = [];
const here = await target(...options('this'));
const there = await target(...options('that'));
const port = await freePort();
const { pid } = startYardstick(port, upstreams);
const to = (name: string) => ({ port, path: `/${name}/chat/completions`, headers: {} });
const nginx: Target = { name: 'nginx', pid, json: to('json'), stream: to('stream') };

// What a compiler learns in the first seconds is not what is asked here.
for (const one of [here, there]) {
  await jsonCost(one, 3);
  await streamCost(one, streams, 2);
}
if (only.includes('json')) say('JSON request', await interleave(nginx, [here, there], rounds, (one) => jsonCost(one, seconds)));
if (only.includes('stream'))
  say('SSE chunk', await interleave(nginx, [here, there], rounds, (one) => streamCost(one, streams, seconds)));
await Promise.all(databases.map((database) => database.stop()));
process.exit(0);

function options(which: 'this' | 'that'): [string, HeadgateOptions] {
  if (flags !== '') return which === 'this' ? ['as it is', {}] : ['with flags', { nodeFlags: flags.split(',') }];
  if (against !== '') return which === 'this' ? ['this tree', {}] : ['that tree', { cwd: against }];
  const value = which === 'this' ? 'on' : 'off';
  return [`lane ${value}`, { env: { HEADGATE_FAST_LANE: value } }];
}

async function target(name: string, options: HeadgateOptions): Promise<Target> {
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
