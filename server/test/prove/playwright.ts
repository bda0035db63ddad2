/** The console's tests as proves: which of them passed, in real Chromium against a real gateway. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CHROMIUM } from '../support/chromium.ts';
import { repository } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

interface Report {
  readonly stats: { readonly expected: number; readonly unexpected: number; readonly flaky: number; readonly duration: number };
  readonly errors: readonly { readonly message?: string }[];
  readonly suites: readonly Suite[];
}

interface Suite {
  readonly suites?: readonly Suite[];
  readonly specs: readonly { readonly title: string; readonly ok: boolean; readonly tests: readonly Ran[] }[];
}

interface Ran {
  readonly results: readonly { readonly stdout: readonly { readonly text?: string }[] }[];
}

/** Runs the named spec files. Quick leaves them to the test run, which has every one of them. */
export function runSpecs(what: string, names: readonly string[], { quick }: ProveOptions): ProveResult {
  if (quick) return { holds: true, figure: '', skipped: `${what}: part of the test run` };
  if (!existsSync(CHROMIUM)) return { holds: false, figure: '', skipped: `there is no Chromium at ${CHROMIUM}` };
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'headgate-prove-browser-')), 'report.json');
  const args = ['test', '--config', 'console', '--reporter', 'json', ...names];
  spawnSync('playwright', args, {
    cwd: repository,
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: file, HEADGATE_ALONE: '1' },
  });
  if (!existsSync(file)) return { holds: false, figure: `${what}: the tests did not run` };
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const { expected, unexpected, flaky, duration } = report.stats;
  const specs = report.suites.flatMap(specsOf);
  const said = specs.flatMap(({ tests }) =>
    tests.flatMap(({ results }) => results.flatMap(({ stdout }) => stdout.map(({ text }) => text ?? ''))),
  );
  const findings = said.map((text) => text.trim()).filter((text) => text.startsWith('measured: '));
  const failed = unexpected + flaky + report.errors.length;
  return {
    holds: failed === 0 && expected > 0,
    figure: [
      `${what}: ${expected} tests passed, ${failed} failed, ${Math.round(duration / 1000)} s`,
      ...findings.map((text) => text.slice('measured: '.length)),
    ].join('; '),
    details: [...specs.filter(({ ok }) => !ok).map(({ title }) => title), ...report.errors.map(({ message }) => message ?? '')],
  };
}

function specsOf(suite: Suite): Suite['specs'][number][] {
  return [...suite.specs, ...(suite.suites ?? []).flatMap(specsOf)];
}
