import { masterKeyName } from '../lib/secrets.ts';
import { adoptNextMasterKey, dropNextMasterKey, nextMasterKeyFor } from '../settings/data-directory.ts';
import { masterKeySource, readMasterKey } from '../settings/master-key.ts';
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
import { appendAsOperator, type House, openHouse } from './house.ts';
import { asFailure, configOf } from './operator.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

/** The prefix of the settings that give the new key. The current key comes from the settings without `NEW`. */
const NEW_KEY = 'HEADGATE_NEW_MASTER_KEY';

/**
 * Rotates the master key in two runs. The first lets both keys open the installation. The second, after all processes were
 * restarted with the new key, disables the old one. Each run does what is possible at its time, so an interrupted run is simply
 * repeated.
 */
export async function rotateMasterKey(given: Given, settings: readonly string[], io: CommandIo): Promise<void> {
  if (given.has('undo') && given.has('renew-pepper')) throw new BadUsage('--undo and --renew-pepper: give one of them.');
  const config = configOf(io, settings);
  const taken = new AsyncDisposableStack();
  try {
    const house = await openHouse(config, io, taken);
    if (given.has('undo')) await undo(house);
    else await rotate(house, given.has('renew-pepper'));
  } catch (error) {
    throw asFailure(error);
  } finally {
    await taken.disposeAsync();
  }
}

async function rotate(house: House, renewsPepper: boolean): Promise<void> {
  const { db, masterKey, config, io } = house;
  await refuseOlderProcesses(db);
  const row = await readInstallation(db);
  const isBegun = row !== null && row.nextMasterKeyCheck !== null;
  const isGiven = row !== null && openedBy(row, masterKey) === 'next';
  const to = isGiven ? masterKey : await newKeyOf(house);
  if (!isBegun && to.equals(masterKey)) return io.out('Finished: HEADGATE_MASTER_KEY is the new key, and no other one opens.\n');
  if (isBegun && openedBy(row, to) !== 'next')
    throw new NotRotated(
      `A rotation to another key was begun: give that key in ${NEW_KEY}, or give the rotation up with --undo.`,
    );
  if (isBegun && renewsPepper) throw new NotRotated('A rotation was begun: finish it before the pepper is renewed.');
  if (!isBegun) await begin(house, to, renewsPepper);
  // From here both keys open the installation, so a crash between any of these steps does no harm.
  if (config.masterKey.from === 'data directory') adoptNextMasterKey(config.dataDir);
  // No process can serve an embedded database while this command has it open.
  const waiting = config.databaseUrl === null ? [] : await processesWithout(db, to);
  if (waiting.length === 0) return finish(house, to);
  const told = waitsFor(waiting);
  if (isGiven) throw new CommandFailed(told);
  io.out(`Both keys open. ${told}\n`);
}

async function newKeyOf({ config, io }: House): Promise<Buffer> {
  const source = masterKeySource(NEW_KEY, (name) => io.env[name] ?? '');
  if (source.from !== 'data directory') return readMasterKey(source, config.dataDir);
  if (config.masterKey.from === 'data directory') return nextMasterKeyFor(config.dataDir);
  throw new BadUsage(`${NEW_KEY}, ${NEW_KEY}_FILE or ${NEW_KEY}_COMMAND must give the new key.`);
}

async function begin(house: House, to: Buffer, renewsPepper: boolean): Promise<void> {
  const { db, installation, masterKey: from, io } = house;
  const wrappers = { master: from, installation: installation.content };
  // Not in the transaction that changes the keys: it takes longer with more organizations, and a crash keeps what is done.
  const { bound, unreadable } = await bindContentKeys(db, wrappers);
  if (bound > 0) io.err(`${bound} content keys are wrapped by the installation's content key now.\n`);
  if (unreadable.length > 0)
    io.err(
      `The content keys of ${unreadable.length} organizations open with no key, and stay: ${unreadable.slice(0, 10).join(', ')}.\n`,
    );
  const after = { key: masterKeyName(to), renews_pepper: renewsPepper };
  await audited(house, 'master_key.rotation_begin', after, (tx) => beginRotation(tx, wrappers, { from, to, renewsPepper }));
}

async function finish(house: House, to: Buffer): Promise<void> {
  await audited(house, 'master_key.rotate', { key: masterKeyName(to) }, (tx) => finishRotation(tx, to));
  house.io.out('Finished: the old key opens nothing any more. Start processes with the new one alone.\n');
}

async function undo(house: House): Promise<void> {
  await audited(house, 'master_key.rotation_undo', {}, (tx) => undoRotation(tx, house.masterKey));
  if (house.config.masterKey.from === 'data directory') dropNextMasterKey(house.config.dataDir);
  house.io.out('Given up: the new key opens nothing, and the present one goes on.\n');
}

async function audited(
  { db, audit }: House,
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
    `Not finished: started with the old key are ${named.join(', ')}${more}. ` +
    'Start each again with the new key, and run this again. One that crashed counts for ten minutes.'
  );
}
