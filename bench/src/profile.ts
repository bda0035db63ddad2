/** Profiles the CPU time of a saturated Headgate by function, to explain a missed bar. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Headgate, startHeadgate } from './headgate.ts';
import { saturate } from './load.ts';

const SHOWN = 40;
const WARM_UP_SECONDS = 3;
const SECONDS = 10;

/** The fields of V8's CPU profile that are used here. Times are in microseconds. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Runs JSON calls at saturation under V8's sampling profiler. Returns one line per function, the most expensive first. */
export async function profileJson(upstreams: { json: number; stream: number }, databaseUrl: string): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-bench-profile-'));
  const startedMs = performance.now();
  const headgate: Headgate = await startHeadgate(upstreams, databaseUrl, {
    nodeFlags: ['--cpu-prof', `--cpu-prof-dir=${folder}`],
  });
  await saturate(headgate.governed.to, WARM_UP_SECONDS);
  const fromUs = (performance.now() - startedMs) * 1000;
  const { answered } = await saturate(headgate.governed.to, SECONDS);
  const toUs = (performance.now() - startedMs) * 1000;
  await headgate.gateway.stop();
  const profiles = readdirSync(folder).map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as CpuProfile);
  const times = profiles.map((profile) => selfTimes(profile, fromUs, toUs)).sort((a, b) => total(b) - total(a))[0] ?? new Map();
  const all = total(times);
  const dearest = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const line = (name: string, us: number) =>
    `${(us / answered).toFixed(2).padStart(7)} µs  ${((us / all) * 100).toFixed(1).padStart(5)} %  ${name}`;
  return [line('all of it', all), ...dearest.map(([name, us]) => line(name, us))];
}

/** Returns the self time by function between two moments of the process, without idle time. */
function selfTimes(profile: CpuProfile, fromUs: number, toUs: number): Map<string, number> {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  let atUs = 0;
  profile.samples.forEach((id, index) => {
    const deltaUs = profile.timeDeltas[index] ?? 0;
    atUs += deltaUs;
    const name = names.get(id) ?? '';
    if (atUs < fromUs || atUs > toUs || name === '(idle)') return;
    times.set(name, (times.get(name) ?? 0) + deltaUs);
  });
  return times;
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  if (functionName.startsWith('(')) return functionName;
  const file = url.replace(/^.*\/(node_modules|server\/src)\//, '').replace(/^node:/, 'node:');
  return `${functionName || 'anonymous'} ${file}:${lineNumber + 1}`;
}

function total(times: ReadonlyMap<string, number>): number {
  return [...times.values()].reduce((sum, us) => sum + us, 0);
}
