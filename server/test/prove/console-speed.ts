// What the first page loads, and how long an interaction takes to be seen.
import { runSpecs } from './playwright.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runSpecs('the console', ['speed.spec.ts'], options);
}
