/** Formats one table for the terminal and for bench/results/. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Check } from './checks.ts';
import type { Row } from './sections.ts';

const results = path.join(import.meta.dirname, '../results');

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.what,
    row.figure,
    row.bar?.asks ?? '',
    row.bar === undefined ? '' : row.bar.met ? 'met' : 'MISSED',
  ]);
  const all = [['what', 'measured', 'bar', ''], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const [head = [], ...body] = all;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

/** Writes the figures, the machine and the checks to a file. Returns its path inside the repository. */
export function writeResults(machine: string, rows: readonly Row[], checks: readonly Check[]): string {
  mkdirSync(results, { recursive: true });
  const file = path.join(results, 'full.md');
  const checked = checks.map((check) => `- ${check.holds ? 'holds' : 'BROKEN'}: ${check.says}`);
  writeFileSync(
    file,
    `# Benchmark, ${new Date().toISOString().slice(0, 10)}\n\n${machine}\n\n${tableOf(rows)}\n\n${checked.join('\n')}\n`,
  );
  return path.relative(path.join(results, '../..'), file);
}
