import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHROMIUM } from '../server/test/support/chromium.ts';

/** What came of the console's tests. */
export interface BrowserCounts {
  readonly passed: number;
  /** Names of what failed. */
  readonly failed: readonly string[];
  /** Names of what did not run. */
  readonly skipped: readonly string[];
}

/** The little of Playwright's report that is read here. */
interface Report {
  readonly suites: readonly Suite[];
  readonly errors: readonly unknown[];
}

interface Suite {
  readonly title: string;
  readonly suites?: readonly Suite[];
  readonly specs?: readonly { readonly title: string; readonly tests: readonly { readonly status: Outcome }[] }[];
}

type Outcome = 'expected' | 'unexpected' | 'flaky' | 'skipped';

/** Runs the console's tests in real Chromium against real gateways. Without Chromium they are one skipped suite, said in one line. */
export function runBrowserTests(): BrowserCounts {
  if (!existsSync(CHROMIUM)) {
    console.error(`console: skipped, there is no Chromium at ${CHROMIUM}. On Debian: apt-get install chromium-headless-shell`);
    return { passed: 0, failed: [], skipped: ['console: needs Chromium'] };
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-browser-tests-'));
  const file = path.join(folder, 'report.json');
  const env = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  const run = spawnSync('playwright', ['test', '--config', 'console', '--reporter', 'list,json'], { stdio: 'inherit', env });
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
  rmSync(folder, { recursive: true });
  if (report === null) return { passed: 0, failed: ['console: no report was written'], skipped: [] };
  const tests = report.suites.flatMap((suite) => testsOf(suite, 'console'));
  const named = (...outcomes: Outcome[]) => tests.filter(({ outcome }) => outcomes.includes(outcome)).map(({ name }) => name);
  const failed = named('unexpected', 'flaky').concat(report.errors.map(() => 'console: an error outside any test'));
  // A run can end badly with no failed test: a fixture that could not be taken down.
  if (failed.length === 0 && run.status !== 0) failed.push(`console: the run ended with ${run.status}`);
  return { passed: named('expected').length, failed, skipped: named('skipped') };
}

function testsOf(suite: Suite, within: string): { readonly name: string; readonly outcome: Outcome }[] {
  const here = `${within} > ${suite.title}`;
  const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map(({ status }) => ({ name: `${here} > ${title}`, outcome: status })),
  );
  return [...own, ...(suite.suites ?? []).flatMap((inner) => testsOf(inner, here))];
}
