// Every way in, and every way out, in a browser.
import { runSpecs } from './playwright.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runSpecs('sign-in', ['sign-in.spec.ts'], options);
}
