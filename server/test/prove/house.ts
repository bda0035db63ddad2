// The house's own order: every static check passes, and no file or function has grown two jobs.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ended } from './ended.ts';
import { repository } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  return allOf([quick ? { holds: true, figure: 'check: a step of CI by itself' } : await check(), await lengths()]);
}

/** One line for each check, with its seconds; what a failed one said goes below the miss. */
async function check(): Promise<ProveResult> {
  const result = await ended(['npm', 'run', '--silent', 'check']);
  const lines = result.stdout.trimEnd().split('\n');
  return {
    holds: result.status === 0,
    figure: lines.at(-1) ?? '',
    log: lines.filter((line) => /^(ok|FAILED) /.test(line)),
    details: lines,
  };
}

const RULES = ['complexity/noExcessiveLinesPerFunction', 'style/noExcessiveLinesPerFile'] as const;

/** The two rules that bound lengths, by themselves; and the longest files, of which they say nothing. */
async function lengths(): Promise<ProveResult> {
  const rules = RULES.map((rule) => `--only=${rule}`);
  const { status, stdout, stderr } = await ended(['biome', 'lint', '--error-on-warnings', ...rules, '.']);
  const [functionMax, fileMax] = RULES.map(maxOf);
  const files = longestFiles();
  return {
    holds: status === 0,
    figure: `${status === 0 ? 'no' : 'some'} function above ${functionMax} lines or file above ${fileMax}; the longest file: ${files[0]?.trim()}`,
    log: ['the ten longest files, in lines:', ...files],
    details: `${stdout}${stderr}`.split('\n'),
  };
}

/** The bound of a rule in biome.json. */
function maxOf(rule: (typeof RULES)[number]): number {
  const [group = '', name = ''] = rule.split('/');
  return JSON.parse(readFileSync(path.join(repository, 'biome.json'), 'utf8')).linter.rules[group][name].options.maxLines;
}

function longestFiles(): string[] {
  const names = globSync(
    ['server/{src,demo}/**/*.ts', 'console/src/**/*.{ts,tsx}', 'bench/src/**/*.ts', 'scripts/**/*.{ts,mjs}'],
    {
      cwd: repository,
      exclude: ['**/*.test.ts', '**/*.d.ts'],
    },
  );
  const linesOf = (name: string) => readFileSync(path.join(repository, name), 'utf8').trimEnd().split('\n').length;
  const longest = names.map((name) => ({ name, lines: linesOf(name) })).toSorted((a, b) => b.lines - a.lines);
  return longest.slice(0, 10).map(({ name, lines }) => `${String(lines).padStart(5)}  ${name}`);
}
