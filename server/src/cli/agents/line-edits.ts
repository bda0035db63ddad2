/** Replaces whole lines of a text, and takes that back. */
import { Unfit } from './edits.ts';

/** Lines to replace: from an offset to another one, which are equal where lines are only added. */
export interface Region {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A text and the one that replaced it, by which the change is undone. */
export interface LineChange {
  readonly before: string;
  readonly after: string;
}

/** Replaces regions that do not overlap. Returns the new text and the changes, in the order of the text. */
export function setLines(
  text: string,
  regions: readonly Region[],
): { readonly text: string; readonly changes: readonly LineChange[] } {
  const sorted = regions.toSorted((one, other) => one.from - other.from || one.to - other.to);
  const parts: string[] = [];
  const changes: LineChange[] = [];
  let at = 0;
  for (const { from, to, text: after } of sorted) {
    if (from < at) throw new Unfit('two of its lines would have to be changed at once');
    parts.push(text.slice(at, from), after);
    if (text.slice(from, to) !== after) changes.push({ before: text.slice(from, to), after });
    at = to;
  }
  return { text: [...parts, text.slice(at)].join(''), changes };
}

/** Takes changes back in a text that was edited since. What is not there exactly once stays; `kept` has its first line that is no comment. */
export function unsetLines(
  text: string,
  changes: readonly LineChange[],
): { readonly text: string; readonly kept: readonly string[] } {
  const kept: string[] = [];
  let now = text;
  for (const { before, after } of changes) {
    // The line break that an added block begins with is gone if what stood before it is.
    const at = now.indexOf(after);
    if (at === -1 || now.indexOf(after, at + 1) !== -1) kept.push(firstLine(after));
    else now = now.slice(0, at) + before + now.slice(at + after.length);
  }
  return { text: now, kept };
}

function firstLine(text: string): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.find((line) => !line.startsWith('#')) ?? lines[0] ?? '';
}

/** Returns the line break of a text: that of its first line, else `\n`. */
export function eolOf(text: string): string {
  return /^[^\n]*\r\n/.test(text) ? '\r\n' : '\n';
}

/** Returns lines between two marks, by which a person and `--undo` find them. */
export function marked(lines: readonly string[], agent: string, eol: string): string {
  const mark = `headgate agents setup ${agent}`;
  return [`# >>> ${mark} >>>`, ...lines, `# <<< ${mark} <<<`].map((line) => line + eol).join('');
}
