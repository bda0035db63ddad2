import { type Cell, csvLine } from './csv.ts';

/** Lists as comma-separated values: page after page, as fast as they are read. */

/** What one export holds at most; whoever has more narrows it down. */
const ROWS_MAX = 100_000;

/** One page of lines, and where the next one begins. */
export interface PageOfCells {
  readonly lines: readonly (readonly Cell[])[];
  readonly nextCursor: string | null;
}

/** The head, every line, and, where there are more than an export holds, a last line that says so. */
export async function* exportPages(
  head: readonly string[],
  read: (cursor: string | undefined) => Promise<PageOfCells>,
): AsyncGenerator<string> {
  let cursor: string | undefined;
  for (let rows = 0; rows < ROWS_MAX; ) {
    const { lines, nextCursor } = await read(cursor);
    // The head goes with the first page: until that is read, a failure is answered as one.
    yield (rows === 0 ? csvLine(head) : '') + lines.map(csvLine).join('');
    if (nextCursor === null) return;
    rows += lines.length;
    cursor = nextCursor;
  }
  yield csvLine([`This export ends at ${ROWS_MAX} rows and there are more: narrow the filters.`]);
}
