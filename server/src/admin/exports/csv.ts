/** What a cell holds. A `decimal` is a number of ours, written exactly: the one text that may begin with a minus. */
export type Cell = string | number | boolean | null | { readonly decimal: string };

/** One line of comma-separated values, with its end of line. Money and counts are given as text; null is an empty cell. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

/** A spreadsheet runs what begins with one of these. It reads the full-width forms as the plain ones. */
const SIGNS = '=+\\-@\uFF1D\uFF0B\uFF0D\uFF20';
/** Signs at which a spreadsheet in another language, or one that text is pasted into, begins a new cell. */
const BREAKS = ';\\t\\r\\n';
const BEGINS_BADLY = new RegExp(`^[${SIGNS}${BREAKS}]`);
/** A formula behind such a break. Quotation marks and spaces between the two do not help. */
const FORMULA_INSIDE = new RegExp(`([${BREAKS}]["'\\u0020\\u00A0\\u3000]*)(?=[${SIGNS}])`, 'g');

/**
 * Text that begins like a formula gets an apostrophe, so that a name never becomes a program; so does what begins like one behind a sign that
 * some spreadsheets split at. Numbers are ours and stay.
 */
function cellOf(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'object') return value.decimal;
  if (typeof value !== 'string') return String(value);
  const inside = value.replace(FORMULA_INSIDE, "$1'");
  const plain = BEGINS_BADLY.test(value) ? `'${inside}` : inside;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
