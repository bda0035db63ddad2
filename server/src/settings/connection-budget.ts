/** The connections that processes may open to PostgreSQL. */
import type { Config } from './config.ts';

/** The connections of jobs, which one process of a host runs. */
export const JOB_CONNECTIONS_MAX = 4;
/** The connection that listens for changes. */
const NOTICE_CONNECTIONS = 1;

/** Returns the most connections that the processes of these settings open together. */
export function connectionsNeeded({
  databaseConnectionsMax,
  role,
  workers,
}: Pick<Config, 'databaseConnectionsMax' | 'role' | 'workers'>): number {
  return workers * (databaseConnectionsMax + NOTICE_CONNECTIONS) + (role === 'data' ? 0 : JOB_CONNECTIONS_MAX);
}
