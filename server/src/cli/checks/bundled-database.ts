/** The part of a support bundle about the database: numbers and names of tables, settings and jobs, and no row of a tenant. */
import type { Config } from '../../settings/config.ts';
import { connectDatabase } from '../../store/connection.ts';
import { catalogueFacts } from '../../store/installation/surroundings.ts';

/** Returns the answer to each query, or why there is none. */
export async function databaseFacts({ databaseUrl }: Config): Promise<object> {
  if (databaseUrl === null)
    return { kind: 'embedded', note: 'Only the gateway that runs may open it: see health.json and metrics.txt.' };
  try {
    const database = await connectDatabase({ url: databaseUrl, connectionsMax: 1 });
    try {
      return { kind: 'postgresql', ...(await catalogueFacts(database)) };
    } finally {
      await database.close();
    }
  } catch (error) {
    return { kind: 'postgresql', problem: (error as Error).message };
  }
}
