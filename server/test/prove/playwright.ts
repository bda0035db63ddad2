/** The console's tests as proves: which of them passed, in real Chromium against a real gateway. */
import { existsSync } from 'node:fs';
import { CHROMIUM } from '../support/chromium.ts';
import { runPlaywright } from '../support/playwright-run.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** Runs the named spec files. Quick leaves them to the test run, which has every one of them. */
export function runSpecs(what: string, specs: readonly string[], { quick }: ProveOptions): ProveResult {
  if (quick) return { holds: true, figure: '', skipped: `${what}: part of the test run` };
  if (!existsSync(CHROMIUM)) return { holds: false, figure: '', skipped: `there is no Chromium at ${CHROMIUM}` };
  const run = runPlaywright({ specs, isTold: false, env: { HEADGATE_ALONE: '1' } });
  if (run === null) return { holds: false, figure: `${what}: the tests did not run` };
  const { tests, errors, durationMs } = run;
  const passed = tests.filter(({ outcome }) => outcome === 'expected').length;
  const bad = tests.filter(({ outcome }) => outcome === 'unexpected' || outcome === 'flaky');
  const findings = tests.flatMap(({ said }) => said).filter((text) => text.startsWith('measured: '));
  const failed = bad.length + errors.length;
  return {
    holds: failed === 0 && passed > 0,
    figure: [
      `${what}: ${passed} tests passed, ${failed} failed, ${Math.round(durationMs / 1000)} s`,
      ...findings.map((text) => text.slice('measured: '.length)),
    ].join('; '),
    details: [...bad.map(({ name }) => name), ...errors],
  };
}
