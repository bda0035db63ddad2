import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine } from './csv.ts';

/** The characters that spreadsheets take for the beginning of a formula. */
const SIGNS = ['=', '+', '-', '@', '\uFF1D', '\uFF0B', '\uFF0D', '\uFF20'];
const BREAKS = [';', '\t', '\r', '\n'];

/** Returns a cell as a spreadsheet that splits at commas reads it. */
function readCell(line: string): string {
  const cell = line.slice(0, -2);
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/** Returns the cells of a spreadsheet that splits at other characters and knows no quotation marks. */
function splitAnywhere(line: string): readonly string[] {
  return line.slice(0, -2).split(/[;\t\r\n]/);
}

/** Removes the characters that a spreadsheet drops before a formula. */
const bare = (cell: string) => cell.replace(/^["\u0020\u00A0\u3000]+/, '');
const isFormula = (cell: string) => SIGNS.some((sign) => bare(cell).startsWith(sign));

describe('a cell of an export', () => {
  test.each([...SIGNS, ...BREAKS])('that begins with %j gets an apostrophe', (sign) => {
    expect(readCell(csvLine([`${sign}1+1`]))).toBe(`'${sign}1+1`);
  });

  test.each(BREAKS)('with a formula behind %j holds none for a spreadsheet that splits there', (sign) => {
    const line = csvLine([`name${sign}"=HYPERLINK("https://evil.example")`]);
    expect(splitAnywhere(line).filter(isFormula)).toEqual([]);
  });

  test('of plain text and of numbers stays as it is', () => {
    expect(csvLine(['plain - text', -5, { decimal: '-0.5' }, null, true])).toBe('plain - text,-5,-0.5,,true\r\n');
  });

  test('is no formula, whatever it holds and wherever a spreadsheet splits it', () => {
    const piece = fc.oneof(
      fc.constantFrom(...SIGNS, ...BREAKS, '"', "'", ' ', ',', '\u00A0', '\u3000'),
      fc.string({ maxLength: 3 }),
    );
    const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (value) => {
        const line = csvLine([value]);
        expect(isFormula(readCell(line)) && SIGNS.some((sign) => value.startsWith(sign))).toBe(false);
        expect(splitAnywhere(line).slice(1).filter(isFormula)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  test('says what it said, apart from apostrophes', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(readCell(csvLine([value])).replaceAll("'", '')).toBe(value.replaceAll("'", ''));
      }),
    );
  });
});
