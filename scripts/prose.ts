// What can be checked of our English, a step of `npm run check`: doc comments that begin with a clause that is no sentence, sentences of documents
// that are too long, and files that a document names and that are not there.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

export interface Fault {
  /** The file, a colon, and the line. */
  readonly at: string;
  readonly text: string;
}

const repository = path.resolve(import.meta.dirname, '..');
const SOURCES = ['server/{src,demo}/**/*.ts', 'console/src/**/*.{ts,tsx}', 'bench/src/**/*.ts', 'scripts/**/*.{ts,mjs}'];
const DOCUMENTS = ['*.md', 'docs/*.md', 'docs/adr/*.md', 'docs/guides/*.md'];
/** Tests, and what is made from something else. */
const LEFT_OUT = [/\.test\.tsx?$/, /^console\/src\/api\/schema\.d\.ts$/, /^docs\/promises\.md$/];
const WORDS_MAX = 40;
const HEADLESS = /^(What|How|Whether|Whose|Who|Where|When|Why|Which)\b[^?]*[^?]$/;

/** Doc comments of declarations and their members that begin with a clause that is no sentence: `What …`, `Whether …`. */
export function headlessComments(file: string, source: string): Fault[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const faults: Fault[] = [];
  const look = (node: ts.Node) => {
    for (const doc of ts.getJSDocCommentsAndTags(node)) {
      if (!ts.isJSDoc(doc)) continue;
      const first = firstSentence(ts.getTextOfJSDocComment(doc.comment) ?? '');
      if (HEADLESS.test(first)) faults.push({ at: `${file}:${lineOf(tree, doc.pos)}`, text: first });
    }
    if (isOpen(node)) ts.forEachChild(node, look);
  };
  ts.forEachChild(tree, look);
  return faults;
}

/** Sentences of running text with more than forty words. Tables, code and headings are left out. */
export function longSentences(file: string, markdown: string): Fault[] {
  const faults: Fault[] = [];
  let isCode = false;
  for (const [index, line] of markdown.split('\n').entries()) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    if (isCode || /^\s*(\||#|```|~~~|<)/.test(line)) continue;
    for (const sentence of sentencesOf(line)) {
      const words = sentence.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length;
      if (words > WORDS_MAX) faults.push({ at: `${file}:${index + 1}`, text: `${words} words: ${sentence.slice(0, 80)}…` });
    }
  }
  return faults;
}

/** Paths of this repository that a document names and that are not there. A path has a folder that exists and a name with an ending. */
export function missingPaths(file: string, markdown: string, exists: (from: string) => boolean): Fault[] {
  const faults: Fault[] = [];
  for (const [index, line] of markdown.split('\n').entries()) {
    for (const [, named = ''] of line.matchAll(/`((?:server|console|docs|scripts|bench|deploy)\/[\w./-]+\.\w+)`/g)) {
      if (!exists(named)) faults.push({ at: `${file}:${index + 1}`, text: named });
    }
  }
  return faults;
}

function firstSentence(comment: string): string {
  return (/^[\s\S]*?[.:;](?=\s|$)/.exec(comment.trim())?.[0] ?? comment.trim()).replace(/\s+/g, ' ');
}

/** True for what has members that are seen from outside: types and classes, but not functions. */
function isOpen(node: ts.Node): boolean {
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isTypeLiteralNode(node)
  );
}

function lineOf(tree: ts.SourceFile, position: number): number {
  return tree.getLineAndCharacterOfPosition(position).line + 1;
}

function sentencesOf(line: string): string[] {
  const plain = line
    .replace(/`[^`]*`/g, 'code')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\b(e\.g|i\.e|etc|vs)\./g, '$1');
  return plain.split(/(?<=[.!?:;])\s+/);
}

function problemsIn(patterns: readonly string[], find: (file: string, text: string) => readonly Fault[]): Fault[] {
  const files = globSync([...patterns], { cwd: repository }).sort();
  return files
    .filter((file) => !LEFT_OUT.some((pattern) => pattern.test(file)))
    .flatMap((file) => find(file, readFileSync(path.join(repository, file), 'utf8')));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const isThere = (name: string) => existsSync(path.join(repository, name));
  const problems = [
    ...problemsIn(SOURCES, headlessComments),
    ...problemsIn(DOCUMENTS, (file, text) => [...longSentences(file, text), ...missingPaths(file, text, isThere)]),
  ];
  for (const { at, text } of problems) console.error(`${at}: ${text}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
