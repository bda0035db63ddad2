/**
 * The value of a cell. A `decimal` is a number that we computed, written unchanged: the only text that may begin with a minus
 * sign.
 */
export type Cell = string | number | boolean | null | { readonly decimal: string };

/**
 * Returns one line of comma-separated values with its line break. Money and counts are passed as text. Null makes an empty cell.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

/** A spreadsheet runs a cell that begins with one of these. It treats the full-width forms like the plain ones. */
const SIGNS = '=+\\-@\uFF1D\uFF0B\uFF0D\uFF20';
/** Characters at which some spreadsheets begin a new cell: those of another language, or when text is pasted. */
const BREAKS = ';\\t\\r\\n';
const BEGINS_BADLY = new RegExp(`^[${SIGNS}${BREAKS}]`);
/** A formula after such a character. Quotation marks and spaces between the two do not make it safe. */
const FORMULA_INSIDE = new RegExp(`([${BREAKS}]["'\\u0020\\u00A0\\u3000]*)(?=[${SIGNS}])`, 'g');

/**
 * Prefixes text that begins like a formula with an apostrophe, so that a spreadsheet does not run a name. Does the same after
 * each character at which some spreadsheets split. Numbers are ours and stay unchanged.
 */
function cellOf(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'object') return value.decimal;
  if (typeof value !== 'string') return String(value);
  const inside = value.replace(FORMULA_INSIDE, "$1'");
  const plain = BEGINS_BADLY.test(value) ? `'${inside}` : inside;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
