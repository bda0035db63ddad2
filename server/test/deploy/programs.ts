/** Programs of the machine, run to their end from the repository's folder. */
import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';

export const repository = path.resolve(import.meta.dirname, '../../..');
const STEP_MS_MAX = 1_500_000;
const BESIDE_MS_MAX = 300_000;
const OUTPUT_BYTES_MAX = 1 << 26;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program for at most 25 minutes, or for `msMax`. */
export function run(program: string, args: readonly string[], msMax = STEP_MS_MAX): Ended {
  return spawnSync(program, args, {
    cwd: repository,
    env: podmanEnvironment(),
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    timeout: msMax,
  });
}

/** Runs a program while this process does other things. */
export function runBeside(
  program: string,
  args: readonly string[],
  { env = podmanEnvironment(), cwd = repository }: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(program, args, { cwd, env, maxBuffer: OUTPUT_BYTES_MAX, timeout: BESIDE_MS_MAX }, (error, stdout, stderr) => {
    const code = error === null ? 0 : error.code;
    resolve({ status: typeof code === 'number' ? code : null, stdout, stderr });
  });
  return promise;
}

/** This process's environment, in which podman does not begin each output with a warning of old cgroups. */
export function podmanEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, PODMAN_IGNORE_CGROUPSV1_WARNING: '1' };
}

export function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

export function lastLine({ stdout, stderr }: Ended): string {
  return `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
}
