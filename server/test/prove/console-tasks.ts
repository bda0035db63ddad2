// Ten tasks: what each needs of clicks, keys, pages and seconds, and that it was done.
import { runProgram } from './console-program.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runProgram('tasks/run.ts', options);
}
