// The house's own order: every static check passes, and no file or function has grown two jobs.
import { spawnSync } from 'node:child_process';
import { type Length, longest } from '../../../scripts/longest.ts';
import { repository } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const FILE_LINES_MAX = 400;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const { files, functions } = longest();
  const [file, worst] = [files[0], functions[0]];
  const lengths = `longest file ${file?.name} ${file?.lines} lines, longest function ${worst?.name} ${worst?.lines}`;
  return allOf([
    quick ? { holds: true, figure: 'check: a step of CI by itself' } : check(),
    {
      holds: (file?.lines ?? 0) <= FILE_LINES_MAX,
      figure: lengths,
      log: [...shown('the ten longest files, in lines:', files), ...shown('the ten longest functions:', functions)],
    },
  ]);
}

/** One line for each check, with its seconds; what a failed one said goes below the miss. */
function check(): ProveResult {
  const result = spawnSync('npm', ['run', '--silent', 'check'], { cwd: repository, encoding: 'utf8', maxBuffer: 1 << 26 });
  const lines = result.stdout.trimEnd().split('\n');
  return {
    holds: result.status === 0,
    figure: lines.at(-1) ?? '',
    log: lines.filter((line) => /^(ok|FAILED) /.test(line)),
    details: lines,
  };
}

function shown(title: string, lengths: readonly Length[]): string[] {
  return [title, ...lengths.map(({ name, lines }) => `${String(lines).padStart(5)}  ${name}`)];
}
