/** Every dialog of the console, read from its source: what the list of pages and dialogs must have. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SOURCE = path.resolve(import.meta.dirname, '../src');
/** The library's elements that open above a page. A component that passes its own `title` on to one of them is one as well. */
const ELEMENTS = ['Modal', 'Drawer', 'Spotlight.Root', 'Popover.Dropdown'];
const PASSED_ON = /^(?:props\.)?title$/;

interface DialogSource {
  /** The file, and the words of the title that do not change: `AccountActions: Disable …`. A second one of the name ends in `(2)`. */
  readonly name: string;
  /** Matches the title that the dialog shows; null for one without a title. */
  readonly title: RegExp | null;
}

/** Returns every dialog that a file of the console opens, except those that show somebody else's title. */
export function dialogSources(): readonly DialogSource[] {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.tsx'))
    .map((file) => ({ component: path.basename(file, '.tsx'), text: withWords(path.join(SOURCE, file)) }));
  const elements = new Set(ELEMENTS);
  // A wrapper may be wrapped again, so look until none is new.
  for (let known = 0; known !== elements.size; ) {
    known = elements.size;
    for (const { component, text } of files)
      if (titlesIn(text, elements).some((title) => isPassedOn(title))) elements.add(component);
  }
  return files
    .flatMap(({ component, text }) => titlesIn(text, elements).map((title) => ({ component, title })))
    .filter(({ title }) => !isPassedOn(title))
    .map(({ component, title }) => sourceOf(component, title))
    .map((source, index, all) => {
      const earlier = all.slice(0, index).filter(({ name }) => name === source.name).length;
      return earlier === 0 ? source : { ...source, name: `${source.name} (${earlier + 1})` };
    });
}

/** The texts of a folder, and their names: `words.createTeam`. */
const WORDS = /import \{ words \} from '([^']*words\.ts)'/;

/** Returns the text of a file, with the texts that its titles take from the words of a folder. */
function withWords(file: string): string {
  const text = readFileSync(file, 'utf8');
  const from = WORDS.exec(text)?.[1];
  if (from === undefined) return text;
  const words = readFileSync(path.resolve(path.dirname(file), from), 'utf8');
  return text.replaceAll(/\s(?:title|aria-label)=\{[^{}]*\}/g, (attribute) =>
    attribute.replaceAll(/\bwords\.(\w+)(?:\([^()]*\))?/g, (whole, name: string) => expressionOf(words, name) ?? whole),
  );
}

/** Returns the expression of one text among the words: of a function what it returns. */
function expressionOf(words: string, name: string): string | null {
  const found = new RegExp(`^  ${name}:\\s*([\\s\\S]*?),\\n(?=\\n|  (?:\\w+:|//|/\\*)|\\})`, 'm').exec(words)?.[1];
  return found?.replace(/^\([^)]*\)\s*=>\s*/, '').trim() ?? null;
}

function isPassedOn(title: string | null): boolean {
  return title !== null && PASSED_ON.test(title);
}

function sourceOf(component: string, title: string | null): DialogSource {
  const alternatives = title === null ? [] : literalsIn(title);
  if (alternatives.length === 0) return { name: component, title: null };
  const patterns = alternatives.map((literal) =>
    literal
      .split(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/)
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  );
  const words = alternatives.map((literal) => literal.replaceAll(/\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}/g, '…')).join(' / ');
  return { name: `${component}: ${words}`, title: new RegExp(`^(?:${patterns.join('|')})$`, 's') };
}

/** Returns the texts that an expression can be: of a condition both. None if it calls something or is an element. */
function literalsIn(expression: string): readonly string[] {
  if (/[(<]/.test(expression.replaceAll(/`[^`]*`|'[^']*'|"[^"]*"/g, ''))) return [];
  return [...expression.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}

/** Returns the title of each of these elements in a file, as the source has it; null for one without. */
function titlesIn(text: string, elements: ReadonlySet<string>): readonly (string | null)[] {
  const found: (string | null)[] = [];
  for (const { index, 1: element = '' } of text.matchAll(/<([A-Z][\w.]*)(?=[\s<>/])/g))
    if (elements.has(element)) found.push(titleOf(text, index + element.length + 1));
  return found;
}

/** Returns the attribute `title` (or a label, for what has no title) of the element whose attributes begin here. */
function titleOf(text: string, from: number): string | null {
  const attributes = text.slice(from, endOfTag(text, from));
  const named = /\s(?:title|aria-label)=(?:"([^"]*)"|\{)/.exec(attributes);
  if (named === null) return null;
  if (named[1] !== undefined) return JSON.stringify(named[1]);
  const start = named.index + named[0].length;
  return attributes.slice(start, endOfBraces(attributes, start)).trim();
}

function endOfTag(text: string, from: number): number {
  let [at, angles] = [from, 0];
  for (; at < text.length; at += 1) {
    if (text[at] === '{') at = endOfBraces(text, at + 1);
    else if (text[at] === '<') angles += 1;
    else if (text[at] === '>' && angles === 0) break;
    else if (text[at] === '>') angles -= 1;
  }
  return at;
}

function endOfBraces(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error('a brace is not closed');
}
