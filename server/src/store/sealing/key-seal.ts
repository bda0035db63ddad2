/**
 * Seals secrets of credentials for their row and the address that they are sent to. If someone changes the address in the database,
 * the secret no longer opens and cannot leak. Earlier versions sealed for the row alone. A replica of such a version may still run,
 * read new rows and replace keys. So each row names its form, and new seals have the old form until no such replica can run
 * (`mayRunBefore`). Only API keys of the providers that such a version knows have the old form.
 */
import { and, asc, eq } from 'drizzle-orm';
import { type KeyPlace, keyAddress } from '../../domain/tenancy/key-address.ts';
import { open, seal, UnsealFailure } from '../../lib/secrets.ts';
import * as credentials from '../catalogue/credentials.ts';
import type { Database } from '../database.ts';
import { mayRunBefore } from '../installation/lease.ts';
import { credentials as table } from '../schema.ts';
import { NO_OTHER, openOther, sealOther } from './other-secret.ts';

/** The migration of the new form. Versions without it can read only the old form. */
const SINCE = '0019_keys_for_addresses';

type Row = KeyPlace & Pick<credentials.CredentialRow, 'id' | 'sealed' | 'sealedFor'>;
/** The columns that sealing a key writes. */
export type SealedKey = Pick<credentials.CredentialRow, 'sealed' | 'sealedFor'>;

/**
 * Returns the secret of a stored credential as one text, empty if its provider needs none. Throws UnsealFailure if someone changed
 * the row by hand.
 */
export function openKey(dataKey: Buffer, row: Row): string {
  if (row.sealed !== null) return open(dataKey, row.sealed, aadOf(row, row.sealedFor)).toString();
  // Other kinds are always sealed, also if they have no secret.
  if ((row.kind ?? 'api_key') !== 'api_key') throw new UnsealFailure();
  return '';
}

/** Seals a secret in the newest form that every running replica can read. Call it in the transaction that stores the secret. */
export async function sealKey(
  tx: Database,
  dataKey: Buffer,
  place: KeyPlace & { readonly id: string },
  key: string,
): Promise<SealedKey> {
  // A version before must not open an organization's own secret, because it would serve everybody with it.
  const isKey = (place.kind ?? 'api_key') === 'api_key' && !place.owner;
  const sealedFor = isKey && (await mayRunBefore(tx, SINCE)) ? 'row' : 'address';
  return { sealed: seal(dataKey, key, aadOf(place, sealedFor)), sealedFor };
}

/** The outcome of binding. `waits` is true if a replica of an older version may run; then nothing was changed. */
export interface Bound {
  readonly bound: number;
  readonly waits: boolean;
  /** Credentials whose key cannot be opened. They stay unchanged. */
  readonly unreadable: readonly string[];
}

/**
 * Seals every key of the old form again, for its address, once no older replica can run. Safe to run in several replicas at once.
 */
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
  // It was deleted, or sealed again by another replica, since the list was read.
  if (row === null || row.sealedFor === 'address') return 'done';
  try {
    const sealed = row.sealed === null ? null : seal(dataKey, openKey(dataKey, row), aadOf(row, 'address'));
    await tx
      .update(table)
      .set({ sealed, sealedFor: 'address', ...otherBeside(dataKey, row, sealed) })
      .where(and(eq(table.id, id), eq(table.sealedFor, 'row')));
    return 'bound';
  } catch (error) {
    if (error instanceof UnsealFailure) return 'unreadable';
    throw error;
  }
}

/** Returns the other secret of a row, sealed to open beside the new seal of the first. */
function otherBeside(dataKey: Buffer, row: credentials.CredentialRow, sealed: Buffer | null) {
  const other = openOther(dataKey, row, Number.NEGATIVE_INFINITY);
  if (other === null) return NO_OTHER;
  const { text, untilMs } = other;
  return sealOther(dataKey, { ...row, sealed }, { text, lastFour: row.otherLastFour, until: new Date(untilMs) });
}

function aadOf(row: KeyPlace & { readonly id: string }, sealedFor: 'row' | 'address'): string {
  return sealedFor === 'row' ? row.id : `credential ${row.id} ${keyAddress(row)}`;
}
