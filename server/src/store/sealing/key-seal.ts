/**
 * How provider keys are kept: sealed for their row and for the address that they are sent to, so that a row whose address was changed behind the
 * API gives no key away. Versions before sealed for the row alone, and one of them may run beside this one: it reads what is written here, and
 * may replace a key. So a row says itself how it is sealed, and new seals take the old form until no such replica can run (`mayRunBefore`).
 */
import { and, asc, eq } from 'drizzle-orm';
import { type KeyPlace, keyAddress } from '../../domain/tenancy/key-address.ts';
import { open, seal, UnsealFailure } from '../../lib/secrets.ts';
import * as credentials from '../catalogue/credentials.ts';
import type { Database } from '../database.ts';
import { mayRunBefore } from '../installation/lease.ts';
import { credentials as table } from '../schema.ts';

/** The migration that brought the new form; a version that does not know it reads the old form alone. */
const SINCE = '0019_keys_for_addresses';

type Row = KeyPlace & Pick<credentials.CredentialRow, 'id' | 'sealed' | 'sealedFor'>;
/** What sealing a key writes. */
export type SealedKey = Pick<credentials.CredentialRow, 'sealed' | 'sealedFor'>;

/** The key of a stored credential; empty where its provider needs none. Throws UnsealFailure where the row was changed behind the API. */
export function openKey(dataKey: Buffer, row: Row): string {
  return row.sealed === null ? '' : open(dataKey, row.sealed, aadOf(row, row.sealedFor)).toString();
}

/** Seals a key in the newest form that every replica which may run can read. In the transaction that stores it. */
export async function sealKey(
  tx: Database,
  dataKey: Buffer,
  place: KeyPlace & { readonly id: string },
  key: string,
): Promise<SealedKey> {
  const sealedFor = (await mayRunBefore(tx, SINCE)) ? 'row' : 'address';
  return { sealed: seal(dataKey, key, aadOf(place, sealedFor)), sealedFor };
}

/** How binding went. `waits`: a replica of an older version may run, and nothing was changed. */
export interface Bound {
  readonly bound: number;
  readonly waits: boolean;
  /** Credentials whose key cannot be opened; they stay as they are. */
  readonly unreadable: readonly string[];
}

/** Seals every key that is sealed in the old form anew, for its address, once no older replica can run. Safe to run on several replicas at once. */
export async function bindKeys(db: Database, dataKey: Buffer): Promise<Bound> {
  const rows = await db.select({ id: table.id }).from(table).where(eq(table.sealedFor, 'row')).orderBy(asc(table.id));
  if (rows.length === 0) return { bound: 0, waits: false, unreadable: [] };
  if (await mayRunBefore(db, SINCE)) return { bound: 0, waits: true, unreadable: [] };
  const unreadable: string[] = [];
  let bound = 0;
  for (const { id } of rows) {
    const outcome = await db.transaction((tx) => bindOne(tx, dataKey, id));
    if (outcome === 'bound') bound += 1;
    if (outcome === 'unreadable') unreadable.push(id);
  }
  return { bound, waits: false, unreadable };
}

async function bindOne(tx: Database, dataKey: Buffer, id: string): Promise<'bound' | 'unreadable' | 'done'> {
  const row = await credentials.lock(tx, id);
  // Deleted, or sealed anew by another replica, since the list was read.
  if (row === null || row.sealedFor === 'address') return 'done';
  try {
    const sealed = row.sealed === null ? null : seal(dataKey, openKey(dataKey, row), aadOf(row, 'address'));
    await tx
      .update(table)
      .set({ sealed, sealedFor: 'address' })
      .where(and(eq(table.id, id), eq(table.sealedFor, 'row')));
    return 'bound';
  } catch (error) {
    if (error instanceof UnsealFailure) return 'unreadable';
    throw error;
  }
}

function aadOf(row: KeyPlace & { readonly id: string }, sealedFor: 'row' | 'address'): string {
  return sealedFor === 'row' ? row.id : `credential ${row.id} ${keyAddress(row.provider, row.baseUrl)}`;
}
