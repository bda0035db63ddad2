import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { newDataKey, open, seal, unwrapKey, wrapKey } from '../lib/secrets.ts';
import type { Database } from './database.ts';
import { installation } from './schema.ts';

/** This installation's own keys, unwrapped: memory only. */
export interface Installation {
  /** Names the installation to its journal; says nothing of its keys. */
  readonly id: string;
  readonly pepper: Buffer;
  readonly credentials: Buffer;
  /** True when this start made it: nothing was here before. */
  readonly isNew: boolean;
}

/** The master key is not the one that this database's secrets were wrapped with. Nothing was touched. */
export class WrongMasterKey extends Error {}

const PURPOSES = ['pepper', 'credentials'] as const;
const CHECK = 'headgate master key check';

/** Opens the installation's keys with the master key, or makes them on an empty database. Throws WrongMasterKey. */
export async function openInstallation(db: Database, masterKey: Buffer): Promise<Installation> {
  const [known] = await db.select().from(installation);
  if (known !== undefined) return opened(known, masterKey);
  const keys = { pepper: newDataKey(), credentials: newDataKey() };
  const wrappedKeys = Object.fromEntries(
    PURPOSES.map((purpose) => [purpose, wrapKey(masterKey, keys[purpose], purpose).toString('base64')]),
  );
  await db
    .insert(installation)
    .values({ wrappedKeys, masterKeyCheck: seal(masterKey, CHECK, CHECK).toString('base64') })
    .onConflictDoNothing();
  // Another process may have been first: what is stored is what counts.
  const [stored] = await db.select().from(installation);
  if (stored === undefined) throw new Error('the installation row cannot be read back');
  return { ...opened(stored, masterKey), isNew: true };
}

/** Before anything is migrated: an installation that another master key sealed is refused while it is still untouched. */
export async function refuseWrongMasterKey(db: Database, masterKey: Buffer): Promise<void> {
  const { rows } = await db.execute<{ known: boolean }>(sql`select to_regclass('installation') is not null as known`);
  if (rows[0]?.known !== true) return;
  const [known] = await db.select().from(installation);
  if (known !== undefined) opened(known, masterKey);
}

function opened({ wrappedKeys, masterKeyCheck }: typeof installation.$inferSelect, masterKey: Buffer): Installation {
  try {
    open(masterKey, Buffer.from(masterKeyCheck, 'base64'), CHECK);
  } catch {
    throw new WrongMasterKey('HEADGATE_MASTER_KEY is not the key that the secrets of this database were sealed with.');
  }
  const [pepper, credentials] = PURPOSES.map((purpose) =>
    unwrapKey(masterKey, Buffer.from(wrappedKeys[purpose] ?? '', 'base64'), purpose),
  );
  if (pepper === undefined || credentials === undefined) throw new Error('the installation has no keys');
  return { id: createHash('sha256').update(pepper).digest('hex').slice(0, 32), pepper, credentials, isNew: false };
}
