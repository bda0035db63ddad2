import { createHash } from 'node:crypto';
import { isNull, sql } from 'drizzle-orm';
import type { AuditKey } from '../../domain/audit/audit-chain.ts';
import { newDataKey, open, seal, UnsealFailure, unwrapKey, wrapKey } from '../../lib/secrets.ts';
import type { Database } from '../database.ts';
import { installation } from '../schema.ts';

/** This installation's unwrapped keys, which exist only in memory. */
export interface Installation {
  /** Identifies the installation in its journal. It reveals nothing about the keys. */
  readonly id: string;
  /** The pepper of new hashes of keys, admin tokens and links. */
  readonly pepper: Buffer;
  /** The second pepper that stored hashes may have while the pepper is renewed, or null. */
  readonly otherPepper: OtherPepper | null;
  readonly credentials: Buffer;
  /** The data key that wraps organizations' content keys. */
  readonly content: Buffer;
  /** The key of the audit chains. */
  readonly audit: AuditKey;
  /** True if the database held no installation at this start. */
  readonly isNew: boolean;
  /** True if an existing installation had no audit key at this start: after an upgrade, or after someone removed the key. */
  readonly isAuditKeyNew: boolean;
  /** The state of the master key's rotation: none, or the key of the two that opened the installation. */
  readonly rotation: 'none' | 'opened with the old key' | 'opened with the new key';
}

/** A second pepper. A hash under `before` moves to the present pepper when its secret is used. No hash moves to `next` yet. */
export interface OtherPepper {
  readonly is: 'before' | 'next';
  readonly pepper: Buffer;
}

/** The master key is not the one that wraps this database's data keys. Nothing was changed. */
export class WrongMasterKey extends Error {}

/** Data keys by purpose, wrapped by one master key, in base64. */
export type WrappedKeys = Readonly<Record<string, string>>;
export type InstallationRow = typeof installation.$inferSelect;

/** The purposes of data keys that every installation has. */
const PURPOSES = ['pepper', 'credentials', 'audit', 'content'] as const;
/**
 * The purpose of the previous pepper. `PEPPER_NEXT` is the one that becomes the present pepper when the master key's rotation
 * ends.
 */
export const PEPPER_BEFORE = 'pepper-before';
export const PEPPER_NEXT = 'pepper-next';

const CHECK = 'headgate master key check';
/** The time after the upgrade for which replicas of the previous version may still write events without the key. */
const UNKEYED_MS = 7 * 86_400_000;
const AUDIT_KEY_BYTES = 32;
const TIME_BYTES = 8;

/** Opens the installation's keys with the master key, or creates them on an empty database. Throws WrongMasterKey. */
export async function openInstallation(db: Database, masterKey: Buffer): Promise<Installation> {
  const known = await readInstallation(db);
  if (known !== null) return completed(db, known, masterKey);
  await db
    .insert(installation)
    .values(newKeys(masterKey, auditSecret(0)))
    .onConflictDoNothing();
  // Another process may have been first, so read what is stored.
  return { ...(await completed(db, await readAgain(db), masterKey)), isNew: true };
}

/**
 * Refuses an installation of another master key before any migration changes it. Returns whether the database has an installation yet.
 * Throws WrongMasterKey, which says where the key came from (`name`).
 */
export async function refuseWrongMasterKey(db: Database, masterKey: Buffer, name = MASTER_KEY): Promise<boolean> {
  const { rows } = await db.execute<{ known: boolean }>(sql`select to_regclass('installation') is not null as known`);
  if (rows[0]?.known !== true) return false;
  // The table may be that of an earlier version, without the newer columns.
  const { rows: stored } = await db.execute<{ checks: (string | null)[] }>(
    sql`select array[kept->>'master_key_check', kept->>'next_master_key_check'] as checks from (select to_jsonb(installation) as kept from installation) as one`,
  );
  const [known] = stored;
  if (known !== undefined && !known.checks.some((check) => check !== null && isCheckOf(check, masterKey))) throw wrongKey(name);
  return known !== undefined;
}

/** Returns the row, or null on an empty database. */
export async function readInstallation(db: Database): Promise<InstallationRow | null> {
  const [row] = await db.select().from(installation);
  return row ?? null;
}

/** Returns which set of wrapped keys a master key opens, or null if neither. */
export function openedBy(row: InstallationRow, masterKey: Buffer): 'present' | 'next' | null {
  if (isCheckOf(row.masterKeyCheck, masterKey)) return 'present';
  return row.nextMasterKeyCheck !== null && isCheckOf(row.nextMasterKeyCheck, masterKey) ? 'next' : null;
}

/** Returns a check value that only this master key opens. */
export function checkOf(masterKey: Buffer): string {
  return seal(masterKey, CHECK, CHECK).toString('base64');
}

/** Returns new wrapped data keys for every purpose. */
export function newKeys(
  masterKey: Buffer,
  audit: Buffer,
): { readonly wrappedKeys: WrappedKeys; readonly masterKeyCheck: string } {
  const keys = { pepper: newDataKey(), credentials: newDataKey(), audit, content: newDataKey() };
  const wrappedKeys = Object.fromEntries(PURPOSES.map((purpose) => [purpose, wrapped(masterKey, keys[purpose], purpose)]));
  return { wrappedKeys, masterKeyCheck: checkOf(masterKey) };
}

/**
 * Returns a new audit key before wrapping. It consists of 32 random bytes, the time until which events without a MAC are
 * accepted, and one more byte if an earlier key was lost. As one value, no part can be changed or removed without the others.
 */
export function auditSecret(unkeyedUntilMs: number, { isReplaced = false } = {}): Buffer {
  const until = Buffer.alloc(TIME_BYTES);
  until.writeBigUInt64BE(BigInt(unkeyedUntilMs));
  return Buffer.concat([newDataKey(), until, Buffer.alloc(isReplaced ? 1 : 0, 1)]);
}

/** Wraps a data key for a purpose. Returns base64. */
export function wrapped(masterKey: Buffer, key: Buffer, purpose: string): string {
  return wrapKey(masterKey, key, purpose).toString('base64');
}

/** Unwraps the data key of a purpose. Returns null if there is none. Throws UnsealFailure with another master key. */
export function unwrapped(masterKey: Buffer, keys: WrappedKeys, purpose: string): Buffer | null {
  const text = keys[purpose];
  return text === undefined ? null : unwrapKey(masterKey, Buffer.from(text, 'base64'), purpose);
}

/** Returns the id of the installation in its journals for the case that none is stored. */
function journalIdOf(pepper: Buffer): string {
  return createHash('sha256').update(pepper).digest('hex').slice(0, 32);
}

/** Adds the keys that an installation of an earlier version lacks. The first process creates them, and the others read them. */
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

const MASTER_KEY = 'HEADGATE_MASTER_KEY';

function wrongKey(name: string): WrongMasterKey {
  return new WrongMasterKey(
    `${name} is not the master key of this database, so its secrets cannot be decrypted. Set the right key.`,
  );
}

function keysFor(row: InstallationRow, masterKey: Buffer) {
  const is = openedBy(row, masterKey);
  if (is === null) throw wrongKey(MASTER_KEY);
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
