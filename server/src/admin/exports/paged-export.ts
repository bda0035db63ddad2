import { type Cell, csvLine } from './csv.ts';

/** Exports lists as comma-separated values, page by page, as fast as the reader takes them. */

/** The most rows of one export. A caller with more rows must narrow the filters. */
export const EXPORT_ROWS_MAX = 100_000;

/** One page of lines, and the cursor of the next page. */
export interface PageOfCells {
  readonly lines: readonly (readonly Cell[])[];
  readonly nextCursor: string | null;
}

/** Yields the head and every line. If there are more rows than an export holds, a last line says so. */
export async function* exportPages(
  head: readonly string[],
  read: (cursor: string | undefined) => Promise<PageOfCells>,
): AsyncGenerator<string> {
  let cursor: string | undefined;
  for (let rows = 0; rows < EXPORT_ROWS_MAX; ) {
    const { lines, nextCursor } = await read(cursor);
    // The head is sent with the first page. So if the first read fails, the answer can still be an error.
    yield (rows === 0 ? csvLine(head) : '') + lines.map(csvLine).join('');
    if (nextCursor === null) return;
    rows += lines.length;
    cursor = nextCursor;
  }
  yield csvLine([moreRowsText()]);
}

/** Returns the last line of an export that does not hold every row. */
export function moreRowsText(): string {
  return `This export ends after ${EXPORT_ROWS_MAX} rows and there are more. Narrow the filters to get the others.`;
}
