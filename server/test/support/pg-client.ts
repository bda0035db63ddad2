import pg from 'pg';

/**
 * Opens a session of its own on a PostgreSQL server. If the session breaks, the query in progress and every later one reject. Without the
 * listener the driver's event would end this process, also while nothing uses the session.
 */
export async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}
