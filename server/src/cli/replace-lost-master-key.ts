import { closeUnkeyedChains, rememberAppended } from '../store/audit/audit.ts';
import { openedBy, openInstallation, readInstallation } from '../store/installation/installation.ts';
import { servingProcesses } from '../store/installation/lease.ts';
import { migrate } from '../store/installation/migrate.ts';
import { replaceContentKeys, replaceDataKeys } from '../store/sealing/lost-master-key.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { asFailure, configOf } from './operator.ts';
import { appendAsOperator, openForKeys, operatorTrail } from './operator-context.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

const WARNING =
  'This cannot be undone. All earlier keys, admin tokens, links and sessions stop working. Stored provider keys, webhook secrets, authenticator apps and prompts can no longer be decrypted. ' +
  'Only hashes protect earlier audit events. First look for any remaining copy of the master key. If there is none, run this again with --yes.';

/**
 * Gives an installation whose master key was lost the new key of the settings. All processes must be stopped. After an
 * interruption run it again with the same key.
 */
export async function replaceLostMasterKey(given: Given, settings: readonly string[], io: CommandIo): Promise<void> {
  const config = configOf(io, settings);
  if (!given.has('yes')) throw new BadUsage(WARNING);
  const taken = new AsyncDisposableStack();
  try {
    const { database, masterKey } = await openForKeys(config, io, taken);
    const { db } = database;
    await migrate(database);
    if (config.databaseUrl !== null) await refuseServed(db);
    const row = await readInstallation(db);
    if (row === null)
      throw new CommandFailed('The database has no installation, so there is nothing to replace. Start the gateway.');
    const isOpen = openedBy(row, masterKey) !== null;
    const now = new Date();
    if (!isOpen) await db.transaction((tx) => replaceDataKeys(tx, masterKey, now.getTime()));
    const installation = await openInstallation(db, masterKey);
    if (!installation.audit.isReplaced)
      throw new CommandFailed('The given master key opens this database, so it is not lost. Nothing was changed.');
    const trail = operatorTrail(config, installation, io);
    const wrappers = { master: masterKey, installation: installation.content };
    const content = await replaceContentKeys(db, wrappers);
    const chains = await closeUnkeyedChains(db, trail, { now: () => now });
    const object = { objectType: 'installation', objectId: 'master_key', objectName: null };
    const event = { action: 'master_key.replace_lost', ...object, before: null, after: { content_keys: content, chains } };
    await rememberAppended(trail, [await db.transaction((tx) => appendAsOperator(tx, trail, now, event))]);
    io.out(`The new master key opens the database. New content keys: ${content}; audit chains closed: ${chains}.\n`);
    io.err('Start the gateway and follow docs/operating.md, "When the master key is lost".\n');
  } catch (error) {
    throw asFailure(error);
  } finally {
    await taken.disposeAsync();
  }
}

async function refuseServed(db: Parameters<typeof servingProcesses>[0]): Promise<void> {
  const serving = await servingProcesses(db);
  if (serving.length === 0) return;
  const where = serving.map((one) => one.where).join(', ');
  throw new CommandFailed(
    `Stop all processes first: ${where}. They still have the lost keys in memory, so read docs/operating.md, "When the master key is lost", before you stop them. A process that crashed is listed for ten minutes.`,
  );
}
