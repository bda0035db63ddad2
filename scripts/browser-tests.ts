import { existsSync } from 'node:fs';
import { CHROMIUM } from '../server/test/support/chromium.ts';
import { type BrowserTest, runPlaywright } from '../server/test/support/playwright-run.ts';

/** The results of the console's tests. */
export interface BrowserCounts {
  passed: number;
  failed: { readonly name: string; readonly why: string }[];
  /** Names of tests that did not run. */
  skipped: string[];
  /** Tests that failed first and passed on a second run. `passed` counts them too. */
  unsteady: { readonly name: string; readonly why: string }[];
}

/** Runs the console's tests in real Chromium against real gateways. Without Chromium it reports one skipped suite. */
export function runBrowserTests(): BrowserCounts {
  if (!existsSync(CHROMIUM)) {
    console.error(`console: skipped, there is no Chromium at ${CHROMIUM}. On Debian: apt-get install chromium-headless-shell`);
    return { passed: 0, failed: [], skipped: ['console: needs Chromium'], unsteady: [] };
  }
  const run = runPlaywright({ isTold: true });
  const none = { name: 'console', why: 'no report was written' };
  if (run === null) return { passed: 0, failed: [none], skipped: [], unsteady: [] };
  const those = (outcome: BrowserTest['outcome']) =>
    run.tests
      .filter((test) => test.outcome === outcome)
      .map(({ name, problem }) => ({ name, why: problem ?? 'it did not say why' }));
  const [passed, unsteady] = [those('expected'), those('flaky')];
  const failed = [...those('unexpected'), ...run.errors.map((why) => ({ name: 'console: an error outside any test', why }))];
  // A run can fail without a failed test, for example if a fixture cannot be torn down.
  if (failed.length === 0 && run.status !== 0) failed.push({ name: 'console', why: `the run ended with ${run.status}` });
  const skipped = those('skipped').map(({ name }) => name);
  return { passed: passed.length + unsteady.length, failed, skipped, unsteady };
}
