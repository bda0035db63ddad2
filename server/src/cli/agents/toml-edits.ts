/** Writes single keys and tables of a TOML text. Only the lines of what is written change. */
import { Unfit } from './edits.ts';
import { eolOf, type LineChange, marked, type Region, setLines } from './line-edits.ts';

/** A statement of a TOML text: a table's header, or a key with its value, which may span lines. */
export interface Statement {
  readonly is: 'header' | 'key';
  /** The names of the table with those of the key. */
  readonly path: readonly string[];
  readonly isList: boolean;
  /** The text of a key's value, without a comment after it. */
  readonly value: string;
  /** Offsets of the first line's start and of the last line's end, with its line break. */
  readonly from: number;
  readonly to: number;
}

/** The keys and tables that a file should have. Values are TOML. */
export interface WantedToml {
  /** Keys above every table. */
  readonly top: Readonly<Record<string, string>>;
  /** Tables below one path, by their own name; '' is the table of the path itself. Other keys in them stay, other than those dropped. */
  readonly under: readonly string[];
  readonly tables: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dropped: readonly string[];
}

/** Writes what is wanted. Throws Unfit if the text is no TOML, or has it in a form that cannot be changed line by line. */
export function setToml(
  text: string,
  agent: string,
  wanted: WantedToml,
): { readonly text: string; readonly changes: readonly LineChange[] } {
  const statements = readToml(text);
  refuseOtherForms(statements, wanted);
  return setLines(text, [...topRegions(text, statements, agent, wanted.top), ...tableRegions(text, statements, agent, wanted)]);
}

/** Returns the value of a key as it is written; null if it is not there. */
export function valueAt(statements: readonly Statement[], path: readonly string[]): string | null {
  return statements.find((one) => one.is === 'key' && isSame(one.path, path))?.value ?? null;
}

const BARE = /[A-Za-z0-9_-]+/y;
const BASIC = /"(?:[^"\\\n\r]|\\[^\n\r])*"/y;
const PLAIN = /'[^'\n\r]*'/y;
const LONG = /"""(?:[^\\]|\\[\s\S])*?"""{1,3}(?!")|'''[\s\S]*?'{3,5}(?!')/y;
const BLANK = /[ \t]*(?:#[^\n]*)?(?:\r?\n|$)/y;

/** Reads the statements of a text. Throws Unfit if it cannot tell where one ends. */
export function readToml(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let table: readonly string[] = [];
  for (let at = text.startsWith('\uFEFF') ? 1 : 0; at < text.length; ) {
    const blank = matched(BLANK, text, at);
    if (blank !== null) {
      at += blank.length;
      continue;
    }
    const statement = statementAt(text, at, table);
    statements.push(statement);
    if (statement.is === 'header') table = statement.path;
    at = statement.to;
  }
  return statements;
}

function statementAt(text: string, from: number, table: readonly string[]): Statement {
  let at = afterSpaces(text, from);
  const brackets = text.startsWith('[[', at) ? 2 : text[at] === '[' ? 1 : 0;
  const { path, end } = pathAt(text, at + brackets);
  at = end;
  if (brackets > 0) {
    if (!text.startsWith(']'.repeat(brackets), at)) throw notToml(text, at);
    return { is: 'header', path, isList: brackets === 2, value: '', from, to: lineEnd(text, at + brackets) };
  }
  if (text[at] !== '=') throw notToml(text, at);
  const start = afterSpaces(text, at + 1);
  const stop = valueEnd(text, start);
  return { is: 'key', path: [...table, ...path], isList: false, value: text.slice(start, stop), from, to: lineEnd(text, stop) };
}

function pathAt(text: string, from: number): { readonly path: readonly string[]; readonly end: number } {
  const path: string[] = [];
  for (let at = afterSpaces(text, from); ; ) {
    const name = matched(BARE, text, at) ?? matched(BASIC, text, at) ?? matched(PLAIN, text, at);
    if (name === null) throw notToml(text, at);
    path.push(/^["']/.test(name) ? name.slice(1, -1) : name);
    at = afterSpaces(text, at + name.length);
    if (text[at] !== '.') return { path, end: at };
    at = afterSpaces(text, at + 1);
  }
}

/** Returns the offset after a value: a text, or all up to the end of the line outside of brackets. */
function valueEnd(text: string, start: number): number {
  let open = 0;
  let at = start;
  for (; at < text.length; ) {
    const quoted = matched(LONG, text, at) ?? matched(BASIC, text, at) ?? matched(PLAIN, text, at);
    const character = text[at] as string;
    if (quoted !== null) at += quoted.length;
    else if (/["'=]/.test(character) && (open === 0 || character !== '=')) throw notToml(text, at);
    else if (open === 0 && /[#\r\n]/.test(character)) break;
    else if (character === '#') at = text.indexOf('\n', at) === -1 ? text.length : text.indexOf('\n', at);
    else {
      if (/[[{]/.test(character)) open += 1;
      if (/[\]}]/.test(character)) open -= 1;
      at += 1;
    }
    // A text or a list is the whole value. What follows it on its line is a comment, or wrong.
    if (open === 0 && (quoted !== null || /[\]}]/.test(character))) break;
  }
  const end = start + text.slice(start, at).trimEnd().length;
  if (open !== 0 || end === start) throw notToml(text, start);
  return end;
}

function lineEnd(text: string, at: number): number {
  const rest = matched(BLANK, text, at);
  if (rest === null) throw notToml(text, at);
  return at + rest.length;
}

function afterSpaces(text: string, at: number): number {
  return at + (/^[ \t]*/.exec(text.slice(at, at + 1_000))?.[0].length ?? 0);
}

function matched(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

function notToml(text: string, at: number): Unfit {
  return new Unfit(`it is not TOML (line ${text.slice(0, at).split('\n').length})`);
}

/** Throws if what is wanted stands there inline, in dotted keys or more than once: no line of ours would be right beside it. */
function refuseOtherForms(statements: readonly Statement[], { top, under }: WantedToml): void {
  const name = under.join('.');
  const isOther = (one: Statement) => {
    const isInside = isUnder(one.path, under);
    const isAbove = isUnder(under, one.path);
    return (one.is === 'key' || one.isList) && (isAbove || (one.isList && isInside));
  };
  const tables = statements.filter(({ is }) => is === 'header').map(({ path }) => path);
  const isDotted = (one: Statement) =>
    one.is === 'key' && isUnder(one.path, under) && !tables.some((table) => isSame(table, one.path.slice(0, -1)));
  if (statements.some((one) => isOther(one) || isDotted(one)))
    throw new Unfit(
      `it has ${name} in a form that cannot be changed line by line. Write [${name}] as a table of its own, or remove it`,
    );
  const twice = tables.find((table, index) => isUnder(table, under) && tables.findIndex((one) => isSame(one, table)) !== index);
  if (twice !== undefined) throw new Unfit(`it has [${twice.join('.')}] more than once`);
  for (const key of Object.keys(top))
    if (
      statements.filter((one) => isSame(one.path, [key])).length > 1 ||
      statements.some((one) => one.path.length > 1 && one.path[0] === key)
    )
      throw new Unfit(`it has ${key} more than once`);
}

function topRegions(text: string, statements: readonly Statement[], agent: string, top: WantedToml['top']): readonly Region[] {
  const eol = eolOf(text);
  const keys = statements.filter((one) => one.is === 'key' && one.path.length === 1);
  const regions: Region[] = [];
  const added: string[] = [];
  for (const [key, value] of Object.entries(top)) {
    const there = keys.find((one) => one.path[0] === key);
    if (there === undefined) added.push(`${key} = ${value}`);
    else if (there.value !== value)
      regions.push({ from: there.from, to: there.to, text: marked([`${key} = ${value}`], agent, eol) });
  }
  if (added.length === 0) return regions;
  const firstTable = statements.findIndex(({ is }) => is === 'header');
  const tops = firstTable === -1 ? statements : statements.slice(0, firstTable);
  const at = tops.at(-1)?.to ?? (text.startsWith('\uFEFF') ? 1 : 0);
  const isCut = at > 0 && at === text.length && !text.endsWith('\n');
  return [...regions, { from: at, to: at, text: (isCut ? eol : '') + marked(added, agent, eol) }];
}

function tableRegions(
  text: string,
  statements: readonly Statement[],
  agent: string,
  { under, tables, dropped }: WantedToml,
): readonly Region[] {
  const eol = eolOf(text);
  const regions: Region[] = [];
  const added: string[] = [];
  for (const [name, wanted] of Object.entries(tables)) {
    const path = name === '' ? under : [...under, name];
    const lines = Object.entries(wanted).map(([key, value]) => `${key} = ${value}`);
    const header = statements.find((one) => one.is === 'header' && isSame(one.path, path));
    if (header === undefined) {
      added.push(...(added.length === 0 ? [] : ['']), `[${path.join('.')}]`, ...lines);
      continue;
    }
    const own = statements.slice(statements.indexOf(header) + 1);
    const next = own.findIndex(({ is }) => is === 'header');
    const inside = next === -1 ? own : own.slice(0, next);
    const region = changedTable(text, header, inside, { wanted, dropped: name === '' ? dropped : [] }, lines, agent);
    if (region !== null) regions.push(region);
  }
  if (added.length === 0) return regions;
  const gap = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol;
  return [...regions, { from: text.length, to: text.length, text: gap + marked(added, agent, eol) }];
}

/** Returns the table with our keys first and the others after them; null if it is right as it stands. */
function changedTable(
  text: string,
  header: Statement,
  inside: readonly Statement[],
  { wanted, dropped }: { readonly wanted: Readonly<Record<string, string>>; readonly dropped: readonly string[] },
  lines: readonly string[],
  agent: string,
): Region | null {
  const keyOf = (one: Statement) => one.path.at(-1) ?? '';
  const ours = inside.filter((one) => Object.hasOwn(wanted, keyOf(one)) || dropped.includes(keyOf(one)));
  const right = inside.filter((one) => wanted[keyOf(one)] === one.value);
  if (right.length === lines.length && ours.length === lines.length) return null;
  const to = ours.at(-1)?.to ?? header.to;
  let left = '';
  let at = header.to;
  for (const { from, to: end } of ours) {
    left += text.slice(at, from);
    at = end;
  }
  const head = text.slice(header.from, header.to);
  const eol = eolOf(text);
  return { from: header.from, to, text: (head.endsWith('\n') ? head : head + eol) + marked(lines, agent, eol) + left };
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

function isUnder(path: readonly string[], under: readonly string[]): boolean {
  return isSame(path.slice(0, under.length), under);
}
