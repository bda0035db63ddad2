// The first user's whole workflow, each role's navigation, and the bad input that a browser can give.
import { runSpecs } from './playwright.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

const AREAS = [
  'organizations',
  'people',
  'keys',
  'teams',
  'gateway',
  'playground',
  'first-run',
  'operations',
  'palette',
  'bad-input',
];

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runSpecs(
    'the workflow and every area',
    ['workflow', ...AREAS].map((name) => `${name}.spec.ts`),
    options,
  );
}
