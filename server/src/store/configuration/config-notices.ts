/**
 * Notifies the other replicas of changes of the configuration when they are committed. Replicas also poll the versions, in case a
 * notification is lost.
 */
import { randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { whyUnreachable } from '../connection.ts';
import type { Database } from '../database.ts';

/** The configurations that a transaction changed. */
export interface ChangedScopes {
  readonly catalogue?: boolean;
  readonly organizationIds?: readonly string[];
  readonly keyIds?: readonly string[];
}

const CHANNEL = 'headgate_config';
/** PostgreSQL allows payloads below 8,000 bytes. A longer notice names nothing, and replicas poll instead. */
const NOTICE_CHARS_MAX = 7_900;
/** The id of this process, so that it can ignore its own notices. */
const US = randomUUID();

/** Sends a notice as part of the transaction: only when it commits. */
export async function tellOthers(tx: Database, changed: ChangedScopes): Promise<void> {
  const notice = JSON.stringify({ by: US, ...changed });
  await tx.execute(sql`select pg_notify(${CHANNEL}, ${notice.length > NOTICE_CHARS_MAX ? JSON.stringify({ by: US }) : notice})`);
}

export interface NoticeOptions {
  readonly url: string;
  readonly onChange: (changed: ChangedScopes) => void;
  /**
   * Called when a notice may have been missed: after the first connection, after every reconnect, and for a notice that names
   * nothing.
   */
  readonly onGap: () => void;
  /** Called at the first failed attempt of each time in which nothing can be heard. */
  readonly onUnheard: (reason: string) => void;
}

const RETRY_MS = 1_000;

/** Listens until `stop`, and reconnects whenever the connection breaks. */
export function listenForChanges({ url, onChange, onGap, onUnheard }: NoticeOptions): { stop(): Promise<void> } {
  let isHeard = true;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;
  let isStopped = false;
  void connect();
  return {
    stop: async () => {
      isStopped = true;
      if (timer !== null) clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };

  async function connect(): Promise<void> {
    const made = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: 'headgate',
    });
    client = made;
    let isLost = false;
    const lost = () => {
      if (isLost || isStopped) return;
      isLost = true;
      made.end().catch(() => {});
      timer = setTimeout(() => void connect(), RETRY_MS).unref();
    };
    made.on('error', lost).on('end', lost);
    made.on('notification', ({ payload }) => hear(payload ?? ''));
    try {
      await made.connect();
      await made.query(`listen ${CHANNEL}`);
      isHeard = true;
      onGap();
    } catch (error) {
      if (isHeard && !isStopped) onUnheard(whyUnreachable(error, url));
      isHeard = false;
      lost();
    }
  }

  function hear(payload: string): void {
    const notice = parsed(payload);
    if (notice?.by === US) return;
    const { by: _, ...changed } = notice ?? {};
    if (Object.keys(changed).length === 0) onGap();
    else onChange(changed);
  }
}

function parsed(payload: string): (ChangedScopes & { readonly by?: string }) | null {
  try {
    return JSON.parse(payload) as ChangedScopes & { readonly by?: string };
  } catch {
    return null;
  }
}
