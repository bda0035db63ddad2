/**
 * Which history the database goes on with. After a failover to a replica, or from a copy, it is another one, and the last rows that the
 * server before acknowledged may not be in it. PostgreSQL tells histories apart: each system has an identifier, and each promotion of a
 * replica begins a new timeline.
 *
 * A server whose timeline is older than the one known is one that was replaced: nothing is stored there, unless for a minute there is no other.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ClientBase, QueryConfig } from 'pg';
import type { Clock } from '../../lib/timing/clock.ts';
import { StoreError, StoreUnavailable, storeErrorFrom } from '../errors.ts';

export interface History {
  /**
   * Asks the server behind this connection, unless it was asked a few seconds ago. `other`: the rows that are kept have to be stored there
   * again before any other. Rejects with StoreUnavailable for a server that was replaced.
   */
  check(client: ClientBase): Promise<'same' | 'other'>;
  /** All that was kept is stored in the history that the server goes on with now. A start before that finds it `other` once more. */
  caughtUp(): void;
}

export interface HistoryOptions {
  /** Where the history is noted in which all rows are stored. */
  readonly notePath: string;
  readonly clock: Clock;
  /** The server does not say: a failover will not be noticed. Told once. */
  readonly onUnknown: (message: string) => void;
}

const ASK_EVERY_MS = 5_000;
const ASK_MS_MAX = 5_000;
const REPLACED_MS_MAX = 60_000;

/** A standby has no answer: there an insert fails as well, and the next try may meet the primary. */
const IN_RECOVERY = '55000';
const ASK =
  'select system_identifier::text as system, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline from pg_control_system()';

/** For PostgreSQL; the embedded database has one history. */
export function createHistory({ notePath, clock, onUnknown }: HistoryOptions): History {
  /** A connection stays with one history; only a pooler in between can lead it to another. */
  const answers = new WeakMap<ClientBase, { readonly atMs: number; readonly found: string | null }>();
  let stored = noteAt(notePath);
  let known = stored;
  let replacedSinceMs: number | null = null;
  let isToldUnknown = false;

  return { check, caughtUp };

  async function check(client: ClientBase): Promise<'same' | 'other'> {
    const found = await answerOf(client);
    if (found === null) return 'same';
    const nowMs = clock.monotonicMs();
    if (known !== null && isOlder(found, known) && !isAllThereIs(nowMs)) {
      throw new StoreUnavailable('the server was replaced by another one, which goes on with its rows', '08006');
    }
    replacedSinceMs = null;
    if (known === null || found === known) {
      known = found;
      if (stored === null) caughtUp();
      return 'same';
    }
    known = found;
    return 'other';
  }

  async function answerOf(client: ClientBase): Promise<string | null> {
    const answer = answers.get(client);
    if (answer !== undefined && clock.monotonicMs() - answer.atMs < ASK_EVERY_MS) return answer.found;
    const found = await ask(client);
    answers.set(client, { atMs: clock.monotonicMs(), found });
    return found;
  }

  async function ask(client: ClientBase): Promise<string | null> {
    const query: QueryConfig & { query_timeout: number } = { text: ASK, query_timeout: ASK_MS_MAX };
    try {
      const { rows } = await client.query<{ system: string; timeline: string }>(query);
      return rows[0] === undefined ? null : `${rows[0].system}/${rows[0].timeline}`;
    } catch (thrown) {
      const error = storeErrorFrom(thrown);
      if (!(error instanceof StoreError) || error instanceof StoreUnavailable) throw error;
      if (error.sqlState !== IN_RECOVERY && !isToldUnknown) {
        isToldUnknown = true;
        onUnknown(error.message);
      }
      return null;
    }
  }

  /** Connections to it may have been left over; once no other server has answered for a minute, it is the one to go on with. */
  function isAllThereIs(nowMs: number): boolean {
    replacedSinceMs ??= nowMs;
    return nowMs - replacedSinceMs >= REPLACED_MS_MAX;
  }

  function caughtUp(): void {
    if (known === null || known === stored) return;
    stored = known;
    try {
      writeFileSync(notePath, known, { mode: 0o600 });
    } catch {} // Without the note the next start stores again what is there already.
  }
}

function noteAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Timelines are hexadecimal digits of one length. */
function isOlder(found: string, known: string): boolean {
  const [system, timeline] = found.split('/') as [string, string];
  const [knownSystem, knownTimeline] = known.split('/') as [string, string];
  return system === knownSystem && timeline < knownTimeline;
}
