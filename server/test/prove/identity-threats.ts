// Every threat to signing in: tried by tests that are there, that run over real processes and that pass.
import type { ProveOptions, ProveResult } from './prove.ts';
import { THREAT_TESTS } from './threat-tests.ts';
import { runTable } from './wall-patterns.ts';

/** What must have a test. A threat that is taken out of the table is missed here. */
const THREATS = [
  'a hostile provider asserts any address',
  'providers are mixed up, or a browser is signed in by another one',
  'XML is wrapped, or a response comes again',
  'a token is put in another’s place',
  'a directory gives more than it may',
  'a redirect leads elsewhere',
  'a person is talked into approving a device',
  'a refresh token or a code is stolen',
  'somebody who was deactivated goes on',
] as const;

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runTable('threats', THREATS, THREAT_TESTS, options);
}
