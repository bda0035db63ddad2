import { spawn } from 'node:child_process';
import { runCommand } from '../../src/cli/run-command.ts';
import { type Gateway, repository, type Settings, START } from '../prove/gateway.ts';
import { startedBy } from '../support/bundled-program.ts';

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The file that a test gives Node to run a command. */
export const COMMANDS = startedBy('server/src/cli/headgate.ts');

/** Runs the program's commands in a process of its own, with these settings and no others of ours. */
export function headgate(settings: Settings, ...argv: readonly string[]): Promise<Ran> {
  return headgateWithInput('', settings, ...argv);
}

/** The same, with this text on standard input. */
export function headgateWithInput(input: string, settings: Settings, ...argv: readonly string[]): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(HEADGATE_|DATABASE_URL$|REDIS_URL$)/.test(name));
  const env = Object.fromEntries([...inherited, ...Object.entries(settings).filter(([, value]) => value !== null)]);
  const child = spawn(process.execPath, [...START, COMMANDS, ...argv], {
    cwd: repository,
    env: env as NodeJS.ProcessEnv,
  });
  child.stdin.end(input);
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out: out.join(''), err: err.join('') })));
}

/** Commands with the admin token of somebody, in this process. */
export interface Caller {
  run(...argv: readonly string[]): Promise<Ran>;
  /** The same with `--json`: returns the answer, and throws unless the command succeeded. */
  // biome-ignore lint/suspicious/noExplicitAny: a test asks for a field by its name, and a wrong one fails the test.
  json(...argv: readonly string[]): Promise<any>;
}

function callerAt({ base }: { readonly base: string }, token: string): Caller {
  const run = (...argv: readonly string[]) => headgateHere({ HEADGATE_URL: base, HEADGATE_ADMIN_TOKEN: token }, ...argv);
  const json: Caller['json'] = async (...argv) => {
    const { code, out, err } = await run(...argv, '--json');
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${err}`);
    return JSON.parse(out);
  };
  return { run, json };
}

/** The same with a new admin token of a role in an organization. */
export async function callerWithRole(
  gateway: Pick<Gateway, 'base' | 'admin'>,
  role: string,
  { organizationId }: { readonly organizationId: string },
): Promise<Caller & { readonly token: string }> {
  const body = { name: role, role, organization_id: organizationId };
  const { token } = await gateway.admin<{ token: string }>('POST', '/admin-tokens', body);
  return { ...callerAt(gateway, token), token };
}

/** Runs a command in this process: the same, at a fraction of the time, where how it is started is not the question. */
export async function headgateHere(settings: Settings, ...argv: readonly string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const env = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null)) as Record<string, string>;
  const code = await runCommand(argv, { env, out: (text) => void out.push(text), err: (text) => void err.push(text) });
  return { code, out: out.join(''), err: err.join('') };
}
