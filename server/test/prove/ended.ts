/** Other programs, run to their end. Proves of a quick run share one process, so none of them may hold up its event loop. */
import { once } from 'node:events';
import { startChild } from './gateway.ts';

export interface Ended {
  /** The exit code; null: a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program, in this repository unless told otherwise, and returns how it ended and all that it printed. Rejects if it cannot be started. */
export async function ended(
  command: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const child = startChild(command, options);
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
