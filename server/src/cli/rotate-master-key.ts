import { masterKeyName } from '../lib/secrets.ts';
import { adoptNextMasterKey, dropNextMasterKey, nextMasterKeyFor } from '../settings/data-directory.ts';
import { masterKeySource, nameOfMasterKey, readMasterKey } from '../settings/master-key.ts';
import { rememberAppended } from '../store/audit/audit.ts';
import type { Database } from '../store/database.ts';
import { openedBy, readInstallation } from '../store/installation/installation.ts';
import type { ServingProcess } from '../store/installation/lease.ts';
import { bindContentKeys } from '../store/sealing/content-keys.ts';
import {
  beginRotation,
  finishRotation,
  NotRotated,
  processesWithout,
  refuseOlderProcesses,
  undoRotation,
} from '../store/sealing/master-key-rotation.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { asFailure, configOf } from './operator.ts';
import { appendAsOperator, type OperatorContext, openOperatorContext } from './operator-context.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

/** The prefix of the settings that give the new key. The current key comes from the settings without `NEW`. */
const NEW_KEY = 'HEADGATE_NEW_MASTER_KEY';

/**
 * Rotates the master key in two runs. The first lets both keys open the installation. The second, after all processes were
 * restarted with the new key, disables the old one. Each run does what is possible at its time, so an interrupted run is simply
 * repeated.
 */
export async function rotateMasterKey(given: Given, settings: readonly string[], io: CommandIo): Promise<void> {
  if (given.has('undo') && given.has('renew-pepper'))
    throw new BadUsage('--undo and --renew-pepper cannot be combined. Use one of them.');
  const config = configOf(io, settings);
  const taken = new AsyncDisposableStack();
  try {
    const context = await openOperatorContext(config, io, taken);
    if (given.has('undo')) await undo(context);
    else await rotate(context, given.has('renew-pepper'));
  } catch (error) {
    throw asFailure(error);
  } finally {
    await taken.disposeAsync();
  }
}

async function rotate(context: OperatorContext, renewsPepper: boolean): Promise<void> {
  const { db, masterKey, config, io } = context;
  await refuseOlderProcesses(db);
  const row = await readInstallation(db);
  const isBegun = row !== null && row.nextMasterKeyCheck !== null;
  const isGiven = row !== null && openedBy(row, masterKey) === 'next';
  const to = isGiven ? masterKey : await newKeyOf(context);
  if (!isBegun && to.equals(masterKey))
    return io.out(`Finished: ${nameOfMasterKey(config.masterKey)} is the new key, and only this key opens the installation.\n`);
  if (isBegun && openedBy(row, to) !== 'next')
    throw new NotRotated(`A rotation to another key was started. Set ${NEW_KEY} to that key, or undo the rotation with --undo.`);
  if (isBegun && renewsPepper) throw new NotRotated('A rotation was already started. Finish it without --renew-pepper first.');
  if (!isBegun) await begin(context, to, renewsPepper);
  // From here both keys open the installation, so a crash between any of these steps does no harm.
  if (config.masterKey.from === 'data directory') adoptNextMasterKey(config.dataDir);
  // No process can serve an embedded database while this command has it open.
  const waiting = config.databaseUrl === null ? [] : await processesWithout(db, to);
  if (waiting.length === 0) return finish(context, to);
  const told = waitsFor(waiting);
  if (isGiven) throw new CommandFailed(told);
  io.out(`Both keys open the installation. ${told}\n`);
}

async function newKeyOf({ config, io }: OperatorContext): Promise<Buffer> {
  const source = masterKeySource(NEW_KEY, (name) => io.env[name] ?? '');
  if (source.from !== 'data directory') return readMasterKey(source, config.dataDir);
  if (config.masterKey.from === 'data directory') return nextMasterKeyFor(config.dataDir);
  throw new BadUsage(`The new key is missing. Set ${NEW_KEY}, ${NEW_KEY}_FILE or ${NEW_KEY}_COMMAND.`);
}

async function begin(context: OperatorContext, to: Buffer, renewsPepper: boolean): Promise<void> {
  const { db, installation, masterKey: from, io } = context;
  const wrappers = { master: from, installation: installation.content };
  // Not in the transaction that changes the keys: it takes longer with more organizations, and a crash keeps what is done.
  const { bound, unreadable } = await bindContentKeys(db, wrappers);
  if (bound > 0) io.err(`${bound} content keys are now wrapped with the installation's content key.\n`);
  if (unreadable.length > 0)
    io.err(
      `The content keys of ${unreadable.length} organizations cannot be decrypted and were not changed: ${unreadable.slice(0, 10).join(', ')}.\n`,
    );
  const after = { key: masterKeyName(to), renews_pepper: renewsPepper };
  await audited(context, 'master_key.rotation_begin', after, (tx) => beginRotation(tx, wrappers, { from, to, renewsPepper }));
}

async function finish(context: OperatorContext, to: Buffer): Promise<void> {
  await audited(context, 'master_key.rotate', { key: masterKeyName(to) }, (tx) => finishRotation(tx, to));
  context.io.out('Finished: the old key no longer opens anything. Start processes with the new key only.\n');
}

async function undo(context: OperatorContext): Promise<void> {
  await audited(context, 'master_key.rotation_undo', {}, (tx) => undoRotation(tx, context.masterKey));
  if (context.config.masterKey.from === 'data directory') dropNextMasterKey(context.config.dataDir);
  context.io.out('Undone: the new key opens nothing, and the old key stays in use.\n');
}

async function audited(
  { db, audit }: OperatorContext,
  action: string,
  after: object,
  work: (tx: Database) => Promise<void>,
): Promise<void> {
  const appended = await db.transaction(async (tx) => {
    await work(tx);
    const object = { objectType: 'installation', objectId: 'master_key', objectName: null };
    return appendAsOperator(tx, audit, new Date(), { action, ...object, before: null, after });
  });
  await rememberAppended(audit, [appended]);
}

function waitsFor(waiting: readonly ServingProcess[]): string {
  const named = waiting.slice(0, 10).map(({ where }) => where);
  const more = waiting.length > named.length ? ` and ${waiting.length - named.length} more` : '';
  return (
    `Not finished: these processes still use the old key: ${named.join(', ')}${more}. ` +
    'Restart each with the new key, then run this again. A process that crashed is listed for ten minutes.'
  );
}
