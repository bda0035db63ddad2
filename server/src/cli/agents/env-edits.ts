/** Sets variables in a file of `NAME=value` lines. */
import { Unfit } from './edits.ts';
import { eolOf, type LineChange, marked, type Region, setLines } from './line-edits.ts';

export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

/** Writes variables, and removes those that are dropped. One line each; the other lines stay. */
export function setEnv(
  text: string,
  agent: string,
  wanted: Readonly<Record<string, string>>,
  dropped: readonly string[],
): { readonly text: string; readonly changes: readonly LineChange[] } {
  const eol = eolOf(text);
  const variables = readEnv(text);
  const regions: Region[] = [];
  const added: string[] = [];
  for (const [name, value] of Object.entries(wanted)) {
    const there = variables.filter((one) => one.name === name);
    if (there.length > 1) throw new Unfit(`it has ${name} more than once`);
    const line = `${name}=${value}`;
    if (there[0] === undefined) added.push(line);
    else if (there[0].value !== value) regions.push({ ...there[0], text: marked([line], agent, eol) });
  }
  for (const one of variables.filter(({ name }) => dropped.includes(name)))
    regions.push({ ...one, text: marked([`# ${one.name} was here: headgate run sets it.`], agent, eol) });
  const gap = text === '' || text.endsWith('\n') ? '' : eol;
  if (added.length > 0) regions.push({ from: text.length, to: text.length, text: gap + marked(added, agent, eol) });
  return setLines(text, regions);
}

const ASSIGNMENT = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(.*)$/;

/** Reads the variables of a text. A value in quotes may span lines. */
export function readEnv(text: string): readonly Variable[] {
  const variables: Variable[] = [];
  for (let from = 0; from < text.length; ) {
    const lineEnd = text.indexOf('\n', from) === -1 ? text.length : text.indexOf('\n', from) + 1;
    const [, name, rest = ''] = ASSIGNMENT.exec(text.slice(from, lineEnd).replace(/\r?\n$/, '')) ?? [];
    const quote = /^["'`]/.exec(rest)?.[0];
    let to = lineEnd;
    if (name !== undefined && quote !== undefined && rest.indexOf(quote, 1) === -1) {
      const close = text.indexOf(quote, lineEnd);
      if (close !== -1) to = text.indexOf('\n', close) === -1 ? text.length : text.indexOf('\n', close) + 1;
    }
    if (name !== undefined) {
      const value = quote === undefined ? rest.replace(/\s+#.*$/, '').trim() : rest.slice(1).split(quote)[0];
      variables.push({ name, value: value ?? '', from, to });
    }
    from = to;
  }
  return variables;
}
