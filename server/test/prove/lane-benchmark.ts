// The benchmark, judged by what is asked of a gateway with the fast lane, with the same gateway without it beside.
import { judged } from './benchmark.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick) return { holds: false, figure: '', skipped: 'the bars of the fast lane are judged by full runs alone' };
  return judged(['--bars=lane'], 'every bar');
}
