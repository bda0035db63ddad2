// Finds the claims of tests: lines `// promise: <first words of a sentence>` above or inside a test, with the test's name.
import ts from 'typescript';

/** Words of a sentence, and the test that states it. */
export interface Claim {
  readonly words: string;
  /** `file: suite › test`. */
  readonly test: string;
}

/** A call that defines a test or a suite. */
interface Call {
  readonly name: string;
  readonly isSuite: boolean;
  readonly from: number;
  readonly to: number;
}

/** Returns the claims of one file. Several lines above one test all count; a line inside a test belongs to that test. */
export function claimsOf(file: string, text: string): Claim[] {
  const tags = [...text.matchAll(/^[ \t]*\/\/ promise: *(\S.*)$/gm)];
  const calls = tags.length === 0 ? [] : callsOf(file, text);
  return tags.map(({ 1: words = '', index }) => {
    const around = calls.filter(({ from, to }) => from < index && index < to);
    const stated = around.findLast(({ isSuite }) => !isSuite) ?? calls.find(({ from }) => from > index);
    return { words: words.trim(), test: `${file}: ${stated === undefined ? '' : wholeNameOf(stated, calls)}` };
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

const TESTS = /^(test|it)\b/;
/** Playwright's suites are properties of `test`. */
const SUITES = /^(describe|onEveryDatabase|onOneDatabase)\b|\.describe$/;

/** Returns the calls in the order of their start, so that a suite comes before its tests. */
function callsOf(file: string, text: string): Call[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const calls: Call[] = [];
  const visit = (node: ts.Node): void => {
    // `test.each(table)('name', …)` calls the result of a call; the outer call has the name.
    if (ts.isCallExpression(node) && !(ts.isCallExpression(node.parent) && node.parent.expression === node)) {
      const called = node.expression.getText(source);
      const isSuite = SUITES.test(called);
      if (isSuite || TESTS.test(called))
        calls.push({ name: nameOf(node.arguments[0]), isSuite, from: node.getStart(source), to: node.end });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return calls;
}

/** Returns a test's name. A placeholder appears by its own name in braces, or as `…` if a table fills it in. */
function nameOf(argument: ts.Expression | undefined): string {
  if (argument === undefined) return '…';
  if (ts.isStringLiteralLike(argument)) return argument.text.replace(/%[a-z]/g, '…');
  if (ts.isIdentifier(argument)) return filled(argument);
  if (!ts.isTemplateExpression(argument)) return '…';
  return argument.head.text + argument.templateSpans.map(({ expression, literal }) => filled(expression) + literal.text).join('');
}

function filled(expression: ts.Expression): string {
  return `{${/^(?:[\w.]+\.)?(\w+)$/.exec(expression.getText())?.[1] ?? '…'}}`;
}
