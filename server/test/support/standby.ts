/** A primary and the standby that follows it, as a failover finds them. */

import { ChaosProxy } from './chaos-proxy.ts';
import { openClient } from './pg-client.ts';
import { portOf, startPostgres, startStandby, type TestPostgres } from './postgres.ts';

export interface ReplicatedPostgres {
  readonly primary: TestPostgres;
  readonly standby: TestPostgres;
  /** Where clients connect: the primary, until the failover. */
  readonly front: ChaosProxy;
  /** Of the maintenance database, through `front`. */
  readonly url: string;
  /** From now on the standby gets nothing that the primary commits. Resolves once it has all that was committed before. */
  cutReplication(): Promise<void>;
  /** The standby takes over; `front` still leads to the primary. */
  promote(): Promise<void>;
  /** Clients are led to what was the standby. */
  switchOver(): void;
  stop(): Promise<void>;
}

/** Null where PostgreSQL is not installed. Replication is asynchronous, as it is by default. */
export async function startReplicated(): Promise<ReplicatedPostgres | null> {
  const primary = await startPostgres();
  if (primary === null) return null;
  const replication = await ChaosProxy.start({ host: '127.0.0.1', port: portOf(primary.url) });
  const standby = await startStandby(replication.port);
  const front = await ChaosProxy.start({ host: '127.0.0.1', port: portOf(primary.url) });
  const url = new URL(primary.url);
  url.port = String(front.port);
  return {
    primary,
    standby,
    front,
    url: url.href,
    cutReplication: async () => {
      // The test servers commit without a flush; this commit has one, and takes all before it along.
      await ask(primary.url, 'set synchronous_commit = on', "select pg_logical_emit_message(true, 'mark', '')");
      const [at] = await ask(primary.url, 'select pg_current_wal_flush_lsn()::text as lsn');
      await until(async () => {
        const [row] = await ask(standby.url, `select coalesce(pg_last_wal_replay_lsn() >= '${at?.lsn}', false) as has_it`);
        return row?.has_it === true;
      });
      await replication.set('down');
    },
    promote: async () => {
      await ask(standby.url, 'select pg_promote(true, 30)');
    },
    switchOver: () => front.point({ host: '127.0.0.1', port: portOf(standby.url) }),
    stop: async () => {
      await front.close();
      await standby.stop();
      await replication.close();
      await primary.stop();
    },
  };
}

/** The rows of the last statement. */
async function ask(url: string, ...statements: readonly string[]): Promise<readonly Record<string, unknown>[]> {
  const client = await openClient(url);
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query<Record<string, unknown>>(statement));
    return rows;
  } finally {
    await client.end();
  }
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 20_000;
  while (!(await isTrue())) {
    if (Date.now() > deadlineMs) throw new Error('the standby does not follow');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
