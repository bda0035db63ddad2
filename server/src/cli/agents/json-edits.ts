/** Changes single values of a JSON text. Every byte that does not belong to them stays, also comments and spaces. */
import { isDeepStrictEqual } from 'node:util';
import { Unfit } from './edits.ts';
import { afterSpace, type JsonMember, type JsonNode, type JsonObject, NotJson, parseJsonc, plainValue } from './jsonc.ts';

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** A value to write at a path of keys. Undefined removes it. */
export interface Wanted {
  readonly path: readonly [string, ...string[]];
  readonly value: JsonValue | undefined;
}

/** The change at one path, by which it is undone. Texts are as they stand in the file; null: no value. */
export interface JsonChange {
  readonly path: readonly [string, ...string[]];
  readonly before: string | null;
  readonly after: string | null;
  /** The number of keys of the path that were there. Objects below them were made for this value. */
  readonly depthBefore: number;
  /** True if the object that it went into was empty and on one line. */
  readonly opened: boolean;
}

/** Writes the wanted values, in their order. Throws Unfit if the text cannot take them. */
export function setJson(
  text: string,
  wanted: readonly Wanted[],
): { readonly text: string; readonly changes: readonly JsonChange[] } {
  const changes: JsonChange[] = [];
  let now = text;
  // Each new member becomes the first of its object, so the last wanted goes in first.
  for (const { path, value } of wanted.toReversed()) {
    const found = look(now, path);
    const node = found.members.length === path.length ? (found.members.at(-1) as JsonMember).value : null;
    if (value === undefined ? node === null : node !== null && isDeepStrictEqual(plainValue(node), value)) continue;
    const before = node === null ? null : now.slice(node.start, node.end);
    const after = value === undefined ? null : JSON.stringify(value);
    changes.push({ path, before, after, depthBefore: found.members.length, opened: isClosed(now, found, path) });
    now = put(now, path, after);
  }
  return { text: now, changes };
}

/**
 * Takes changes back in a text that was edited since. What was changed again stays, and is named in `kept`. Throws Unfit if the text is no
 * JSON object by now.
 */
export function unsetJson(
  text: string,
  changes: readonly JsonChange[],
): { readonly text: string; readonly kept: readonly string[] } {
  const kept: string[] = [];
  let now = text;
  for (const { path, before, after, depthBefore, opened } of changes.toReversed()) {
    const { members } = look(now, path);
    const node = members.length === path.length ? (members.at(-1) as JsonMember).value : null;
    if (!isSame(node, after)) {
      kept.push(path.join('.'));
      continue;
    }
    now = put(now, path, before);
    if (before === null) now = withoutEmpty(now, path, depthBefore);
    if (before === null && opened) now = closed(now, path.slice(0, depthBefore));
  }
  return { text: now, kept };
}

function isSame(node: JsonNode | null, text: string | null): boolean {
  if (node === null || text === null) return node === null && text === null;
  return isDeepStrictEqual(plainValue(node), plainValue(parseJsonc(text) as JsonNode));
}

/** Removes objects of the path that are empty now and were made for its value. */
function withoutEmpty(text: string, path: readonly string[], depthBefore: number): string {
  let now = text;
  for (let depth = path.length - 1; depth > depthBefore; depth -= 1) {
    const { members, root } = look(now, path.slice(0, depth));
    const node = members.length === depth ? members.at(-1)?.value : undefined;
    if (root === null || node?.is !== 'object' || node.members.length > 0 || /\/[/*]/.test(now.slice(node.start, node.end)))
      break;
    now = put(now, path.slice(0, depth), null);
  }
  return now;
}

interface Found {
  readonly root: JsonObject | null;
  /** The members along the path, as far as they are there. */
  readonly members: readonly JsonMember[];
}

function look(text: string, path: readonly string[]): Found {
  const root = rootOf(text);
  const members: JsonMember[] = [];
  let object = root;
  for (const [depth, key] of path.entries()) {
    const named: readonly JsonMember[] = object?.members.filter((member) => member.key === key) ?? [];
    if (named.length > 1) throw new Unfit(`it has ${path.slice(0, depth + 1).join('.')} more than once`);
    const [member] = named;
    if (member === undefined) break;
    members.push(member);
    if (depth === path.length - 1) break;
    if (member.value.is !== 'object') throw new Unfit(`${path.slice(0, depth + 1).join('.')} in it is no object`);
    object = member.value;
  }
  return { root, members };
}

function rootOf(text: string): JsonObject | null {
  let root: JsonNode | null;
  try {
    root = parseJsonc(text);
  } catch (error) {
    if (error instanceof NotJson) throw new Unfit(`it is not JSON (${error.message})`);
    throw error;
  }
  if (root !== null && root.is !== 'object') throw new Unfit('it is not a JSON object');
  return root;
}

/** Puts the text of a value at a path, in place of what is there. Null removes it. */
function put(text: string, path: readonly string[], value: string | null): string {
  const { root, members } = look(text, path);
  if (members.length === path.length) {
    const member = members.at(-1) as JsonMember;
    if (value !== null) return spliced(text, member.value.start, member.value.end, value);
    const object = (members.length === 1 ? root : members.at(-2)?.value) as JsonObject;
    return withoutMember(text, object, member);
  }
  if (value === null) return text;
  const object = (members.length === 0 ? root : members.at(-1)?.value) as JsonObject | null;
  return withMember(text, object, path.slice(members.length), value);
}

function withMember(text: string, object: JsonObject | null, path: readonly string[], value: string): string {
  const eol = /\r\n/.test(text) ? '\r\n' : '\n';
  if (object === null)
    return `${text === '' || /[\r\n]$/.test(text) ? text : text + eol}{${eol}${nested(path, value, '  ', '  ', eol)}${eol}}${eol}`;
  const [first] = object.members;
  const line = lineStart(text, object.start);
  const outer = /^[ \t]*/.exec(text.slice(line, object.start))?.[0] ?? '';
  const inside = object.start + 1;
  const isLong = /\n/.test(text.slice(inside, first?.start ?? object.end));
  const own = first === undefined ? null : indentBefore(text, first.start);
  const unit = unitOf(text);
  const indent = own ?? outer + unit;
  if (!isLong && first !== undefined) return spliced(text, first.start, first.start, `${nested(path, value, '', '', '')}, `);
  const at = isLong ? endOfOpeningLine(text, inside) : inside;
  const member = `${eol}${nested(path, value, indent, unit, eol)}`;
  if (first !== undefined) return spliced(text, at, at, `${member},`);
  return spliced(text, at, at, isLong ? member : `${member}${eol}${outer}`);
}

/** Returns the text of nested objects that end with the value. */
function nested([key, ...rest]: readonly string[], value: string, indent: string, unit: string, eol: string): string {
  const name = `${indent}${JSON.stringify(key)}:${eol === '' ? '' : ' '}`;
  if (rest.length === 0) return `${name}${value}`;
  if (eol === '') return `${name}{${nested(rest, value, '', '', '')}}`;
  return `${name}{${eol}${nested(rest, value, indent + unit, unit, eol)}${eol}${indent}}`;
}

/** Removes a member with its comma, and with its line if nothing else is on it. */
function withoutMember(text: string, object: JsonObject, member: JsonMember): string {
  const before = object.members[object.members.indexOf(member) - 1];
  const comma = afterSpace(text, member.value.end);
  const hasComma = text[comma] === ',';
  const bare = hasComma ? spliced(text, comma, comma + 1, '') : text;
  const { start, end } = lineOf(bare, member);
  const left = spliced(bare, start, end, '');
  if (hasComma || before === undefined) return left;
  // The member before is the last one now.
  const last = afterSpace(left, before.value.end);
  return left[last] === ',' ? spliced(left, last, last + 1, '') : left;
}

/** Returns what to remove of a member whose comma is gone: with the line break before it, if it is alone on its line. */
function lineOf(text: string, { start, value }: JsonMember): { readonly start: number; readonly end: number } {
  const rest = /^[ \t]*/.exec(text.slice(value.end))?.[0].length ?? 0;
  const isAlone = indentBefore(text, start) !== null && /^(?:\r?\n|$)/.test(text.slice(value.end + rest, value.end + rest + 2));
  if (!isAlone) return { start, end: value.end + Math.min(rest, 1) };
  const line = lineStart(text, start) - 1;
  return { start: text[line - 1] === '\r' ? line - 1 : line, end: value.end };
}

function objectAt(text: string, path: readonly string[]): JsonObject | null {
  const { root, members } = look(text, path);
  const node = path.length === 0 ? root : members.length === path.length ? members.at(-1)?.value : null;
  return node?.is === 'object' ? node : null;
}

/** Reports whether the object that a value goes into is empty and on one line. */
function isClosed(text: string, { members }: Found, path: readonly string[]): boolean {
  const object = members.length === path.length ? null : objectAt(text, path.slice(0, members.length));
  return object !== null && object.members.length === 0 && !text.slice(object.start, object.end).includes('\n');
}

/** Closes an empty object on one line again. */
function closed(text: string, path: readonly string[]): string {
  const object = objectAt(text, path);
  if (object === null || object.members.length > 0) return text;
  const inside = text.slice(object.start + 1, object.end - 1);
  const rest = inside.replace(/\r?\n[ \t]*$/, '');
  return spliced(text, object.start + 1, object.end - 1, rest);
}

function spliced(text: string, start: number, end: number, by: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Returns the spaces between the start of the line and an offset; null if something else is there, or it is the first line. */
function indentBefore(text: string, at: number): string | null {
  const start = lineStart(text, at);
  const before = text.slice(start, at);
  return start > 0 && /^[ \t]*$/.test(before) ? before : null;
}

/** Returns the spaces of one level: those of the first indented line, else two. */
function unitOf(text: string): string {
  return /\n([ \t]+)["{[]/.exec(text)?.[1] ?? '  ';
}

/** Returns the end of the line on which an object opens: after a comment there, if nothing else follows. */
function endOfOpeningLine(text: string, inside: number): number {
  const rest = /^[ \t]*(?:\/\*[^\n]*?\*\/[ \t]*)?(?:\/\/[^\n]*?)?(?=\r?\n)/.exec(text.slice(inside));
  return rest === null ? inside : inside + rest[0].length;
}
