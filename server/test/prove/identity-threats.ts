// Every threat to signing in: tried on processes and in browsers, and by tests that are there, that run and that pass.
import type { ProveOptions, ProveResult } from './prove.ts';
import { tryThreats } from './threat-attempts.ts';
import { THREAT_TESTS, THREATS } from './threat-tests.ts';
import { runTable } from './wall-patterns.ts';

export async function run(options: ProveOptions): Promise<ProveResult> {
  const tried = options.quick ? [] : await tryThreats(options);
  options.doing?.('the tests of the table');
  return runTable({ what: 'threats', rows: THREATS, tests: THREAT_TESTS, tried }, options);
}
