/** What PostgreSQL in its container knows of requests, asked as an operator would: with psql by `docker-compose exec`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComposeSite } from '../deploy/compose-site.ts';

const STORED_MS_MAX = 60_000;
const POLL_MS = 100;

export interface ComposedBooks {
  /** Of the requests that were asked for, how many have no row. */
  readonly missing: number;
  /** Requests with more than one row. */
  readonly doubled: number;
  /** Requests that the ledger charges otherwise than their row says. */
  readonly differing: number;
}

/** Waits up to a minute until each of the requests has a row, then counts. */
export async function booksIn(site: ComposeSite, requestIds: ReadonlySet<string>): Promise<ComposedBooks> {
  let missing = requestIds.size;
  await untilTrue(STORED_MS_MAX, async () => {
    const rows = new Set((await sql(site, 'SELECT request_id FROM requests')).split('\n'));
    missing = [...requestIds].filter((id) => !rows.has(id)).length;
    return missing === 0;
  });
  const doubled = await sql(
    site,
    'SELECT count(*) FROM (SELECT request_id FROM requests GROUP BY request_id HAVING count(*) > 1) AS doubled',
  );
  const differing = await sql(
    site,
    `SELECT count(*) FROM (SELECT request_id, coalesce(nano_usd, 0) AS nano_usd FROM requests) AS r
     LEFT JOIN (SELECT request_id, sum(nano_usd) AS nano_usd FROM ledger_entries GROUP BY request_id) AS l USING (request_id)
     WHERE coalesce(l.nano_usd, 0) <> r.nano_usd`,
  );
  return { missing, doubled: countIn(doubled), differing: countIn(differing) };
}

export async function answersSql(site: ComposeSite): Promise<boolean> {
  return (await sql(site, 'SELECT 1')) === '1';
}

/** Asks every tenth of a second. Returns false if it was not so in time. */
export async function untilTrue(msMax: number, isTrue: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + msMax;
  while (Date.now() < until) {
    if (await isTrue()) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** An error is no output. */
async function sql(site: ComposeSite, query: string): Promise<string> {
  const psql = ['psql', '--username=headgate', '--no-align', '--tuples-only', `--command=${query}`];
  return (await site.compose('exec', '--no-TTY', 'postgres', ...psql)).stdout.trim();
}

/** No output is not a count of zero. */
function countIn(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
