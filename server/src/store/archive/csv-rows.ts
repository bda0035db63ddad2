/** Reads the rows of comma-separated text as an archive has it. */

/** A cell. Null is an empty one; empty text is a pair of quotation marks. */
export type CsvCell = string | null;

/** The text is not of the form that archives have. */
class NotCsv extends Error {
  constructor(row: number) {
    super(`row ${row} of the file is cut off or not in the form of an archive`);
    this.name = 'NotCsv';
  }
}

/** Yields the rows of each piece of the text together. Keeps no more than a piece and an unfinished row. Throws NotCsv. */
export async function* csvRows(pieces: AsyncIterable<string>): AsyncGenerator<readonly (readonly CsvCell[])[]> {
  let rest = '';
  let read = 0;
  for await (const piece of pieces) {
    const { rows, end, text } = rowsIn(rest + piece, read);
    rest = text.slice(end);
    read += rows.length;
    yield rows;
  }
  if (rest !== '') throw new NotCsv(read + 1);
}

/** Returns the whole rows of a text, and where the unfinished one begins. */
function rowsIn(text: string, before: number): { rows: CsvCell[][]; end: number; text: string } {
  const rows: CsvCell[][] = [];
  let end = 0;
  let cells: CsvCell[] = [];
  for (let at = 0; at < text.length; ) {
    const cell = cellAt(text, at, before + rows.length + 1);
    if (cell === null) break;
    cells.push(cell.value);
    at = cell.end + 1;
    if (text.charCodeAt(cell.end) === LINE_BREAK) {
      rows.push(cells);
      cells = [];
      end = at;
    }
  }
  return { rows, end, text };
}

const QUOTE = 34;
const COMMA = 44;
const LINE_BREAK = 10;

/** Returns the cell at a place and where it ends; null if the text ends first. */
function cellAt(text: string, at: number, row: number): { value: CsvCell; end: number } | null {
  if (text.charCodeAt(at) !== QUOTE) {
    let end = at;
    while (end < text.length && text.charCodeAt(end) !== COMMA && text.charCodeAt(end) !== LINE_BREAK) end += 1;
    return end === text.length ? null : { value: end === at ? null : text.slice(at, end), end };
  }
  for (let from = at + 1; ; ) {
    const close = text.indexOf('"', from);
    // What follows the last mark of a piece decides if it closes the cell.
    if (close < 0 || close + 1 >= text.length) return null;
    const next = text.charCodeAt(close + 1);
    if (next === COMMA || next === LINE_BREAK) return { value: text.slice(at + 1, close).replaceAll('""', '"'), end: close + 1 };
    if (next !== QUOTE) throw new NotCsv(row);
    from = close + 2;
  }
}
