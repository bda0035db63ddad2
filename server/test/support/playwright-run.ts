/** The console's tests, run by Playwright in a process of its own, and what came of each. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';

export interface BrowserTest {
  /** File, suites and title. */
  readonly name: string;
  readonly outcome: 'expected' | 'unexpected' | 'flaky' | 'skipped';
  /** What it printed, a line each. */
  readonly said: readonly string[];
  /** The first line of why it failed, and where; null when it did not. */
  readonly problem: string | null;
}

export interface BrowserRun {
  readonly tests: readonly BrowserTest[];
  /** Outside any test. */
  readonly errors: readonly string[];
  readonly durationMs: number;
  /** Of the process: a run can end badly with no failed test. */
  readonly status: number | null;
}

interface RunOptions {
  /** Spec files; all of them unless named. */
  readonly specs?: readonly string[];
  /** Whether each test is told while it runs. */
  readonly isTold: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

const repository = path.resolve(import.meta.dirname, '../../..');

/** Null: no report was written, so nothing ran. */
export function runPlaywright({ specs = [], isTold, env = {} }: RunOptions): BrowserRun | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'headgate-browser-tests-'));
  const file = path.join(folder, 'report.json');
  const args = ['test', '--config', 'console', '--reporter', isTold ? 'list,json' : 'json', ...specs];
  const { status } = spawnSync('playwright', args, {
    cwd: repository,
    stdio: isTold ? 'inherit' : 'ignore',
    env: { ...process.env, ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  });
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
  rmSync(folder, { recursive: true });
  if (report === null) return null;
  return {
    tests: report.suites.flatMap((suite) => testsOf(suite, 'console')),
    errors: report.errors.map(({ message }) => message ?? 'an error without words'),
    durationMs: report.stats.duration,
    status,
  };
}

/** The little of Playwright's report that is read here. */
interface Report {
  readonly stats: { readonly duration: number };
  readonly errors: readonly { readonly message?: string }[];
  readonly suites: readonly Suite[];
}

interface Suite {
  readonly title: string;
  readonly suites?: readonly Suite[];
  readonly specs?: readonly { readonly title: string; readonly tests: readonly Ran[] }[];
}

interface Ran {
  readonly status: BrowserTest['outcome'];
  readonly results: readonly {
    readonly stdout: readonly { readonly text?: string }[];
    readonly error?: { readonly message?: string; readonly location?: { readonly line: number } };
  }[];
}

function testsOf(suite: Suite, within: string): readonly BrowserTest[] {
  const here = `${within} > ${suite.title}`;
  const own = (suite.specs ?? []).flatMap(({ title, tests }) =>
    tests.map(({ status, results }) => ({
      name: `${here} > ${title}`,
      outcome: status,
      said: results.flatMap(({ stdout }) => stdout.map(({ text = '' }) => text.trim())),
      problem: results.map(problemOf).find((problem) => problem !== null) ?? null,
    })),
  );
  return [...own, ...(suite.suites ?? []).flatMap((inner) => testsOf(inner, here))];
}

function problemOf({ error }: Ran['results'][number]): string | null {
  if (error === undefined) return null;
  const [first = ''] = stripVTControlCharacters(error.message ?? 'an error without words').split('\n');
  return `${first} (line ${error.location?.line ?? '?'})`;
}
