/** Reads the rows of one statement in parts, without holding all of them here. */
import { type SQL, sql } from 'drizzle-orm';
import type { OpenDatabase } from './database.ts';

/**
 * Runs the statement once and yields its rows, so many at a time, as fast as they are asked for. PostgreSQL keeps the result until the
 * last part was read or the reader stops: no transaction stays open meanwhile, and the embedded database serves others in between.
 * `name` is this reader's alone. Rejects with a StoreError.
 */
export async function* readInParts<Row extends Record<string, unknown>>(
  openSession: OpenDatabase['openSession'],
  name: string,
  statement: SQL,
  rowsAtOnce: number,
): AsyncGenerator<readonly Row[]> {
  const cursor = sql.identifier(name);
  const fetch = sql`fetch forward ${sql.raw(String(rowsAtOnce))} from ${cursor}`;
  const session = await openSession();
  try {
    await session.db.execute(sql`declare ${cursor} no scroll cursor with hold for ${statement}`);
    for (;;) {
      const rows = (await session.db.execute(fetch)).rows as Row[];
      if (rows.length > 0) yield rows;
      if (rows.length < rowsAtOnce) return;
    }
  } finally {
    // Where it cannot be closed there is none, or the connection is gone.
    const isBroken = await session.db.execute(sql`close ${cursor}`).then(
      () => false,
      () => true,
    );
    session.release(isBroken);
  }
}
