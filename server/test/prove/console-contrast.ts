// The contrast of every text, chart and gauge on every page in both themes.
import { runProgram } from './console-program.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runProgram('measures/contrast.ts', options);
}
