/** Opens the database and keys for operators' commands. Whoever may read both is the operator. These commands are audited. */
import { join } from 'node:path';
import { lockDirectory } from '../lib/directory-lock.ts';
import { onceFree } from '../lib/timing/once-free.ts';
import type { Config } from '../settings/config.ts';
import { masterKeyFor, prepareDataDirectory } from '../settings/data-directory.ts';
import { nameOfMasterKey, readMasterKey } from '../settings/master-key.ts';
import { OPERATOR } from '../store/accounts/address-origins.ts';
import { type AppendedEvent, type AuditTrail, appendAuditEvent, type NewAuditEvent } from '../store/audit/audit.ts';
import { COMMAND_HEADS_FILE, openAuditHeads } from '../store/audit/audit-heads.ts';
import { connectDatabase, describeDatabase } from '../store/connection.ts';
import type { Database, OpenDatabase } from '../store/database.ts';
import { hasEmbedded, openEmbedded } from '../store/installation/embedded.ts';
import { type Installation, openInstallation, refuseWrongMasterKey } from '../store/installation/installation.ts';
import { migrate } from '../store/installation/migrate.ts';
import type { CommandIo } from './command-io.ts';
import { CommandFailed } from './outcome.ts';

/** The opened database, keys and audit trail of an operator's command. */
export interface OperatorContext {
  readonly db: Database;
  readonly installation: Installation;
  readonly masterKey: Buffer;
  readonly audit: AuditTrail;
  readonly config: Config;
  readonly io: CommandIo;
}

/** Opens the database and the keys. An embedded database must not be in use; gateways may serve from PostgreSQL meanwhile. */
export async function openOperatorContext(config: Config, io: CommandIo, taken: AsyncDisposableStack): Promise<OperatorContext> {
  const { database, masterKey } = await openForKeys(config, io, taken);
  await refuseWrongMasterKey(database.db, masterKey, nameOfMasterKey(config.masterKey));
  await migrate(database);
  const installation = await openInstallation(database.db, masterKey);
  return { db: database.db, installation, masterKey, audit: operatorTrail(config, installation, io), config, io };
}

/** Opens the database and reads the master key, without a check that they belong together. Says which database it is. */
export async function openForKeys(config: Config, io: CommandIo, taken: AsyncDisposableStack) {
  const { databaseUrl } = config;
  if (databaseUrl === null) refuseToMakeOne(config);
  prepareDataDirectory(config.dataDir);
  io.err(`Using ${databaseUrl === null ? `the embedded database in ${config.dataDir}` : describeDatabase(databaseUrl)}.\n`);
  const database = databaseUrl === null ? await openHere(config, taken) : await connectDatabase({ url: databaseUrl });
  taken.defer(() => database.close());
  return { database, masterKey: await readMasterKey(config.masterKey, config.dataDir) };
}

/**
 * Throws CommandFailed where no embedded database is. A command that made one would change nothing that serves, and the settings of
 * the gateway are often missing in a new shell.
 */
function refuseToMakeOne({ dataDir }: Config): void {
  if (hasEmbedded(dataDir)) return;
  throw new CommandFailed(
    `DATABASE_URL is not set, and ${dataDir} has no embedded database. Run this with the settings of the gateway ` +
      '(DATABASE_URL, or HEADGATE_DATA_DIR), or start the gateway first.',
  );
}

/** Returns the operator's audit trail. It has its own file of heads, because a gateway may run at the same time. */
export function operatorTrail({ dataDir }: Config, { audit }: Pick<Installation, 'audit'>, io: CommandIo): AuditTrail {
  const heads = openAuditHeads({
    path: join(dataDir, COMMAND_HEADS_FILE),
    onFailure: ({ message }) =>
      io.err(`The audit event is stored, but its hash could not be written to the data directory: ${message}\n`),
  });
  const onContradiction = (chain: string) =>
    io.err(`Events of the audit chain ${chain} were changed or removed. Run headgate audit verify.\n`);
  return { key: audit, heads, onContradiction };
}

type OperatorEvent = Pick<NewAuditEvent, 'action' | 'objectType' | 'objectId' | 'objectName' | 'before' | 'after'> & {
  readonly organizationId?: string | null;
};

/** Appends an audit event whose actor is the operator. */
export function appendAsOperator(tx: Database, trail: AuditTrail, at: Date, event: OperatorEvent): Promise<AppendedEvent> {
  const nothing = { organizationId: null, reason: null, ip: null, requestId: null };
  const actor = { actorKind: 'operator', actorId: OPERATOR.id, actorName: OPERATOR.name };
  return appendAuditEvent(tx, trail, { ...nothing, ...actor, ...event, at });
}

/** Opens the embedded database, which allows one process. Rejects with a message that says to stop the gateway first. */
async function openHere({ dataDir, masterKey }: Config, taken: AsyncDisposableStack): Promise<OpenDatabase> {
  const lock = await onceFree(() => lockDirectory(dataDir, () => process.exit(1)));
  taken.defer(() => lock.release());
  // This comes before the engine creates its folder: from then on a missing key counts as lost.
  if (masterKey.from === 'data directory') masterKeyFor(dataDir);
  return openEmbedded({ dataDir });
}
