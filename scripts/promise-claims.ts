// Finds the claims of tests: lines `// promise: <first words of a sentence>` above or inside tests, with the tests' names.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** Words of a sentence, and the test that covers them. */
export interface Claim {
  readonly words: string;
  /** `file: suite › test`. */
  readonly test: string;
}

const repository = path.resolve(import.meta.dirname, '..');
const SOURCES = ['server/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.test.ts', 'console/test/*.spec.ts'];

/** Returns every claim of the tree, in the order of its files. */
export function claimsOfTree(): Claim[] {
  const files = globSync(SOURCES, { cwd: repository, exclude: ['**/node_modules/**'] }).toSorted();
  return files.flatMap((file) => claimsOf(file, readFileSync(path.join(repository, file), 'utf8')));
}

/** Returns the claims of one file. Several lines above one test all count; a line inside a test belongs to that test. */
export function claimsOf(file: string, text: string): Claim[] {
  const tags = [...text.matchAll(/^[ \t]*\/\/ promise: *(\S.*)$/gm)];
  if (tags.length === 0) return [];
  const calls = callsOf(file, text);
  return tags.map(({ 1: words, index }) => {
    const around = calls.filter(({ from, to }) => from < index && index < to);
    const stated = around.findLast(({ isSuite }) => !isSuite) ?? calls.find(({ from }) => from > index);
    return { words: words?.trim() ?? '', test: `${file}: ${stated === undefined ? '' : wholeNameOf(stated, calls)}` };
  });
}

/** Returns every test of a file, as `suite › test`. */
export function testsOf(file: string, text: string): string[] {
  const calls = callsOf(file, text);
  return calls.filter(({ isSuite }) => !isSuite).map((call) => wholeNameOf(call, calls));
}

function wholeNameOf(test: Call, calls: readonly Call[]): string {
  const suites = calls.filter((call) => call.isSuite && call.from < test.from && test.to <= call.to);
  return [...suites, test].map(({ name }) => name).join(' › ');
}

/** A call that defines a test or a suite. */
interface Call {
  readonly name: string;
  readonly isSuite: boolean;
  readonly from: number;
  readonly to: number;
}

const TESTS = new Set(['test', 'it']);
const SUITES = new Set(['describe', 'onEveryDatabase', 'onOneDatabase']);

/** Returns the calls in the order of their start, so that a suite comes before its tests. */
function callsOf(file: string, text: string): Call[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const calls: Call[] = [];
  const visit = (node: ts.Node): void => {
    // `test.each(table)('name', …)` calls the result of a call; the outer call has the name.
    if (ts.isCallExpression(node) && !(ts.isCallExpression(node.parent) && node.parent.expression === node)) {
      const maker = rootOf(node.expression);
      // Playwright's suites are properties of `test`: `test.describe(…)`.
      const isSuite =
        SUITES.has(maker) || (ts.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'describe');
      if (TESTS.has(maker) || isSuite)
        calls.push({ name: nameOf(node.arguments[0]), isSuite, from: node.getStart(source), to: node.end });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

/** Returns the root name of an expression: `test` of `test.each(…)`, `describe` of `describe.skipIf(…)`. */
function rootOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression)) return rootOf(expression.expression);
  return '';
}

/** Returns a test's name. A placeholder appears by its own name in braces, or as `…` if a table fills it in. */
function nameOf(argument: ts.Expression | undefined): string {
  if (argument === undefined) return '…';
  if (ts.isStringLiteralLike(argument)) return argument.text.replace(/%[a-z]/g, '…');
  if (ts.isIdentifier(argument)) return `{${argument.text}}`;
  if (!ts.isTemplateExpression(argument)) return '…';
  const filled = ({ expression, literal }: ts.TemplateSpan) => `{${lastNameOf(expression)}}${literal.text}`;
  return argument.head.text + argument.templateSpans.map(filled).join('');
}

function lastNameOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : '…';
}
