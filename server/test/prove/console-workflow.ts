// The first user's whole workflow, each role's navigation, and the bad input that a browser can give.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { repository } from './gateway.ts';
import { runSpecs } from './playwright.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** What other proves run. */
const ELSEWHERE = ['axe', 'hands', 'organization-pages', 'sign-in', 'speed'].map((name) => `${name}.spec.ts`);

export async function run(options: ProveOptions): Promise<ProveResult> {
  const specs = readdirSync(path.join(repository, 'console/test')).filter((name) => name.endsWith('.spec.ts'));
  return runSpecs(
    'the workflow and every area',
    specs.filter((name) => !ELSEWHERE.includes(name)),
    options,
  );
}
