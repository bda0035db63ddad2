// Prints the ten longest files and functions of the shipped code: `node scripts/longest.ts`. Great length is a warning.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export interface Length {
  /** A file's path, or a function's name and its file's path. */
  readonly name: string;
  readonly lines: number;
}

export interface Longest {
  readonly files: readonly Length[];
  readonly functions: readonly Length[];
}

const repository = path.resolve(import.meta.dirname, '..');
const SHOWN = 10;
const SOURCES = ['server/{src,demo}/**/*.ts', 'console/src/**/*.{ts,tsx}', 'bench/src/**/*.ts', 'scripts/*.{ts,mjs}'];
/** Tests may be long, and nobody wrote the generated files. */
const LEFT_OUT = [/\.test\.tsx?$/, /^console\/src\/api\//];

/** Reads the tree's own sources, without tests and generated files. */
export function longest(): Longest {
  const names = globSync(SOURCES, { cwd: repository }).filter((name) => !LEFT_OUT.some((pattern) => pattern.test(name)));
  const read = names.map((name) => ({ name, text: readFileSync(path.join(repository, name), 'utf8') }));
  // A suite that several test files share counts as a test.
  const sources = read.filter(({ text }) => !/ from 'vitest';/.test(text));
  return {
    files: longestOf(sources.map(({ name, text }) => ({ name, lines: text.trimEnd().split('\n').length }))),
    functions: longestOf(sources.flatMap(({ name, text }) => functionsOf(name, text))),
  };
}

/** Returns every function with a body, including methods and callbacks, with its lines from first to last. */
export function functionsOf(file: string, text: string): Length[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Length[] = [];
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = lineAt(node.getEnd()) - lineAt(node.getStart(source)) + 1;
      found.push({ name: `${nameOf(node)} in ${file}`, lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Returns a function's own name, or that of the variable or property that holds it. */
function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return 'a constructor';
  const { parent } = node;
  const named = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return (node.name ?? (named ? parent.name : undefined))?.getText() ?? 'a callback';
}

function longestOf(all: readonly Length[]): Length[] {
  return all.toSorted((a, b) => b.lines - a.lines).slice(0, SHOWN);
}

if (import.meta.main) {
  const { files, functions } = longest();
  const list = (lengths: readonly Length[]) =>
    lengths.map(({ name, lines }) => `${String(lines).padStart(6)}  ${name}`).join('\n');
  console.log(`The ${SHOWN} longest files, in lines:\n${list(files)}\n\nThe ${SHOWN} longest functions:\n${list(functions)}`);
}
