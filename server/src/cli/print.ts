import type { Json } from './api.ts';
import type { Session } from './command.ts';

/** The output of a command, in the form that was asked for. */
export type Output = Pick<Session, 'isJson' | 'print'>;

/** A column of a table: its heading, and the function that returns its value in a row. */
export type Column = readonly [heading: string, cell: (row: Json) => unknown];

/** Prints rows under headings, or the API's answer with `--json`. */
export function printRows(session: Output, answer: Json, rows: readonly Json[], columns: readonly Column[]): void {
  if (session.isJson) {
    printJson(session, { ...answer, data: rows });
    return;
  }
  const lines = [columns.map(([heading]) => heading), ...rows.map((row) => columns.map(([, cell]) => textOf(cell(row))))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  for (const line of lines)
    session.print(
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}

/** Prints one object as `name  value` lines, or the API's answer with `--json`. */
export function printObject(session: Output, answer: Json, fields: readonly Column[]): void {
  if (session.isJson) {
    printJson(session, answer);
    return;
  }
  const width = Math.max(...fields.map(([name]) => name.length));
  for (const [name, cell] of fields) session.print(`${name.padEnd(width)}  ${textOf(cell(answer))}`);
}

/** Says what to do next, on standard error. Not with `--json`, which programs read. */
export function printNext(session: Pick<Session, 'isJson' | 'note'>, text: string): void {
  if (!session.isJson) session.note(text);
}

export function printJson(session: Output, value: unknown): void {
  session.print(JSON.stringify(value, null, 2));
}

/** Returns a value as text. Replaces control characters, which a terminal obeys and an older gateway may have in names. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(textOf).join(',');
  return String(value).replaceAll(/\p{Cc}/gu, '?');
}
