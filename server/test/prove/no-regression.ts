// What a request and a chunk cost by the last full benchmark, beside what they cost before there was a console: in one run's own ratios to nginx.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from './gateway.ts';
import type { ProveResult } from './prove.ts';

const FILE = 'bench/results/full.md';
/** The commit that brought the results of the last benchmark before the console. */
const BEFORE = '0c0dec6';
const FIGURES = ['CPU per JSON request', 'CPU per SSE chunk'] as const;
/** Two full runs on an unchanged tree differ by as much. */
const NOISE = 1.05;

export async function run(): Promise<ProveResult> {
  const before = spawnSync('git', ['show', `${BEFORE}:${FILE}`], { cwd: repository, encoding: 'utf8' });
  if (before.status !== 0) return { holds: false, figure: '', skipped: `this checkout does not have the commit ${BEFORE}` };
  const now = readFileSync(path.join(repository, FILE), 'utf8');
  const pairs = FIGURES.map((name) => ({ name, was: ratioOf(before.stdout, name), is: ratioOf(now, name) }));
  return {
    holds: pairs.every(({ was, is }) => is <= was * NOISE),
    figure: `${pairs.map(({ name, was, is }) => `${name} ${was.toFixed(2)} → ${is.toFixed(2)} × nginx`).join('; ')} (${FILE})`,
  };
}

/** Headgate's own line of the table. NaN where there is none, which is a miss. */
function ratioOf(table: string, name: string): number {
  const line = table.split('\n').find((one) => one.includes(`${name}: Headgate  `));
  return Number(/= ([\d.]+) × nginx/.exec(line ?? '')?.[1]);
}
