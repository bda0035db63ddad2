// The house's own order: every static check passes, and no file or function has grown two jobs.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { repository } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const FILE_LINES_MAX = 400;
const SHOWN = 10;

interface Length {
  readonly name: string;
  readonly lines: number;
}

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const sources = globSync('server/{src,demo}/**/*.ts', { cwd: repository }).filter((file) => !file.endsWith('.test.ts'));
  const files = longest(sources.map((file) => ({ name: file, lines: textOf(file).trimEnd().split('\n').length })));
  const functions = longest(sources.flatMap(functionsOf));
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

function functionsOf(file: string): Length[] {
  const source = ts.createSourceFile(file, textOf(file), ts.ScriptTarget.Latest, true);
  const found: Length[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const [start, end] = [node.getStart(source), node.getEnd()].map((at) => source.getLineAndCharacterOfPosition(at).line) as [
        number,
        number,
      ];
      found.push({ name: `${nameOf(node)} in ${path.relative('server/src', file)}`, lines: end - start + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function nameOf(node: ts.SignatureDeclaration): string {
  const holder =
    node.name ?? (ts.isVariableDeclaration(node.parent) || ts.isPropertyAssignment(node.parent) ? node.parent.name : undefined);
  return holder?.getText() ?? 'a function';
}

function longest(all: readonly Length[]): Length[] {
  return all.toSorted((a, b) => b.lines - a.lines).slice(0, SHOWN);
}

function shown(lengths: readonly Length[]): string {
  return lengths.map(({ name, lines }) => `${name} ${lines}`).join(', ');
}

function textOf(file: string): string {
  return readFileSync(path.join(repository, file), 'utf8');
}
