/**
 * Wraps organizations' content keys with the installation's content key, which the master key wraps. So rotating the master key
 * changes no organization. Earlier versions wrapped each with the master key itself. A replica of such a version may still run,
 * and must read new rows. So each row names its wrapper, and new rows have the old form until no such replica can run
 * (`mayRunBefore`).
 */
import { and, asc, eq, gt, isNotNull, sql } from 'drizzle-orm';
import type { WrappedContentKey } from '../../domain/tenancy/tenancy.ts';
import { type ContentWrappers, contentKeyPurpose, openContentKey, UnsealFailure, wrapKey } from '../../lib/secrets.ts';
import type { Database } from '../database.ts';
import { mayRunBefore } from '../installation/lease.ts';
import { installation, organizations } from '../schema.ts';

/** The migration of the new form. Versions without it can read only the old form. */
export const CONTENT_KEYS_SINCE = '0020_master_key';
const AT_ONCE = 200;

/** Wraps a content key in the newest form that every running replica can open. Call it in the transaction that stores the key. */
export async function wrapContentKey(
  tx: Database,
  wrappers: ContentWrappers,
  organizationId: string,
  key: Buffer,
): Promise<WrappedContentKey> {
  // A rotation that begins now waits for this transaction, and then sees its row.
  await tx.select({ id: installation.id }).from(installation).for('share');
  const by = (await mayRunBefore(tx, CONTENT_KEYS_SINCE)) ? 'master' : 'installation';
  return { bytes: wrapKey(wrappers[by], key, contentKeyPurpose(organizationId)), by };
}

/** The outcome of binding. `waits` is true if a replica of an older version may run; then nothing was changed. */
export interface ContentKeysBound {
  readonly bound: number;
  readonly waits: boolean;
  /** Organizations whose key cannot be opened. It stays unchanged. */
  readonly unreadable: readonly string[];
}

/**
 * Wraps every content key that the master key still wraps with the installation's content key, once no older replica can run.
 * Writes 200 rows per statement. Safe to run in several processes, and to stop at any point. `goOn` throws to stop it.
 */
export async function bindContentKeys(db: Database, wrappers: ContentWrappers, goOn = () => {}): Promise<ContentKeysBound> {
  const unreadable: string[] = [];
  let [bound, after] = [0, ''];
  for (;;) {
    goOn();
    const rows = await underMaster(db, after);
    const last = rows.at(-1);
    if (last === undefined) return { bound, waits: false, unreadable };
    if (after === '' && (await mayRunBefore(db, CONTENT_KEYS_SINCE))) return { bound: 0, waits: true, unreadable: [] };
    const moved = rows.map((row) => ({ ...row, next: rewrapped(wrappers, row) }));
    unreadable.push(...moved.filter(({ next }) => next === null).map(({ id }) => id));
    bound += await store(db, moved.filter(isOpened));
    after = last.id;
  }
}

interface Row {
  readonly id: string;
  readonly contentKey: Buffer;
}

/** Returns up to 200 organizations whose key the master key wraps, by id, after `after`. */
async function underMaster(db: Database, after: string): Promise<readonly Row[]> {
  const rows = await db
    .select({ id: organizations.id, contentKey: organizations.contentKey })
    .from(organizations)
    .where(and(eq(organizations.contentKeyBy, 'master'), isNotNull(organizations.contentKey), gt(organizations.id, after)))
    .orderBy(asc(organizations.id))
    .limit(AT_ONCE);
  return rows.flatMap(({ id, contentKey }) => (contentKey === null ? [] : [{ id, contentKey }]));
}

function rewrapped(wrappers: ContentWrappers, { id, contentKey }: Row): Buffer | null {
  try {
    const key = openContentKey(wrappers, id, { bytes: contentKey, by: 'master' });
    return wrapKey(wrappers.installation, key, contentKeyPurpose(id));
  } catch (error) {
    if (error instanceof UnsealFailure) return null;
    throw error;
  }
}

type Moved = Row & { readonly next: Buffer };

function isOpened(row: Row & { readonly next: Buffer | null }): row is Moved {
  return row.next !== null;
}

/** Stores the new wrappings and returns their number. A key that was destroyed since it was read stays destroyed. */
async function store(db: Database, rows: readonly Moved[]): Promise<number> {
  if (rows.length === 0) return 0;
  const column = (of: (row: Moved) => string) => sql`${sql.param(rows.map(of))}::text[]`;
  const given = sql`unnest(${column(({ id }) => id)}, ${column(({ contentKey }) => contentKey.toString('hex'))},
    ${column(({ next }) => next.toString('hex'))}) as given (id, was, next)`;
  const { rows: changed } = await db.execute(sql`update organizations
    set content_key = decode(given.next, 'hex'), content_key_by = 'installation' from ${given}
    where organizations.id = given.id and organizations.content_key = decode(given.was, 'hex')
      and organizations.content_key_by = 'master' returning organizations.id`);
  return changed.length;
}
