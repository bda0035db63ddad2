// Credentials of every kind and owner: signatures, addresses, tokens, rotation under load, secrets, and the walls between owners.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { signatures } from './bedrock.ts';
import { repository, startChild, temporaryDirectory } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { addresses, oneRefresh } from './vendor-tokens.ts';

/** The tests of each claim. A quick run does only those without a process of their own. */
const TESTS = {
  'rotation under load': ['server/test/credentials/rotation.test.ts'],
  'canary secrets of every kind and owner': ['server/test/credentials/canaries.test.ts'],
  'owners’ calls': ['server/test/own/own-deployments.test.ts'],
  'owners’ walls': [
    'server/test/admin/own-providers.test.ts',
    'server/src/store/catalogue/own-beside-older.test.ts',
    'server/src/domain/routing/own.test.ts',
  ],
} as const;
const QUICK: readonly string[] = ['owners’ walls'];

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  doing?.('signatures, addresses and tokens');
  const checks = [signatures(), await addresses(), await oneRefresh()];
  doing?.('tests');
  return allOf([...checks, await tests(quick)]);
}

/** Runs the tests, and counts those that passed for each claim. A claim without a test that ran is a miss. */
async function tests(quick: boolean): Promise<ProveResult> {
  const wanted = Object.entries(TESTS).filter(([name]) => !quick || QUICK.includes(name));
  const file = path.join(temporaryDirectory(), 'report.json');
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  const files = wanted.flatMap(([, its]) => its);
  // Not in one call that waits: the proves beside this one would stand still.
  const running = startChild([process.execPath, vitest, 'run', ...files, '--reporter=json', `--outputFile=${file}`]);
  running.stdout.resume();
  running.stderr.resume();
  await once(running, 'exit');
  const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const details: string[] = [];
  const counts = wanted.map(([name, its]) => {
    const found = testResults.filter((result) => its.some((one) => result.name.endsWith(one)));
    const all = found.flatMap(({ assertionResults }) => assertionResults);
    const passed = all.filter(({ status }) => status === 'passed').length;
    if (found.length < its.length || passed === 0) details.push(`${name}: a file has no test that ran`);
    for (const { fullName, status } of all) if (status !== 'passed') details.push(`${name}: ${fullName}: ${status}`);
    return `${name} ${passed}/${all.length}`;
  });
  return { holds: details.length === 0, figure: `tests passed: ${counts.join(', ')}`, details };
}
