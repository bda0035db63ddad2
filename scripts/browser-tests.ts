import { existsSync } from 'node:fs';
import { CHROMIUM } from '../server/test/support/chromium.ts';
import { type BrowserTest, runPlaywright } from '../server/test/support/playwright-run.ts';

/** What came of the console's tests. */
export interface BrowserCounts {
  readonly passed: number;
  /** Names of what failed, and why. */
  readonly failed: readonly string[];
  /** Names of what did not run. */
  readonly skipped: readonly string[];
}

/** Runs the console's tests in real Chromium against real gateways. Without Chromium they are one skipped suite, said in one line. */
export function runBrowserTests(): BrowserCounts {
  if (!existsSync(CHROMIUM)) {
    console.error(`console: skipped, there is no Chromium at ${CHROMIUM}. On Debian: apt-get install chromium-headless-shell`);
    return { passed: 0, failed: [], skipped: ['console: needs Chromium'] };
  }
  const run = runPlaywright({ isTold: true });
  if (run === null) return { passed: 0, failed: ['console: no report was written'], skipped: [] };
  const named = (...outcomes: BrowserTest['outcome'][]) =>
    run.tests
      .filter(({ outcome }) => outcomes.includes(outcome))
      .map(({ name, problem }) => (problem === null ? name : `${name}: ${problem}`));
  const failed = named('unexpected', 'flaky').concat(run.errors.map(() => 'console: an error outside any test'));
  // A run can end badly with no failed test: a fixture that could not be taken down.
  if (failed.length === 0 && run.status !== 0) failed.push(`console: the run ended with ${run.status}`);
  return { passed: named('expected').length, failed, skipped: named('skipped') };
}
