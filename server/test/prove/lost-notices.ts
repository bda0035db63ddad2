/** A PostgreSQL whose notifications do not arrive, in the two ways in which that happens: seen by who listens, and unseen. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from '../support/pg-client.ts';

const LOOK_MS = 5;

/** Ends every session that listens, again and again. Resolves with how to stop; that says how many were ended. */
export async function cutListeners(url: string): Promise<() => Promise<string>> {
  const client = await openClient(url);
  let ended = 0;
  let isOver = false;
  const cutting = (async () => {
    while (!isOver) {
      const { rowCount } = await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %' and pid <> pg_backend_pid()",
      );
      ended += rowCount ?? 0;
      await sleep(LOOK_MS);
    }
  })();
  return async () => {
    isOver = true;
    await cutting;
    await client.end();
    return `${ended} connections`;
  };
}

/** Every session notifies into the void; those who listen see nothing amiss. For a server of the prove's own. */
export async function loseNotices(url: string): Promise<() => Promise<string>> {
  await inSystemCatalog(
    url,
    "create or replace function pg_catalog.pg_notify(text, text) returns void language sql volatile as 'select null::void'",
  );
  return async () => {
    await inSystemCatalog(
      url,
      "create or replace function pg_catalog.pg_notify(text, text) returns void language internal volatile strict as 'pg_notify'",
    );
    return '';
  };
}

async function inSystemCatalog(url: string, statement: string): Promise<void> {
  const client = await openClient(url);
  await client.query(statement).finally(() => client.end());
}
