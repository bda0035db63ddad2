// The numbers on pages against the stored requests: pages × regroupings × time zones × roles, and three faults that there were.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CHROMIUM } from '../support/chromium.ts';
import { earlierRelease } from './earlier-release.ts';
import { ended } from './ended.ts';
import { repository } from './gateway.ts';
import type { ProveOptions, ProveResult } from './prove.ts';

/** Only looks for the three faults, on this commit: there they are to be found. */
const EARLIER = process.env.HEADGATE_PROVE_FROM;
const COMPARED_MIN = 2_000;
const COMPARED_MIN_QUICK = 200;

interface Compared {
  readonly compared: number;
  readonly differences: readonly string[];
}

interface Report {
  readonly faults: readonly { readonly what: string; readonly fault: string | null }[];
  readonly tally: Compared;
  readonly drawn: Compared;
  readonly requests: number;
  readonly zones: number;
  readonly roles: number;
  readonly seconds: number;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (!existsSync(CHROMIUM)) return { holds: false, figure: '', skipped: `there is no Chromium at ${CHROMIUM}` };
  if (EARLIER !== undefined) return onEarlier(EARLIER);
  const report = await walked(quick ? ['--quick'] : []);
  const { tally, drawn, faults } = report;
  const differences = [...tally.differences, ...drawn.differences];
  return {
    holds:
      differences.length === 0 &&
      faults.every(({ fault }) => fault === null) &&
      tally.compared >= (quick ? COMPARED_MIN_QUICK : COMPARED_MIN),
    figure:
      `${tally.compared} numbers on pages and ${drawn.compared} that charts draw compared with ${report.requests} stored requests, ` +
      `${report.roles} roles × ${report.zones} time zones: ${differences.length} differences; ${faultWords(report)}`,
    details: differences.slice(0, 40),
  };
}

/** The console of that commit is built, and served by its own server. */
async function onEarlier(commit: string): Promise<ProveResult> {
  const folder = await earlierRelease(commit);
  if (folder === null) return { holds: false, figure: '', skipped: `the history does not hold ${commit}: the clone is shallow` };
  const vite = path.join(repository, 'node_modules/vite/bin/vite.js');
  const built = await ended([process.execPath, vite, 'build', '--logLevel', 'warn'], { cwd: path.join(folder, 'console') });
  if (built.status !== 0)
    return { holds: false, figure: `the console of ${commit} could not be built`, details: built.stderr.split('\n') };
  const report = await walked([`--faults=${folder}`]);
  return { holds: report.faults.every(({ fault }) => fault === null), figure: `on ${commit}: ${faultWords(report)}` };
}

function faultWords({ faults }: Report): string {
  return faults.map(({ what, fault }) => `${what}: ${fault ?? 'none'}`).join('; ');
}

async function walked(args: readonly string[]): Promise<Report> {
  const { stdout, stderr, status } = await ended([process.execPath, 'console/test/numbers/walk.ts', ...args]);
  if (status !== 0) throw new Error(`the walk ended with ${status}:\n${stderr.slice(-4_000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Report;
}
