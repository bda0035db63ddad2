// The bytes of a first visit, and how soon the largest lists react.
import { runProgram } from './console-program.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runProgram('measures/weight.ts', options);
}
