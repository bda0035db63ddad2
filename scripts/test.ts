// Runs the tests and ends with one line of counts, for people and CI. HEADGATE_TEST_SKIPS=forbidden fails a run with skips; HEADGATE_TEST_SUITES
// is `server` or `console` for one half of them.
import { stripVTControlCharacters } from 'node:util';
import { parseCLI, startVitest, type TestModule } from 'vitest/node';
import { useBundle } from '../server/test/support/bundled-program.ts';
import { runBrowserTests } from './browser-tests.ts';

/** A test, a file that could not be loaded, or an error outside any test. */
interface Failure {
  readonly name: string;
  readonly why: string;
}

interface Counts {
  passed: number;
  failed: Failure[];
  skipped: string[];
  /** Tests that failed beside others and passed alone. `passed` counts them too. */
  unsteady: Failure[];
}

const DIFF_CHARS_MAX = 1_200;
/** If more files than this fail, a busy machine is not the reason. */
const AGAIN_FILES_MAX = 8;

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const half = process.env.HEADGATE_TEST_SUITES ?? 'both';
if (!['both', 'server', 'console'].includes(half)) throw new Error(`HEADGATE_TEST_SUITES is server or console, not ${half}`);
const counts = half === 'console' ? none() : await runFiles();
// A filter names test files of the server or the tools. For one of the browser tests use `npx playwright test -c console <name>`.
if (filter.length === 0 && half !== 'server') {
  await useBundle();
  addTo(counts, runBrowserTests());
}

const skipsForbidden = process.env.HEADGATE_TEST_SKIPS === 'forbidden' && counts.skipped.length > 0;
if (skipsForbidden) console.error(`Skipped, and skips are forbidden here:\n  ${counts.skipped.join('\n  ')}`);
for (const { name, why } of counts.unsteady) console.log(`unsteady: ${name}: ${why}`);
for (const { name, why } of counts.failed) console.log(`failed: ${name}: ${why}`);
const skipped = counts.skipped.length > 0 ? `, ${counts.skipped.length} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed.length} failed${skipped}`);
process.exit(counts.failed.length > 0 || counts.passed === 0 || skipsForbidden ? 1 : 0);

/** Runs the files. After a whole run, a few failed files run again, alone: they may have failed for lack of CPU. */
async function runFiles(): Promise<Counts> {
  const vitest = await startVitest('test', filter, { ...options, watch: false });
  const modules = vitest.state.getTestModules();
  const broken = modules.filter((module) => module.state() === 'failed');
  const outside = vitest.state.getUnhandledErrors().map((error) => ({ name: 'an error outside any test', why: whyOf([error]) }));
  await vitest.close();
  const isWhole = filter.length === 0 && outside.length === 0;
  if (!isWhole || broken.length === 0 || broken.length > AGAIN_FILES_MAX) {
    const counts = countOf(modules);
    counts.failed.push(...outside);
    return counts;
  }
  const files = broken.map((module) => module.relativeModuleId);
  console.log(`Once more, alone: ${files.join(', ')}`);
  const alone = await startVitest('test', files, { ...options, watch: false, fileParallelism: false });
  const again = countOf(alone.state.getTestModules());
  const outsideAgain = alone.state.getUnhandledErrors().length > 0;
  await alone.close();
  if (outsideAgain || again.passed === 0) return countOf(modules);
  const counts = countOf(modules.filter((module) => !broken.includes(module)));
  addTo(counts, again);
  const stillFailed = new Set(again.failed.map(({ name }) => name));
  counts.unsteady.push(...countOf(broken).failed.filter(({ name }) => !stillFailed.has(name)));
  return counts;
}

function none(): Counts {
  return { passed: 0, failed: [], skipped: [], unsteady: [] };
}

function addTo(counts: Counts, { passed, failed, skipped, unsteady }: Readonly<Counts>): void {
  counts.passed += passed;
  counts.failed.push(...failed);
  counts.skipped.push(...skipped);
  counts.unsteady.push(...unsteady);
}

function countOf(modules: readonly TestModule[]): Counts {
  const counts = none();
  for (const module of modules) countModule(module, counts);
  return counts;
}

function countModule(module: TestModule, counts: Counts): void {
  const tests = [...module.children.allTests()];
  for (const test of tests) {
    const { state, errors } = test.result();
    const name = `${module.relativeModuleId} > ${test.fullName}`;
    if (state === 'passed') counts.passed += 1;
    else if (state === 'failed') counts.failed.push({ name, why: whyOf(errors) });
    else counts.skipped.push(name);
  }
  const brokenBeforeAnyTest = module.state() === 'failed' && !tests.some((test) => test.result().state === 'failed');
  if (brokenBeforeAnyTest) counts.failed.push({ name: module.relativeModuleId, why: whyOf(module.errors()) });
}

interface Thrown {
  readonly message?: string;
  readonly stack?: string;
  /** Of a comparison: both values and their differences, one per line. */
  readonly diff?: string;
}

/** Returns the error and its place in one line. It appears in the last lines of a run, which may be all that is kept. */
function whyOf(errors: readonly unknown[] = []): string {
  const [error] = errors as readonly Thrown[];
  if (error === undefined) return 'it did not say why';
  const at = /\S+\.test\.ts:\d+/
    .exec(error.stack ?? '')?.[0]
    .split('/')
    .at(-1);
  const said = stripVTControlCharacters(String(error.message ?? error))
    .replace(/\s+/g, ' ')
    .slice(0, 400);
  return `${said}${differing(error)}${at === undefined ? '' : ` (${at})`}`;
}

/** Returns the differing lines of a comparison. The message shows only a list's length, but its content shows the error. */
function differing({ diff = '' }: Thrown): string {
  const lines = stripVTControlCharacters(diff)
    .split('\n')
    .filter((line) => /^[+-] /.test(line) && !/^[+-] (Expected|Received)\b/.test(line))
    .map((line) => line.replace(/^([+-])\s+/, '$1 '));
  return lines.length === 0 ? '' : ` [${lines.join(' ').slice(0, DIFF_CHARS_MAX)}]`;
}
