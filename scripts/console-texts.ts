// What can be checked of the console's texts: those that stand in a component and not in its folder's `words.ts`, entries of `words.ts`
// that nothing shows, and numbers and times that are formatted outside `console/src/numbers`.
import ts from 'typescript';

/** Attributes and fields whose value a person reads or hears. */
const SHOWN = /^(aria-label|about|alt|description|empty|label|message|note|placeholder|searchLabel|summary|title|verb)$/;
const LETTER = /\p{L}/u;
/** A text of several words that begins like a sentence. It is found wherever it stands. */
const SENTENCE = /^\p{Lu}[\p{L}’]* [\p{L}\d]/u;
const FORMATTING = /\bnew Intl\.|\.(toLocale\w+|toFixed|toPrecision)\(/;

/** Returns each text for people that a component contains, with its line: `12: Save changes`. */
export function inlineTexts(file: string, source: string): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const report = (node: ts.Node, text: string) => {
    found.push(`${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${text.trim().replace(/\s+/g, ' ')}`);
  };
  const look = (node: ts.Node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || isError(node)) return;
    if (ts.isJsxText(node) && LETTER.test(node.text)) report(node, node.text);
    const text = textOf(node);
    if (text !== null && LETTER.test(text) && (SENTENCE.test(text) || isShown(node))) report(node, text);
    ts.forEachChild(node, look);
  };
  look(tree);
  return found;
}

/** Returns each name in `words` that no other file of the folder uses. `sources`: the text of all other files. */
export function unusedWords(source: string, sources: readonly string[]): string[] {
  const names = [...source.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name);
  return names.filter((name) => !sources.some((other) => new RegExp(`words\\.${name}\\b`).test(other)));
}

/** Returns the lines that format a number or a time by themselves. */
export function foreignFormats(source: string): string[] {
  return source.split('\n').flatMap((line, index) => (FORMATTING.test(line) ? [`${index + 1}: ${line.trim()}`] : []));
}

/** The words of a literal or of a template without its values. Null for any other node. */
function textOf(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  return ts.isTemplateExpression(node)
    ? [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join('…')
    : null;
}

/** True for what a person sees: a child of an element, or the value of such an attribute or field, also by way of a condition. */
function isShown(node: ts.Node): boolean {
  const { parent } = node;
  if (ts.isJsxAttribute(parent)) return SHOWN.test(parent.name.getText());
  if (ts.isPropertyAssignment(parent))
    return parent.initializer === node && SHOWN.test(parent.name.getText().replaceAll("'", ''));
  if (ts.isJsxExpression(parent)) return ts.isJsxAttribute(parent.parent) ? SHOWN.test(parent.parent.name.getText()) : true;
  if (ts.isConditionalExpression(parent)) return parent.condition !== node && isShown(parent);
  if (ts.isParenthesizedExpression(parent) || (ts.isBinaryExpression(parent) && isChoice(parent))) return isShown(parent);
  return false;
}

function isChoice({ operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken
  );
}

/** True for an error of the program, which no page shows. */
function isError(node: ts.Node): boolean {
  return ts.isNewExpression(node) && node.expression.getText() === 'Error';
}
