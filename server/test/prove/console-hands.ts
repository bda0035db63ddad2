// The first user's workflow with the keyboard alone, in both themes, and by touch on a phone.
import { runSpecs } from './playwright.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runSpecs('the workflow without a mouse', ['hands.spec.ts'], options);
}
