// Runs the tests and closes with one plain line of counts, for people and for CI. HEADGATE_TEST_SKIPS=forbidden fails a run that skipped any.
import { parseCLI, startVitest, type TestModule, type Vitest } from 'vitest/node';
import { runBrowserTests } from './browser-tests.ts';

interface Counts {
  passed: number;
  /** Tests that failed, files that could not be loaded, and errors outside any test, each by its name. */
  failed: string[];
  skipped: string[];
}

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, watch: false });
const counts = count(vitest);
await vitest.close();
// A filter names test files of the server or the tools; `npx playwright test -c console <name>` runs one of the browser's.
if (filter.length === 0) {
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
    failed: run.state.getUnhandledErrors().map(() => 'an error outside any test'),
    skipped: [],
  };
  for (const module of run.state.getTestModules()) countModule(module, counts);
  return counts;
}

function countModule(module: TestModule, counts: Counts): void {
  const tests = [...module.children.allTests()];
  for (const test of tests) {
    const { state } = test.result();
    if (state === 'passed') counts.passed += 1;
    else counts[state === 'failed' ? 'failed' : 'skipped'].push(`${module.relativeModuleId} > ${test.fullName}`);
  }
  const brokenBeforeAnyTest = module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed');
  if (brokenBeforeAnyTest) counts.failed.push(module.relativeModuleId);
}
