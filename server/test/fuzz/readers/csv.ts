/** Lines of CSV with any text in them: a reader finds the cells that were written, and a spreadsheet finds no formula. */
import { type Cell, csvLine } from '../../../src/admin/exports/csv.ts';
import { readCsv } from '../../exports/read-csv.ts';
import { Random } from '../../simulation/random.ts';
import { anyText } from '../hostile-json.ts';
import { fuzzOf } from './reader.ts';

const HEAD = ['a', 'b', 'c', 'd'];
const STARTS = [
  '',
  '=',
  '+',
  '-',
  '@',
  '\t',
  '\r',
  '"',
  '""',
  ',',
  '\n',
  '\r\n',
  "'",
  ' =',
  ';=',
  'a;=',
  '\uFF1D',
  'a\t" \uFF0B',
];
/** At the beginning of a cell, and behind what some spreadsheets split at. */
const FORMULA = /^[=+\-@\uFF1D\uFF0B\uFF0D\uFF20;\t\r\n]|[;\t\r\n]["\u0020\u00A0\u3000]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/;

export const csv = (write: (cells: readonly Cell[]) => string = csvLine) =>
  fuzzOf('csv', 500, (seed) => {
    const random = new Random(seed);
    const rows = Array.from({ length: random.whole(0, 4) }, () => HEAD.map(() => drawCell(random)));
    const text = [HEAD, ...rows].map(write).join('');
    const read = readCsv(text);
    if (read.length !== rows.length) return `${rows.length} rows were written and ${read.length} read: ${JSON.stringify(text)}`;
    for (const [at, row] of rows.entries())
      for (const [column, cell] of row.entries()) {
        const found = read[at]?.[HEAD[column] as string] ?? '';
        if (withoutApostrophes(found) !== withoutApostrophes(textOf(cell)) || found.length < textOf(cell).length)
          return `${JSON.stringify(cell)} was read as ${JSON.stringify(found)}`;
        if (typeof cell === 'string' && FORMULA.test(found)) return `${JSON.stringify(found)} is a formula`;
      }
    return null;
  });

/** What keeps a formula from being one is an apostrophe more. */
function withoutApostrophes(text: string): string {
  return text.replaceAll("'", '');
}

function textOf(cell: Cell): string {
  if (cell === null) return '';
  return typeof cell === 'object' ? cell.decimal : String(cell);
}

function drawCell(random: Random): Cell {
  return random.weighted<() => Cell>([
    [8, () => random.pick(STARTS) + anyText(random, 12).toWellFormed()],
    [1, () => random.whole(-1_000, 1_000)],
    [1, () => ({ decimal: random.pick(['-0.5', '12.000000001']) })],
    [1, () => random.pick([null, true, false])],
  ])();
}
