/** What a cell holds. A `decimal` is a number of ours, written exactly: the one text that may begin with a minus. */
export type Cell = string | number | boolean | null | { readonly decimal: string };

/** One line of comma-separated values, with its end of line. Money and counts are given as text; null is an empty cell. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

/** What a spreadsheet would run as a formula. */
const FORMULA = /^[=+\-@\t\r]/;

/** Text that begins like a formula gets an apostrophe, so that a name never becomes a program. Numbers are ours and stay. */
function cellOf(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'object') return value.decimal;
  if (typeof value !== 'string') return String(value);
  const plain = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
