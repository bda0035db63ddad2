/**
 * Rotates the master key. It wraps a few data keys, which are first wrapped a second time under the new key. From then on both
 * keys open the installation. The operator restarts the processes with the new key; running processes need no master key. At the
 * end, the data keys wrapped by the old key are deleted. No master key is ever stored, not even encrypted, so a copy of the
 * database reveals neither.
 *
 * A rotation can also renew the pepper, because all processes must know the new pepper before one of them uses it.
 */
import { sql } from 'drizzle-orm';
import { masterKeyName, newDataKey, rewrapKey } from '../../lib/secrets.ts';
import type { Database } from '../database.ts';
import {
  checkOf,
  type InstallationRow,
  openedBy,
  PEPPER_BEFORE,
  PEPPER_NEXT,
  unwrapped,
  type WrappedKeys,
  wrapped,
} from '../installation/installation.ts';
import { mayRunBefore, type ServingProcess, servingProcesses } from '../installation/lease.ts';
import { installation } from '../schema.ts';
import { bindContentKeys, CONTENT_KEYS_SINCE } from './content-keys.ts';
import { countUnderOthers } from './peppers.ts';

/** The master key cannot be rotated now, and nothing was changed. The message is one line for the operator. */
export class NotRotated extends Error {}

/** The old and the new master key. `renewsPepper` is true to renew the pepper as well. */
export interface Rotation {
  readonly from: Buffer;
  readonly to: Buffer;
  readonly renewsPepper: boolean;
}

/** Throws NotRotated while a process may run whose version does not support two master keys. */
export async function refuseOlderProcesses(db: Database): Promise<void> {
  const serving = await servingProcesses(db);
  if ((await mayRunBefore(db, CONTENT_KEYS_SINCE)) || serving.some(({ masterKey }) => masterKey === null))
    throw new NotRotated(
      'A process of an earlier version serves this database, or did so a moment ago. Upgrade all processes, wait a minute, and run this again.',
    );
}

/** Lets both the old and the new key open the installation. Call it in its own transaction. Throws NotRotated. */
export async function beginRotation(
  tx: Database,
  wrappers: { readonly master: Buffer; readonly installation: Buffer },
  { from, to, renewsPepper }: Rotation,
): Promise<void> {
  const row = await lockInstallation(tx);
  if (row.nextMasterKeyCheck !== null || openedBy(row, from) !== 'present')
    throw new NotRotated('Another rotation was started at the same time. Run this again.');
  // Creation of an organization waits for this transaction, or committed before it. So no content key stays under the old master
  // key.
  await bindContentKeys(tx, wrappers);
  const kept = await withoutUnusedPepper(tx, row.wrappedKeys, from, renewsPepper);
  const next = Object.fromEntries(
    Object.entries(kept).map(([purpose, text]) => [purpose, rewrapKey({ from, to }, Buffer.from(text, 'base64'), purpose)]),
  );
  const nextWrappedKeys = Object.fromEntries(Object.entries(next).map(([purpose, key]) => [purpose, key.toString('base64')]));
  if (renewsPepper) nextWrappedKeys[PEPPER_NEXT] = wrapped(to, newDataKey(), PEPPER_NEXT);
  await tx.update(installation).set({ nextWrappedKeys, nextMasterKeyCheck: checkOf(to) });
}

/** Returns the processes that run with another master key than the given one. */
export async function processesWithout(db: Database, to: Buffer): Promise<readonly ServingProcess[]> {
  const name = masterKeyName(to);
  return (await servingProcesses(db)).filter(({ masterKey }) => masterKey !== name);
}

/**
 * Deletes the keys that the old key wraps, so that it no longer opens anything. Call it in its own transaction. Throws
 * NotRotated.
 */
export async function finishRotation(tx: Database, to: Buffer): Promise<void> {
  const row = await lockInstallation(tx);
  if (row.nextWrappedKeys === null || row.nextMasterKeyCheck === null || openedBy(row, to) !== 'next')
    throw new NotRotated('The rotation was finished or undone at the same time. Run this again.');
  await tx.update(installation).set({
    wrappedKeys: withRenewedPepper(row.nextWrappedKeys, to),
    masterKeyCheck: row.nextMasterKeyCheck,
    nextWrappedKeys: null,
    nextMasterKeyCheck: null,
  });
}

/** Cancels a rotation: the new key no longer opens anything. Throws NotRotated while a process runs with it. */
export async function undoRotation(tx: Database, from: Buffer): Promise<void> {
  const row = await lockInstallation(tx);
  if (row.nextMasterKeyCheck === null) throw new NotRotated('No rotation was started, so there is nothing to undo.');
  if (openedBy(row, from) !== 'present')
    throw new NotRotated('Undoing a rotation needs the old key. Set HEADGATE_MASTER_KEY to it.');
  const others = await processesWithout(tx, from);
  if (others.length > 0)
    throw new NotRotated(
      `These processes use the new key: ${others.map(({ where }) => where).join(', ')}. Restart them with the old key first.`,
    );
  await tx.update(installation).set({ nextWrappedKeys: null, nextMasterKeyCheck: null });
}

async function lockInstallation(tx: Database): Promise<InstallationRow> {
  const [row] = await tx.select().from(installation).for('update');
  if (row === undefined) throw new NotRotated('The database has no installation. Start the gateway first.');
  return row;
}

/**
 * Removes the previous pepper if no valid secret is hashed with it. Throws NotRotated if it is still used and the pepper is to be
 * renewed.
 */
async function withoutUnusedPepper(tx: Database, keys: WrappedKeys, from: Buffer, renewsPepper: boolean): Promise<WrappedKeys> {
  const { [PEPPER_BEFORE]: before, ...rest } = keys;
  const pepper = unwrapped(from, keys, 'pepper');
  if (before === undefined || pepper === null) return keys;
  await tx.execute(sql`set local statement_timeout = '10min'`);
  const left = await countUnderOthers(tx, pepper);
  if (left.keys + left.tokens === 0) return rest;
  if (!renewsPepper) return keys;
  throw new NotRotated(
    `The pepper was renewed before, and ${left.keys} keys and ${left.tokens} admin tokens still depend on the old one, because they were not used since. Revoke or rotate them first.`,
  );
}

function withRenewedPepper(keys: WrappedKeys, to: Buffer): WrappedKeys {
  const { [PEPPER_NEXT]: _, ...rest } = keys;
  const [pepper, next] = [unwrapped(to, keys, 'pepper'), unwrapped(to, keys, PEPPER_NEXT)];
  if (pepper === null || next === null) return keys;
  return { ...rest, pepper: wrapped(to, next, 'pepper'), [PEPPER_BEFORE]: wrapped(to, pepper, PEPPER_BEFORE) };
}
