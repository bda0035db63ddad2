import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { AuditKey } from '../domain/audit-chain.ts';
import { newDataKey, open, seal, unwrapKey, wrapKey } from '../lib/secrets.ts';
import type { Database } from './database.ts';
import { installation } from './schema.ts';

/** This installation's own keys, unwrapped: memory only. */
export interface Installation {
  /** Names the installation to its journal; says nothing of its keys. */
  readonly id: string;
  readonly pepper: Buffer;
  readonly credentials: Buffer;
  /** Chains the audit log. */
  readonly audit: AuditKey;
  /** True when this start made it: nothing was here before. */
  readonly isNew: boolean;
  /** True when this start made the audit key for an installation that had none: after an upgrade, or after somebody removed it. */
  readonly isAuditKeyNew: boolean;
}

/** The master key is not the one that this database's secrets were wrapped with. Nothing was touched. */
export class WrongMasterKey extends Error {}

const PURPOSES = ['pepper', 'credentials', 'audit'] as const;
const CHECK = 'headgate master key check';
/** How long after the upgrade a replica of the version before may still write events without the key. */
const UNKEYED_MS = 7 * 86_400_000;
const AUDIT_KEY_BYTES = 32;

type InstallationRow = typeof installation.$inferSelect;

/** Opens the installation's keys with the master key, or makes them on an empty database. Throws WrongMasterKey. */
export async function openInstallation(db: Database, masterKey: Buffer): Promise<Installation> {
  const [known] = await db.select().from(installation);
  if (known !== undefined) return withAuditKey(db, known, masterKey);
  const keys = { pepper: newDataKey(), credentials: newDataKey(), audit: auditSecret(0) };
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
  return { ...(await withAuditKey(db, stored, masterKey)), isNew: true };
}

/** Before anything is migrated: an installation that another master key sealed is refused while it is still untouched. */
export async function refuseWrongMasterKey(db: Database, masterKey: Buffer): Promise<void> {
  const { rows } = await db.execute<{ known: boolean }>(sql`select to_regclass('installation') is not null as known`);
  if (rows[0]?.known !== true) return;
  const [known] = await db.select().from(installation);
  if (known !== undefined) refuseOther(known, masterKey);
}

/**
 * An installation of a version without an audit key gets one. Whichever process is first makes it, and the others read that one. It is one
 * wrapped value with the time until which events without the key are accepted: neither can be changed or removed without the other.
 */
async function withAuditKey(db: Database, known: InstallationRow, masterKey: Buffer): Promise<Installation> {
  if (known.wrappedKeys.audit !== undefined) return opened(known, masterKey);
  refuseOther(known, masterKey);
  const audit = wrapKey(masterKey, auditSecret(Date.now() + UNKEYED_MS), 'audit').toString('base64');
  await db
    .update(installation)
    .set({ wrappedKeys: sql`${installation.wrappedKeys} || ${JSON.stringify({ audit })}::jsonb` })
    .where(sql`not ${installation.wrappedKeys} ? 'audit'`);
  const [stored] = await db.select().from(installation);
  if (stored === undefined) throw new Error('the installation row cannot be read back');
  return { ...opened(stored, masterKey), isAuditKeyNew: true };
}

function auditSecret(unkeyedUntilMs: number): Buffer {
  const until = Buffer.alloc(8);
  until.writeBigUInt64BE(BigInt(unkeyedUntilMs));
  return Buffer.concat([newDataKey(), until]);
}

function refuseOther({ masterKeyCheck }: InstallationRow, masterKey: Buffer): void {
  try {
    open(masterKey, Buffer.from(masterKeyCheck, 'base64'), CHECK);
  } catch {
    throw new WrongMasterKey('HEADGATE_MASTER_KEY is not the key that the secrets of this database were sealed with.');
  }
}

function opened(row: InstallationRow, masterKey: Buffer): Installation {
  refuseOther(row, masterKey);
  const keyOf = (purpose: (typeof PURPOSES)[number]) =>
    unwrapKey(masterKey, Buffer.from(row.wrappedKeys[purpose] ?? '', 'base64'), purpose);
  const [pepper, credentials, audit] = [keyOf('pepper'), keyOf('credentials'), keyOf('audit')];
  return {
    id: createHash('sha256').update(pepper).digest('hex').slice(0, 32),
    pepper,
    credentials,
    audit: { key: audit.subarray(0, AUDIT_KEY_BYTES), unkeyedUntilMs: Number(audit.readBigUInt64BE(AUDIT_KEY_BYTES)) },
    isNew: false,
    isAuditKeyNew: false,
  };
}
