/** `headgate archive`: checks, shows and restores the archives of the request log in HEADGATE_ARCHIVE_DIR. */

import { faultOf, listManifests, readManifest } from '../store/archive/archive-files.ts';
import type { Manifest } from '../store/archive/archive-format.ts';
import { recordedArchives } from '../store/archive/archive-month.ts';
import { findRequest } from '../store/archive/find-in-archive.ts';
import { dropRestored, restoreArchive, restoredTable } from '../store/archive/restore-archive.ts';
import { provenSeals } from '../store/sealed/sealed-months.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { asFailure, configOf } from './operator.ts';
import { openOperatorContext } from './operator-context.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

/** The commands on archives. */
export type ArchiveCommand = 'verify' | 'restore' | 'show';

/** Runs a command on archives. Only `show`, and `verify --files-only`, do without the database. */
export async function runOnArchives(
  command: ArchiveCommand,
  given: Given,
  settings: readonly string[],
  io: CommandIo,
): Promise<void> {
  const config = configOf(io, settings);
  const folder = config.archiveDir;
  if (folder === null) throw new BadUsage('HEADGATE_ARCHIVE_DIR is missing. Set it to the folder of the archives.');
  try {
    if (command === 'show') return await show(folder, given.required('request'), io);
    if (command === 'verify' && given.has('files-only')) return await verify(folder, null, io);
    const taken = new AsyncDisposableStack();
    try {
      const { db } = await openOperatorContext(config, io, taken);
      if (command === 'restore') return await restore(db, folder, given, io);
      await verify(folder, await hashesIn(db), io);
      if (given.has('ledger')) await verifySeals(db, io);
    } finally {
      await taken.disposeAsync();
    }
  } catch (error) {
    throw asFailure(error);
  }
}

type Db = Parameters<typeof recordedArchives>[0];

async function hashesIn(db: Db): Promise<ReadonlyMap<string, string>> {
  const recorded = new Map<string, string>();
  // The newest come first, and an archive is recorded once.
  for await (const { name, sha256 } of recordedArchives(db)) if (!recorded.has(name)) recorded.set(name, sha256);
  return recorded;
}

/** Compares each archive with its manifest, and with the audit log unless `recorded` is null. */
async function verify(folder: string, recorded: ReadonlyMap<string, string> | null, io: CommandIo): Promise<void> {
  const manifests = await manifestsOf(folder);
  let bad = 0;
  for (const manifest of manifests) {
    const fault = (await faultOf(folder, manifest)) ?? faultInLog(manifest, recorded);
    if (fault !== null) bad += 1;
    io.out(`${manifest.name.padEnd(28)}${fault === null ? describe(manifest) : `WRONG: ${fault}`}\n`);
  }
  const names = new Set(manifests.map(({ name }) => name));
  for (const name of recorded?.keys() ?? []) {
    if (names.has(name)) continue;
    bad += 1;
    io.out(`${name.padEnd(28)}MISSING: the audit log names it, and it is not in ${folder}\n`);
  }
  if (bad > 0) throw new CommandFailed(`${bad} of ${Math.max(manifests.length, bad)} archives are wrong or missing.`);
  io.err(
    `${manifests.length} archives are whole${recorded === null ? '; the audit log was not read' : ' and as the audit log says'}.\n`,
  );
}

/** Adds up the entries of every sealed month again. */
async function verifySeals(db: Db, io: CommandIo): Promise<void> {
  let [count, bad] = [0, 0];
  for await (const { sealed, found, isSame } of provenSeals(db)) {
    count += 1;
    if (isSame) continue;
    bad += 1;
    const { organizationId, month, seal, entries, nanoUsd } = sealed;
    const was = `${entries} entries and ${nanoUsd} nano-dollars`;
    io.out(
      `${organizationId} ${month.slice(0, 7)} seal ${seal}  WRONG: sealed ${was}, found ${found.entries} and ${found.nanoUsd}\n`,
    );
  }
  if (bad > 0) throw new CommandFailed(`${bad} of ${count} sealed months are not what was sealed.`);
  io.err(`${count} sealed months are as they were sealed.\n`);
}

function faultInLog({ name, sha256 }: Manifest, recorded: ReadonlyMap<string, string> | null): string | null {
  if (recorded === null) return null;
  const hash = recorded.get(name);
  if (hash === undefined) return 'the audit log does not name it: its month was not dropped, so it may be deleted';
  return hash === sha256 ? null : `its SHA-256 is ${sha256}, and the audit log says ${hash}`;
}

function describe({ rows, sums, bytes }: Manifest): string {
  return `${rows} rows, ${sums.count} requests, ${sums.total_tokens} tokens, ${sums.nano_usd} nano-dollars, ${bytes} bytes`;
}

async function restore(db: Db, folder: string, given: Given, io: CommandIo): Promise<void> {
  const name = given.operand('archive');
  if (!/^request_(records|log)-\d{4}-\d\d(\.\d+)?$/.test(name))
    throw new BadUsage(`${name} is not the name of an archive, such as request_records-2026-08.`);
  if (given.has('drop')) {
    const isDropped = await dropRestored(db, { name });
    io.out(`${restoredTable({ name })} ${isDropped ? 'is dropped' : 'was not there'}. The archive is unchanged.\n`);
    return;
  }
  const manifest = await readManifest(folder, name);
  if (manifest === null) throw new CommandFailed(`There is no archive ${name} in ${folder}.`);
  const rows = await restoreArchive(db, folder, manifest);
  io.out(`${rows} rows are in ${restoredTable(manifest)}. Nothing drops them but --drop.\n`);
}

async function show(folder: string, id: string, io: CommandIo): Promise<void> {
  await manifestsOf(folder);
  const found = await findRequest(folder, id);
  if (found === null) throw new CommandFailed(`No archive in ${folder} has the request ${id}.`);
  io.out(`${JSON.stringify(found, null, 2)}\n`);
}

async function manifestsOf(folder: string): Promise<readonly Manifest[]> {
  try {
    return await listManifests(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CommandFailed(`There is no folder ${folder}.`);
    throw error;
  }
}
