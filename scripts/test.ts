// Runs the tests and closes with one plain line of counts, for people and for CI. HEADGATE_TEST_SKIPS=forbidden fails a run that skipped any.
import { stripVTControlCharacters } from 'node:util';
import { parseCLI, startVitest, type TestModule, type Vitest } from 'vitest/node';
import { useBundle } from '../server/test/support/bundled-program.ts';
import { runBrowserTests } from './browser-tests.ts';

interface Counts {
  passed: number;
  /** Tests that failed, files that could not be loaded, and errors outside any test, each by its name and why. */
  failed: string[];
  skipped: string[];
}

const DIFF_CHARS_MAX = 1_200;

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, watch: false });
const counts = count(vitest);
await vitest.close();
// A filter names test files of the server or the tools; `npx playwright test -c console <name>` runs one of the browser's.
if (filter.length === 0) {
  await useBundle();
  const browser = runBrowserTests();
  counts.passed += browser.passed;
  counts.failed.push(...browser.failed);
  counts.skipped.push(...browser.skipped);
}

const skipsForbidden = process.env.HEADGATE_TEST_SKIPS === 'forbidden' && counts.skipped.length > 0;
if (skipsForbidden) console.error(`Skipped, and skips are forbidden here:\n  ${counts.skipped.join('\n  ')}`);
for (const name of counts.failed) console.log(`failed: ${name}`);
const skipped = counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed.length} failed${skipped}`);
process.exit(counts.failed.length > 0 || counts.passed === 0 || skipsForbidden ? 1 : 0);

function count(run: Vitest): Counts {
  const counts: Counts = {
    passed: 0,
    failed: run.state.getUnhandledErrors().map((error) => `an error outside any test${why([error])}`),
    skipped: [],
  };
  for (const module of run.state.getTestModules()) countModule(module, counts);
  return counts;
}

function countModule(module: TestModule, counts: Counts): void {
  const tests = [...module.children.allTests()];
  for (const test of tests) {
    const { state, errors } = test.result();
    const name = `${module.relativeModuleId} > ${test.fullName}`;
    if (state === 'passed') counts.passed += 1;
    else if (state === 'failed') counts.failed.push(`${name}${why(errors)}`);
    else counts.skipped.push(name);
  }
  const brokenBeforeAnyTest = module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed');
  if (brokenBeforeAnyTest) counts.failed.push(`${module.relativeModuleId}${why(module.errors())}`);
}

interface Thrown {
  readonly message?: string;
  readonly stack?: string;
  /** Of a comparison: both values and how they differ, a line each. */
  readonly diff?: string;
}

/** What failed and where, in one line: it stands among the last lines of a run, which may be all that is kept of it. */
function why(errors: readonly unknown[] = []): string {
  const [error] = errors as readonly Thrown[];
  if (error === undefined) return '';
  const at = /\S+\.test\.ts:\d+/
    .exec(error.stack ?? '')?.[0]
    .split('/')
    .at(-1);
  const said = stripVTControlCharacters(String(error.message ?? error))
    .replace(/\s+/g, ' ')
    .slice(0, 400);
  return `: ${said}${differing(error)}${at === undefined ? '' : ` (${at})`}`;
}

/** A message names a list by its length alone; what is in it says what is wrong. */
function differing({ diff = '' }: Thrown): string {
  const lines = stripVTControlCharacters(diff)
    .split('\n')
    .filter((line) => /^[+-] /.test(line) && !/^[+-] (Expected|Received)\b/.test(line))
    .map((line) => line.replace(/^([+-])\s+/, '$1 '));
  return lines.length === 0 ? '' : ` [${lines.join(' ').slice(0, DIFF_CHARS_MAX)}]`;
}
