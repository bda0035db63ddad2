// Every known way around a wall: tried by a test that is there, that runs and that passes.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { testsOf } from '../../../scripts/promise-claims.ts';
import { CHROMIUM } from '../support/chromium.ts';
import { runPlaywright } from '../support/playwright-run.ts';
import { repository, temporaryDirectory } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';
import { type TestsByFile, WALL_TESTS } from './wall-tests.ts';

/** What must have a test. A pattern that is taken out of the table is missed here. */
const PATTERNS = [
  ...['scope widening', 'mass assignment', 'moving keys', 'confused deputy', 'lists', 'ids', 'search', 'SQL', 'path tricks'],
  ...['sessions', 'CSRF', 'SSRF', 'test connection', 'template', 'cache', 'traversal', 'XSS and CSV', 'login'],
  ...['denial of service', 'carriers', 'hop headers', 'audit'],
] as const;

/** A test that ran: its suites and itself. */
interface Ran {
  readonly file: string;
  readonly titles: readonly string[];
  readonly passed: boolean;
}

interface Named {
  readonly pattern: string;
  readonly file: string;
  readonly test: string;
}

/** What was tried beside the tests, by the prove itself. */
export interface Tried {
  readonly pattern: string;
  readonly name: string;
  readonly problems: readonly string[];
  /** How many hostile answers were refused in it, where it counts them. */
  readonly refused?: number;
}

export async function run(options: ProveOptions): Promise<ProveResult> {
  return runTable({ what: 'patterns', rows: PATTERNS, tests: WALL_TESTS }, options);
}

interface Table {
  readonly what: string;
  readonly rows: readonly string[];
  readonly tests: Readonly<Record<string, TestsByFile>>;
  readonly tried?: readonly Tried[];
}

/** Runs the named tests of each row of a table, and prints row, test and result. A quick run looks for the names alone. */
export function runTable({ what, rows, tests, tried = [] }: Table, { quick }: ProveOptions): ProveResult {
  const named = namesOf(tests);
  const without = rows.filter((pattern) => !named.some((one) => one.pattern === pattern));
  const unknown = missing(named, testsOfFile);
  const problems = [...without.map((pattern) => `${pattern}: no test`), ...unknown];
  const figure = `${rows.length} ${what}, ${new Set(named.map(keyOf)).size} tests named, ${problems.length} missing`;
  if (quick || problems.length > 0) return { holds: problems.length === 0, figure, details: problems };
  const files = [...new Set(named.map(({ file }) => file))];
  const browser = existsSync(CHROMIUM);
  const judged = browser ? named : named.filter(({ file }) => !isOfBrowser(file));
  const ran = [
    ...runVitest(files.filter((file) => !isOfBrowser(file))),
    ...(browser ? runBrowser(files.filter(isOfBrowser)) : []),
  ];
  const failures = [
    ...notPassed(judged, ran),
    ...tried.flatMap(({ pattern, problems }) => problems.map((one) => `${pattern}: ${one}`)),
  ];
  const refused = tried.filter(({ problems }) => problems.length === 0).length;
  const passed = ran.filter((one) => one.passed && judged.some((name) => isRunOf(one, name))).length;
  return {
    holds: failures.length === 0,
    figure: `${figure}; ${passed} runs of them passed, ${failures.length} did not${tried.length === 0 ? '' : `; ${refused} of ${tried.length} attempts on processes refused`}${browser ? `, ${judged.filter(({ file }) => isOfBrowser(file)).length} tests in Chromium` : `; no Chromium at ${CHROMIUM}`}`,
    details: failures,
    log: rows.flatMap((pattern) => [
      ...tried
        .filter((one) => one.pattern === pattern)
        .map((one) => `${pattern} | on processes: ${one.name} | ${resultOfAttempt(one)}`),
      ...named.filter((one) => one.pattern === pattern).map((one) => `${pattern} | ${keyOf(one)} | ${resultOf(one, ran)}`),
    ]),
  };
}

export function namesOf(table: Readonly<Record<string, TestsByFile>>): Named[] {
  return Object.entries(table).flatMap(([pattern, files]) =>
    Object.entries(files).flatMap(([file, tests]) => tests.map((test) => ({ pattern, file, test }))),
  );
}

/** What is named and not there, in the words of a reader. */
export function missing(named: readonly Named[], testsIn: (file: string) => readonly string[] | null): string[] {
  return named.flatMap(({ pattern, file, test }) => {
    const tests = testsIn(file);
    if (tests === null) return [`${pattern}: there is no ${file}`];
    return tests.includes(test) ? [] : [`${pattern}: ${file} has no test of the name: ${test}`];
  });
}

/** Named tests that did not run, or of which some run failed. */
export function notPassed(named: readonly Named[], ran: readonly Ran[]): string[] {
  return named.flatMap((name) => {
    const runs = ran.filter((one) => isRunOf(one, name));
    if (runs.length === 0) return [`${name.pattern}: did not run: ${keyOf(name)}`];
    const failed = runs.filter(({ passed }) => !passed);
    return failed.map(({ titles }) => `${name.pattern}: failed: ${name.file}: ${titles.join(' › ')}`);
  });
}

/** By its last title, and by its suites in their order: helpers of suites put more around them. */
function isRunOf({ file, titles }: Ran, { file: namedFile, test }: Named): boolean {
  if (file !== namedFile) return false;
  const parts = test.split(' › ').map(patternOf);
  const own = parts.pop() as RegExp;
  if (!own.test(titles.at(-1) ?? '')) return false;
  let at = 0;
  for (const title of titles.slice(0, -1)) if (at < parts.length && (parts[at] as RegExp).test(title)) at += 1;
  return at === parts.length;
}

/** `…`, `{name}` and `$name` stand for what a table fills in; a suite that runs on each database says on which. */
function patternOf(name: string): RegExp {
  const text = name.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll(/…|\{\w+\}|\\\$\w+/g, '.*');
  return new RegExp(`^${text}( \\((embedded|PostgreSQL)\\))?$`, 's');
}

const read = new Map<string, readonly string[] | null>();

function testsOfFile(file: string): readonly string[] | null {
  const whole = path.join(repository, file);
  if (!read.has(file)) read.set(file, existsSync(whole) ? testsOf(file, readFileSync(whole, 'utf8')) : null);
  return read.get(file) ?? null;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: 'passed' | 'failed' | 'skipped' | 'pending' | 'todo' | 'disabled';
    }[];
  }[];
}

/** What is skipped did not run. A run that wrote no report ran nothing. */
function runVitest(files: readonly string[]): Ran[] {
  const report = path.join(temporaryDirectory(), 'report.json');
  const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
  spawnSync(process.execPath, [vitest, 'run', '--reporter', 'json', '--outputFile', report, ...files], {
    cwd: repository,
    stdio: 'ignore',
  });
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport;
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ ancestorTitles, title, status }) => ({
        file: path.relative(repository, name),
        titles: [...ancestorTitles, title],
        passed: status === 'passed',
      })),
  );
}

function runBrowser(files: readonly string[]): Ran[] {
  const specs = files.map((file) => path.basename(file));
  const tests = runPlaywright({ specs, isTold: false, env: { HEADGATE_ALONE: '1' } })?.tests ?? [];
  return tests
    .filter(({ outcome }) => outcome !== 'skipped')
    .map(({ name, outcome }) => {
      const [, spec = '', ...titles] = name.split(' > ');
      return { file: `console/test/${spec}`, titles, passed: outcome === 'expected' };
    });
}

const isOfBrowser = (file: string) => file.startsWith('console/');
const keyOf = ({ file, test }: Named) => `${file}: ${test}`;

function resultOfAttempt({ problems, refused = 0 }: Tried): string {
  if (problems.length > 0) return 'NOT REFUSED';
  return `refused${refused === 0 ? '' : ` × ${refused}`}`;
}

function resultOf(named: Named, ran: readonly Ran[]): string {
  const runs = ran.filter((one) => isRunOf(one, named));
  const failed = runs.filter(({ passed }) => !passed).length;
  if (runs.length === 0) return 'DID NOT RUN';
  return failed > 0 ? `${failed} of ${runs.length} FAILED` : `passed${runs.length === 1 ? '' : ` × ${runs.length}`}`;
}
