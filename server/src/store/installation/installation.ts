import { createHash } from 'node:crypto';
import { isNull, sql } from 'drizzle-orm';
import type { AuditKey } from '../../domain/audit/audit-chain.ts';
import { newDataKey, open, seal, UnsealFailure, unwrapKey, wrapKey } from '../../lib/secrets.ts';
import type { Database } from '../database.ts';
import { installation } from '../schema.ts';

/** This installation's own keys, unwrapped: memory only. */
export interface Installation {
  /** Names the installation to its journal; says nothing of its keys. */
  readonly id: string;
  /** New hashes of keys, admin tokens and links are made with it. */
  readonly pepper: Buffer;
  /** While the pepper is renewed, the other one with which a stored hash may have been made. */
  readonly otherPepper: OtherPepper | null;
  readonly credentials: Buffer;
  /** Wraps organizations' content keys. */
  readonly content: Buffer;
  /** Chains the audit log. */
  readonly audit: AuditKey;
  /** True when this start made it: nothing was here before. */
  readonly isNew: boolean;
  /** True when this start made the audit key for an installation that had none: after an upgrade, or after somebody removed it. */
  readonly isAuditKeyNew: boolean;
  /** Whether two master keys open it, and which of them did. */
  readonly rotation: 'none' | 'opened with the old key' | 'opened with the new key';
}

/** A second pepper. Hashes under the one before move to the present one when their secret is used; to the next one nothing moves yet. */
export interface OtherPepper {
  readonly is: 'before' | 'next';
  readonly pepper: Buffer;
}

/** The master key is not the one that this database's secrets were wrapped with. Nothing was touched. */
export class WrongMasterKey extends Error {}

/** Data keys by purpose, wrapped by one master key, in base64. */
export type WrappedKeys = Readonly<Record<string, string>>;
export type InstallationRow = typeof installation.$inferSelect;

/** The purposes of data keys that every installation has. */
const PURPOSES = ['pepper', 'credentials', 'audit', 'content'] as const;
/** The pepper before the present one, and one that follows it when the master key's rotation ends. */
export const PEPPER_BEFORE = 'pepper-before';
export const PEPPER_NEXT = 'pepper-next';

const CHECK = 'headgate master key check';
/** How long after the upgrade a replica of the version before may still write events without the key. */
const UNKEYED_MS = 7 * 86_400_000;
const AUDIT_KEY_BYTES = 32;
const TIME_BYTES = 8;

/** Opens the installation's keys with the master key, or makes them on an empty database. Throws WrongMasterKey. */
export async function openInstallation(db: Database, masterKey: Buffer): Promise<Installation> {
  const known = await readInstallation(db);
  if (known !== null) return completed(db, known, masterKey);
  await db
    .insert(installation)
    .values(newKeys(masterKey, auditSecret(0)))
    .onConflictDoNothing();
  // Another process may have been first: what is stored is what counts.
  return { ...(await completed(db, await readAgain(db), masterKey)), isNew: true };
}

/** Before anything is migrated: an installation that another master key sealed is refused while it is still untouched. */
export async function refuseWrongMasterKey(db: Database, masterKey: Buffer): Promise<void> {
  const { rows } = await db.execute<{ known: boolean }>(sql`select to_regclass('installation') is not null as known`);
  if (rows[0]?.known !== true) return;
  // The table may be one of a version before, without the columns that came since.
  const { rows: stored } = await db.execute<{ checks: (string | null)[] }>(
    sql`select array[kept->>'master_key_check', kept->>'next_master_key_check'] as checks from (select to_jsonb(installation) as kept from installation) as one`,
  );
  const [known] = stored;
  if (known !== undefined && !known.checks.some((check) => check !== null && isCheckOf(check, masterKey))) throw wrongKey();
}

/** Returns the row; null on an empty database. */
export async function readInstallation(db: Database): Promise<InstallationRow | null> {
  const [row] = await db.select().from(installation);
  return row ?? null;
}

/** Which of the wrapped keys a master key opens; null: none of them. */
export function openedBy(row: InstallationRow, masterKey: Buffer): 'present' | 'next' | null {
  if (isCheckOf(row.masterKeyCheck, masterKey)) return 'present';
  return row.nextMasterKeyCheck !== null && isCheckOf(row.nextMasterKeyCheck, masterKey) ? 'next' : null;
}

/** A value that only its own master key opens. */
export function checkOf(masterKey: Buffer): string {
  return seal(masterKey, CHECK, CHECK).toString('base64');
}

/** New data keys for each purpose, wrapped. */
export function newKeys(
  masterKey: Buffer,
  audit: Buffer,
): { readonly wrappedKeys: WrappedKeys; readonly masterKeyCheck: string } {
  const keys = { pepper: newDataKey(), credentials: newDataKey(), audit, content: newDataKey() };
  const wrappedKeys = Object.fromEntries(PURPOSES.map((purpose) => [purpose, wrapped(masterKey, keys[purpose], purpose)]));
  return { wrappedKeys, masterKeyCheck: checkOf(masterKey) };
}

/**
 * The audit key as it is wrapped: 32 random bytes, the time until which events without its MAC are accepted, and whether a key before it was
 * lost. It is one value, so none of these can be changed or removed without the others.
 */
export function auditSecret(unkeyedUntilMs: number, { isReplaced = false } = {}): Buffer {
  const until = Buffer.alloc(TIME_BYTES);
  until.writeBigUInt64BE(BigInt(unkeyedUntilMs));
  return Buffer.concat([newDataKey(), until, Buffer.alloc(isReplaced ? 1 : 0, 1)]);
}

/** Wraps a data key for a purpose, as text. */
export function wrapped(masterKey: Buffer, key: Buffer, purpose: string): string {
  return wrapKey(masterKey, key, purpose).toString('base64');
}

/** Opens the wrapped data key of a purpose; null where there is none. Throws UnsealFailure with another master key. */
export function unwrapped(masterKey: Buffer, keys: WrappedKeys, purpose: string): Buffer | null {
  const text = keys[purpose];
  return text === undefined ? null : unwrapKey(masterKey, Buffer.from(text, 'base64'), purpose);
}

/** The id that an installation's journals know it by, as long as no other is stored. */
function journalIdOf(pepper: Buffer): string {
  return createHash('sha256').update(pepper).digest('hex').slice(0, 32);
}

/** An installation of a version before lacks keys: whichever process is first makes them, and the others read those. */
async function completed(db: Database, known: InstallationRow, masterKey: Buffer): Promise<Installation> {
  const { is, keys } = keysFor(known, masterKey);
  const missing = PURPOSES.filter((purpose) => keys[purpose] === undefined);
  for (const purpose of missing) await addKey(db, is, purpose, masterKey);
  const row = missing.length === 0 ? known : await readAgain(db);
  const found = opened(row, masterKey);
  if (row.journalId === null) await db.update(installation).set({ journalId: found.id }).where(isNull(installation.journalId));
  return { ...found, isAuditKeyNew: missing.includes('audit') };
}

async function addKey(db: Database, is: 'present' | 'next', purpose: string, masterKey: Buffer): Promise<void> {
  const column = is === 'present' ? installation.wrappedKeys : installation.nextWrappedKeys;
  const key = purpose === 'audit' ? auditSecret(Date.now() + UNKEYED_MS) : newDataKey();
  const more = sql`${column} || ${JSON.stringify({ [purpose]: wrapped(masterKey, key, purpose) })}::jsonb`;
  await db
    .update(installation)
    .set(is === 'present' ? { wrappedKeys: more } : { nextWrappedKeys: more })
    .where(sql`not ${column} ? ${purpose}::text`);
}

async function readAgain(db: Database): Promise<InstallationRow> {
  const stored = await readInstallation(db);
  if (stored === null) throw new Error('the installation row cannot be read back');
  return stored;
}

function isCheckOf(check: string, masterKey: Buffer): boolean {
  try {
    open(masterKey, Buffer.from(check, 'base64'), CHECK);
    return true;
  } catch {
    return false;
  }
}

function wrongKey(): WrongMasterKey {
  return new WrongMasterKey('HEADGATE_MASTER_KEY is not the key that the secrets of this database were sealed with.');
}

function keysFor(row: InstallationRow, masterKey: Buffer) {
  const is = openedBy(row, masterKey);
  if (is === null) throw wrongKey();
  return { is, keys: is === 'present' ? row.wrappedKeys : (row.nextWrappedKeys ?? {}) };
}

function opened(row: InstallationRow, masterKey: Buffer): Installation {
  const { is, keys } = keysFor(row, masterKey);
  const keyOf = (purpose: (typeof PURPOSES)[number]) => {
    const key = unwrapped(masterKey, keys, purpose);
    if (key === null) throw new UnsealFailure();
    return key;
  };
  const pepper = keyOf('pepper');
  return {
    id: row.journalId ?? journalIdOf(pepper),
    pepper,
    otherPepper: otherPepperOf(masterKey, keys),
    credentials: keyOf('credentials'),
    content: keyOf('content'),
    audit: auditKeyOf(keyOf('audit')),
    isNew: false,
    isAuditKeyNew: false,
    rotation: row.nextMasterKeyCheck === null ? 'none' : is === 'present' ? 'opened with the old key' : 'opened with the new key',
  };
}

function otherPepperOf(masterKey: Buffer, keys: WrappedKeys): OtherPepper | null {
  const next = unwrapped(masterKey, keys, PEPPER_NEXT);
  if (next !== null) return { is: 'next', pepper: next };
  const before = unwrapped(masterKey, keys, PEPPER_BEFORE);
  return before === null ? null : { is: 'before', pepper: before };
}

function auditKeyOf(secret: Buffer): AuditKey {
  return {
    key: secret.subarray(0, AUDIT_KEY_BYTES),
    unkeyedUntilMs: Number(secret.readBigUInt64BE(AUDIT_KEY_BYTES)),
    isReplaced: secret.length > AUDIT_KEY_BYTES + TIME_BYTES,
  };
}
