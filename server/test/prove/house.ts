// The house's own order: every static check passes, and no file has grown two jobs.
import { spawnSync } from 'node:child_process';
import { type Length, longest } from '../../../scripts/longest.ts';
import { repository } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const FILE_LINES_MAX = 400;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const { files, functions } = longest();
  return allOf([
    quick ? { holds: true, figure: 'check: a step of CI by itself' } : check(),
    { holds: (files[0]?.lines ?? 0) <= FILE_LINES_MAX, figure: `longest files: ${shown(files)}` },
    { holds: true, figure: `longest functions: ${shown(functions)}` },
  ]);
}

function check(): ProveResult {
  const result = spawnSync('npm', ['run', 'check'], { cwd: repository, encoding: 'utf8', maxBuffer: 1 << 26 });
  const lines = result.stdout.trimEnd().split('\n');
  return { holds: result.status === 0, figure: lines.at(-1) ?? '', details: lines };
}

function shown(lengths: readonly Length[]): string {
  return lengths.map(({ name, lines }) => `${name} ${lines}`).join(', ');
}
