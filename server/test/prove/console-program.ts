/** The console's measuring programs as proves: each says what it found in the last line of its output. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { CHROMIUM } from '../support/chromium.ts';
import { repository } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** Runs a program of console/test, `measures/shift.ts`, and returns its report. A prove that ends badly throws with what it printed. */
export function runProgram(program: string, { quick }: ProveOptions): ProveResult {
  if (quick) return { holds: true, figure: '', skipped: 'the console is measured in full only' };
  if (!existsSync(CHROMIUM)) return { holds: false, figure: '', skipped: `there is no Chromium at ${CHROMIUM}` };
  const { stdout, stderr, status } = spawnSync(process.execPath, [`console/test/${program}`], {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`console/test/${program} ended with ${status}:\n${stderr.slice(-4_000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ProveResult;
}
