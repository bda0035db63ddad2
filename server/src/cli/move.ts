import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { formatUsd } from '../domain/money/money.ts';
import { lockDirectory } from '../lib/directory-lock.ts';
import { onceFree } from '../lib/timing/once-free.ts';
import { readMasterKey } from '../settings/master-key.ts';
import { connectDatabase } from '../store/connection.ts';
import { type Copied, copyInstallation } from '../store/installation/copy-installation.ts';
import { movedName, openEmbedded } from '../store/installation/embedded.ts';
import { refuseWrongMasterKey } from '../store/installation/installation.ts';
import { migrate } from '../store/installation/migrate.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { asFailure, configOf } from './operator.ts';
import { BadUsage, CommandFailed } from './outcome.ts';

/**
 * Moves the embedded database of a data directory to the PostgreSQL that DATABASE_URL names. The gateway must be stopped.
 * Unstored rows in its journal stay in the data directory, and the next start stores them. The embedded database is kept under
 * another name.
 */
export async function move(_: Given, settings: readonly string[], io: CommandIo): Promise<void> {
  const { databaseUrl, dataDir, masterKey } = configOf(io, settings);
  if (databaseUrl === null) throw new BadUsage('DATABASE_URL is missing. Set it to the PostgreSQL to move to.');
  const here = join(dataDir, 'database');
  if (!existsSync(here)) throw new CommandFailed(`${dataDir} has no embedded database to move. Check HEADGATE_DATA_DIR.`);
  const kept = movedName(here);
  if (existsSync(kept)) throw new CommandFailed(`${kept} is left from an earlier move. Move it out of the data directory first.`);
  try {
    const lock = await onceFree(() => lockDirectory(dataDir, () => process.exit(1)));
    try {
      const copied = await copy({ databaseUrl, dataDir, masterKey: await readMasterKey(masterKey, dataDir) }, io);
      renameSync(here, kept);
      say(copied, kept, io);
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw asFailure(error);
  }
}

interface Places {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly masterKey: Buffer;
}

async function copy({ databaseUrl, dataDir, masterKey }: Places, io: CommandIo): Promise<Copied> {
  const to = await connectDatabase({ url: databaseUrl, statementTimeoutMs: 3_600_000 });
  try {
    const from = await openEmbedded({ dataDir });
    try {
      await refuseWrongMasterKey(from.db, masterKey);
      for (const database of [from, to]) {
        const { newer } = await migrate(database);
        if (newer.length > 0) throw new CommandFailed('A newer version of Headgate wrote a database. Move with that version.');
      }
      return await copyInstallation(from, to, ({ name, rows }) =>
        io.err(`${name.padEnd(28)}${rows.toLocaleString('en')} rows\n`),
      );
    } finally {
      await from.close();
    }
  } finally {
    await to.close();
  }
}

function say({ tables, ledgerRows, spentNanoUsd, auditChains }: Copied, kept: string, io: CommandIo): void {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  io.out(
    `${tables.length} tables with ${rows.toLocaleString('en')} rows are the same on both sides: ` +
      `${ledgerRows.toLocaleString('en')} ledger rows over ${formatUsd(spentNanoUsd)} USD, ${auditChains} audit chains intact.\n`,
  );
  io.err(
    `Start the gateway with DATABASE_URL, this data directory and the same master key. The old database remains in ${kept}.\n`,
  );
}
