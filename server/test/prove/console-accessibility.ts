// Every page and open dialog, light and dark, through axe.
import { runSpecs } from './playwright.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runSpecs('axe', ['axe.spec.ts'], options);
}
