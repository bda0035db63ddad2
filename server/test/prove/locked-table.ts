import { openClient } from '../support/pg-client.ts';

/** Locks a table in a session of its own, so that nobody reads or writes it. Returns what ends the session. */
export async function lockTable(databaseUrl: string, table: string): Promise<() => Promise<void>> {
  const session = await openClient(databaseUrl);
  await session.query(`begin; lock table ${table} in access exclusive mode`);
  return async () => {
    await session.query('rollback');
    await session.end();
  };
}
