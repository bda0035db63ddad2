/**
 * Detects which history the database server is on. A failover to a replica or a restored copy starts another history, which may
 * lack the last rows that the previous server acknowledged. PostgreSQL identifies histories: each system has an identifier, and
 * each promotion of a replica starts a new timeline.
 *
 * A server on an older timeline than the known one was replaced. Nothing is stored there, unless no other server answers for a
 * minute.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ClientBase, QueryConfig } from 'pg';
import type { Clock } from '../../lib/timing/clock.ts';
import { StoreError, StoreUnavailable, storeErrorFrom } from '../errors.ts';

export interface History {
  /**
   * Returns whether the server of this connection is on the known history. Queries it at most every 5 s. `other` means that the
   * caller must first store its kept rows there again. Rejects with StoreUnavailable for a server that was replaced.
   */
  check(client: ClientBase): Promise<'same' | 'other'>;
  /**
   * Records that all kept rows are stored in the present history. If the process restarts before, `check` returns `other` again.
   */
  caughtUp(): void;
}

export interface HistoryOptions {
  /** The file with the id of the history in which all rows are stored. */
  readonly notePath: string;
  readonly clock: Clock;
  /** Called once if the server does not tell its history, so that failovers cannot be detected. */
  readonly onUnknown: (message: string) => void;
}

const ASK_EVERY_MS = 5_000;
const ASK_MS_MAX = 5_000;
const REPLACED_MS_MAX = 60_000;

/** The SQL state of a standby, which cannot answer. Inserts fail there as well, and a retry may reach the primary. */
const IN_RECOVERY = '55000';
const ASK =
  'select system_identifier::text as system, substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline from pg_control_system()';

/** Makes the history of a PostgreSQL database. The embedded database has only one. */
export function createHistory({ notePath, clock, onUnknown }: HistoryOptions): History {
  /** Answers by connection. A connection stays on one history, unless a pooler in between changes its server. */
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
      throw new StoreUnavailable('PostgreSQL failed over to another server', '08006');
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

  /**
   * Reports whether no other server has answered for a minute. Before that, the connection may be left over from the replaced
   * server.
   */
  function isAllThereIs(nowMs: number): boolean {
    replacedSinceMs ??= nowMs;
    return nowMs - replacedSinceMs >= REPLACED_MS_MAX;
  }

  function caughtUp(): void {
    if (known === null || known === stored) return;
    stored = known;
    try {
      writeFileSync(notePath, known, { mode: 0o600 });
    } catch {} // Without the file, the next start stores the same rows again, which is harmless.
  }
}

function noteAt(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch {
    return null;
  }
}

/** Reports whether `found` is an older timeline of the same system. Timelines are hexadecimal digits of equal length. */
function isOlder(found: string, known: string): boolean {
  const [system, timeline] = found.split('/') as [string, string];
  const [knownSystem, knownTimeline] = known.split('/') as [string, string];
  return system === knownSystem && timeline < knownTimeline;
}
