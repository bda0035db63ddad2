/** The machine: which core runs a process, and what a process has used. Linux only. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** The core of the gateways, one of which is busy at a time. */
const GATEWAY_CORE = 0;
/** The core of everything else: upstream, load, PostgreSQL. */
const OTHER_CORE = 1;

/** Linux's USER_HZ, the unit of /proc/<pid>/stat; fixed for user space. */
const TICK_MS = 10;

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

/** Throws if a required program is missing. Pins this process and all its children to the core that gateways do not use. */
export function prepareMachine(): void {
  if (process.platform !== 'linux') throw new Error('the benchmark reads CPU time from /proc: run it on Linux');
  if (availableParallelism() < 2) throw new Error('the benchmark needs two cores: one for the gateway, one for everything else');
  const missing = ['nginx', 'wrk', 'taskset'].filter((program) => !hasProgram(program));
  if (missing.length > 0)
    throw new Error(`missing: ${missing.join(', ')}. On Debian: apt-get install nginx-light wrk util-linux`);
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(OTHER_CORE), String(process.pid)]);
}

function hasProgram(name: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => existsSync(`${folder}/${name}`));
}

/** Returns the command that runs another one on the gateways' core. */
export function onGatewayCore(command: readonly string[]): [string, ...string[]] {
  return ['taskset', '--cpu-list', String(GATEWAY_CORE), ...command];
}

/** Starts a process that ends with this one. By default its output is dropped. */
export function startProcess(command: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): ChildProcess {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'ignore', ...options });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

/** Returns the CPU time of a process and its children since they started: all threads, user and system. */
export function cpuMs(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  const own = ownCpuMs(pid);
  return children === '' ? own : children.split(' ').reduce((sum, child) => sum + cpuMs(Number(child)), own);
}

function ownCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/**
 * Returns the CPU time of the threads that a process has now, in microseconds. It is exact to less than one, where cpuMs counts ticks
 * of ten milliseconds, so it can charge slices of a few requests. The time of threads that ended is gone from it.
 */
export function cpuUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => sum + runNs(`/proc/${pid}/task/${thread}/schedstat`), 0) / 1_000;
}

/** Reads the first number of a thread's schedstat: nanoseconds on a core. A thread that ended in between counts nothing. */
function runNs(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8').split(' ', 1)[0]);
  } catch {
    return 0;
  }
}

/** Returns the bytes of a process that are in RAM now. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) * 1024;
}

/** Returns a line by which readers can compare machines. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${model}, ${cpus().length} cores, ${memory}, Linux ${release()}, Node ${process.version}, ${versionOf('nginx', ['-v'])}`;
}

function versionOf(program: string, args: string[]): string {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  return `${result.stdout}${result.stderr}`.trim().replace(/^nginx version: /, '');
}
