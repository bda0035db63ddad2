import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What came of the console's tests. */
export interface BrowserCounts {
  readonly passed: number;
  readonly failed: number;
  /** Names of what did not run. */
  readonly skipped: readonly string[];
}

/** The little of Playwright's report that is read here. */
interface Report {
  readonly stats: { readonly expected: number; readonly unexpected: number; readonly flaky: number; readonly skipped: number };
  readonly errors: readonly unknown[];
}

const CHROMIUM = process.env.HEADGATE_CHROMIUM ?? '/usr/bin/chromium';

/** Runs the console's tests in real Chromium against real gateways. Without Chromium they are one skipped suite, said in one line. */
export function runBrowserTests(): BrowserCounts {
  if (!existsSync(CHROMIUM)) {
    console.error(`console: skipped, there is no Chromium at ${CHROMIUM}. On Debian: apt-get install chromium`);
    return { passed: 0, failed: 0, skipped: ['console: needs Chromium'] };
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-browser-tests-'));
  const file = path.join(folder, 'report.json');
  const env = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: file };
  const run = spawnSync('playwright', ['test', '--config', 'console', '--reporter', 'list,json'], { stdio: 'inherit', env });
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
  rmSync(folder, { recursive: true });
  if (report === null) return { passed: 0, failed: 1, skipped: [] };
  const { expected, unexpected, flaky, skipped } = report.stats;
  const failed = unexpected + flaky + report.errors.length;
  // A run can end badly with no failed test: a fixture that could not be taken down.
  return {
    passed: expected,
    failed: failed === 0 && run.status !== 0 ? 1 : failed,
    skipped: Array.from({ length: skipped }, () => 'console: a browser test'),
  };
}
