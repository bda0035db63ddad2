/** Reads the rows of one statement in parts, without holding all of them in memory. */
import { type SQL, sql } from 'drizzle-orm';
import type { OpenDatabase } from './database.ts';

/**
 * Runs the statement once and yields `rowsAtOnce` rows at a time, when the caller wants them. PostgreSQL keeps the result until
 * the last part is read or the reader stops. No transaction stays open but behind a pooler, and the embedded database can run other queries in
 * between. `name` must be unique to this reader. Rejects with a StoreError.
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
    // Behind a pooler the transaction keeps the session; elsewhere none stays open while the reader is slow.
    if (session.isPooled) await session.db.execute(sql`begin`);
    const keep = session.isPooled ? sql`` : sql`with hold`;
    await session.db.execute(sql`declare ${cursor} no scroll cursor ${keep} for ${statement}`);
    for (;;) {
      const rows = (await session.db.execute(fetch)).rows as Row[];
      if (rows.length > 0) yield rows;
      if (rows.length < rowsAtOnce) return;
    }
  } finally {
    // If the close fails, the cursor was never declared or the connection is broken.
    const isBroken = await session.db.execute(session.isPooled ? sql`rollback` : sql`close ${cursor}`).then(
      () => false,
      () => true,
    );
    session.release(isBroken);
  }
}
