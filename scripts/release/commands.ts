// Runs the programs that a release needs, and reads the history.
import { spawnSync } from 'node:child_process';

/** A reason to stop, in one line for the person who releases. */
export class ReleaseStopped extends Error {
  /** More of what a program printed, below the line. */
  readonly details: string;

  constructor(reason: string, details = '') {
    super(reason);
    this.details = details;
  }
}

export interface Ended {
  /** Null if the program could not be started. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and keeps what it prints. */
export function run(cwd: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Ended {
  const shell = process.platform === 'win32' && program === 'npm';
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, shell, encoding: 'utf8', maxBuffer: 1 << 28 });
  return { status, stdout: stdout ?? '', stderr: stderr ?? '' };
}

/** Returns what a program prints. Throws ReleaseStopped with its last line if it fails. */
export function must(cwd: string, program: string, args: readonly string[], env?: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr } = run(cwd, program, args, env);
  if (status === 0) return stdout.trim();
  const output = `${stdout}\n${stderr}`.trim();
  const reason = status === null ? 'it could not be started' : (output.split('\n').at(-1) ?? '');
  throw new ReleaseStopped(`${commandLine(program, args)} failed: ${reason}`, output);
}

/** Returns a command as a person would type it. */
export function commandLine(program: string, args: readonly string[]): string {
  return [program, ...args]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

export const git = (root: string, ...args: readonly string[]): string => must(root, 'git', args);

/** Returns the migrations of the newest release before this version, and its tag; none if this is the first release. */
export function migrationsBefore(
  root: string,
  version: string,
): { readonly tag: string | null; readonly names: ReadonlySet<string> } {
  const tags = git(root, 'tag', '--list', 'v[0-9]*', '--merged', 'HEAD', '--sort=-v:refname').split('\n');
  const tag = tags.find((each) => each !== '' && each !== `v${version}`) ?? null;
  if (tag === null) return { tag, names: new Set() };
  const files = git(root, 'ls-tree', '-r', '--name-only', tag, 'server/src/store/migrations').split('\n');
  return { tag, names: new Set(files.flatMap((file) => /\/([^/]+)\.sql$/.exec(file)?.[1] ?? [])) };
}
