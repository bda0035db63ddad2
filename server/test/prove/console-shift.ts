// How much each page jumps while it loads, what moves for who asked for stillness, and text at twice its size.
import { runProgram } from './console-program.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runProgram('measures/shift.ts', options);
}
