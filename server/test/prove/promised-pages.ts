// Every sentence of the first page and every point of the pages of organizations: stated by a test, which runs.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ended } from './ended.ts';
import { repository } from './gateway.ts';
import { runSpecs } from './playwright.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const TITLES = ['The first page', 'The pages of organizations'];

export async function run(options: ProveOptions): Promise<ProveResult> {
  const listed = await listedBesideTests();
  const ran = runSpecs('the pages of organizations', ['organization-pages.spec.ts'], options);
  if (ran.skipped === undefined) return allOf([listed, ran]);
  return { ...listed, figure: `${listed.figure}; ${ran.skipped}` };
}

async function listedBesideTests(): Promise<ProveResult> {
  const check = await ended([process.execPath, 'scripts/promises.ts', '--check']);
  const sections = readFileSync(path.join(repository, 'docs/promises.md'), 'utf8').split(/^## /m);
  const parts = TITLES.map((title) => {
    const rows = (sections.find((section) => section.startsWith(title)) ?? '').split('\n').filter(isPromise);
    const stated = rows.filter((row) => /\.ts: /.test(row)).length;
    return { title, rows: rows.length, stated, partly: rows.filter((row) => row.includes('the rest waits for')).length };
  });
  const words = parts.map(
    ({ title, rows, stated, partly }) =>
      `${title}: ${stated} of ${rows} stated by tests${partly > 0 ? `, ${partly} in part` : ''}`,
  );
  return {
    holds: check.status === 0 && parts.every(({ rows, stated }) => rows > 0 && rows === stated),
    figure: words.join('; '),
    details: check.stderr.split('\n').filter((line) => line !== ''),
  };
}

function isPromise(line: string): boolean {
  return line.startsWith('| ') && !line.startsWith('| promise |');
}
