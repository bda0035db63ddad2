import { join } from 'node:path';
import { makeFirstAdminLink } from '../admin/first-admin-link.ts';
import type { Config } from '../config.ts';
import { masterKeyFor, prepareDataDirectory } from '../data-directory.ts';
import { lockDirectory } from '../lib/directory-lock.ts';
import { newId } from '../lib/id.ts';
import { onceFree } from '../lib/once-free.ts';
import { hashSecret, lastFour, newAdminToken } from '../lib/secrets.ts';
import { OPERATOR } from '../store/address-origins.ts';
import { addProof } from '../store/address-proofs.ts';
import * as adminTokens from '../store/admin-tokens.ts';
import { type AppendedEvent, type AuditTrail, appendAuditEvent, type NewAuditEvent, rememberAppended } from '../store/audit.ts';
import { COMMAND_HEADS_FILE, openAuditHeads } from '../store/audit-heads.ts';
import { type Database, type OpenDatabase, openDatabase, ping } from '../store/database.ts';
import { openEmbedded } from '../store/embedded.ts';
import { type Installation, openInstallation, refuseWrongMasterKey } from '../store/installation.ts';
import { migrate } from '../store/migrate.ts';
import * as signIn from '../store/sign-in.ts';
import type { CommandIo } from './command-io.ts';
import { type RecoveryCommand, SERVER_COMMANDS } from './commands.ts';
import { asFailure, configOf } from './operator.ts';
import { BadUsage, CommandFailed, EXIT } from './outcome.ts';

/** What lets somebody in again works on the database itself: whoever may read it and the master key is the operator. Each is audited. */
interface House {
  readonly db: Database;
  readonly installation: Installation;
  readonly audit: AuditTrail;
  readonly config: Config;
  readonly io: CommandIo;
}

/** Runs a recovery command. An embedded database must not be in use; PostgreSQL may be served meanwhile. */
export async function recover(command: RecoveryCommand, argv: readonly string[], io: CommandIo): Promise<void> {
  const { operands, settings } = split(argv);
  const config = configOf(io, settings);
  requireOperands(command, operands);
  const taken = new AsyncDisposableStack();
  try {
    const house = await open(config, io, taken);
    await RUN[command](house, operands);
  } catch (error) {
    throw asFailure(error);
  } finally {
    await taken.disposeAsync();
  }
}

const RUN: Readonly<Record<RecoveryCommand, (house: House, operands: readonly string[]) => Promise<void>>> = {
  'first-admin-link': makeLink,
  'reset-second-factor': resetSecondFactor,
  'admin-token': makeAdminToken,
};

async function makeLink({ db, installation, audit, config, io }: House): Promise<void> {
  const now = new Date();
  const origin = config.publicUrl ?? `http://${config.host}:${config.port}`;
  const link = await makeFirstAdminLink(db, {
    pepper: installation.pepper,
    origin,
    nowMs: now.getTime(),
    createdBy: ACTOR.actorId,
  });
  if (link === null) {
    throw new CommandFailed(
      'There is a platform admin who can sign in. Make an admin token (headgate admin-token) to give somebody a new password.',
    );
  }
  const object = { objectType: 'first_admin_link', objectId: 'first_admin', objectName: null };
  const event = { action: 'first_admin_link.create', ...object, before: null, after: {} };
  await rememberAppended(audit, [await db.transaction((tx) => append(tx, audit, now, event))]);
  io.out(`${link}\n`);
  io.err('Works once, for 24 hours. An older link no longer works.\n');
}

async function resetSecondFactor({ db, audit, io }: House, [email = '']: readonly string[]): Promise<void> {
  const account = await signIn.findByEmail(db, email.trim().toLowerCase());
  if (account === null) throw new CommandFailed(`There is no account with the address ${email}.`, EXIT.notAllowed);
  const { hasTotp, passkeys } = await signIn.factorsOf(db, account.id);
  const appended = await db.transaction(async (tx) => {
    await signIn.dropFactors(tx, account.id);
    await signIn.endSessions(tx, account.id);
    // Who runs this names the address and knows whose it is.
    await addProof(tx, { accountId: account.id, address: account.email, how: 'operator', at: new Date(), by: OPERATOR });
    const object = { objectType: 'account', objectId: account.id, objectName: account.name };
    const before = { two_factor: hasTotp, passkeys };
    const after = { address_proved: account.email };
    return append(tx, audit, new Date(), { action: 'account.second_factor_reset', ...object, before, after });
  });
  await rememberAppended(audit, [appended]);
  io.out(
    `${account.email}: the password alone signs in again; every session has ended. The address counts as proved by your word.
`,
  );
}

async function makeAdminToken({ db, installation, audit, io }: House): Promise<void> {
  const token = newAdminToken();
  const now = new Date();
  const row = {
    id: newId('adm', now.getTime()),
    name: 'made on the command line',
    role: 'platform_admin',
    organizationId: null,
    hash: Buffer.from(hashSecret(installation.pepper, token), 'hex'),
    lastFour: lastFour(token),
    createdBy: ACTOR.actorId,
    createdAt: now,
  };
  const appended = await db.transaction(async (tx) => {
    await adminTokens.insert(tx, row);
    const after = { name: row.name, role: row.role, organization_id: null, expires_at: null };
    return append(tx, audit, now, {
      action: 'admin_token.create',
      objectType: 'admin_token',
      objectId: row.id,
      objectName: row.name,
      before: null,
      after,
    });
  });
  await rememberAppended(audit, [appended]);
  io.out(`${token}\n`);
  io.err('A platform admin token, shown this once. Revoke it when you are done.\n');
}

const ACTOR = { actorKind: 'operator', actorId: OPERATOR.id, actorName: OPERATOR.name } as const;

function append(
  tx: Database,
  trail: AuditTrail,
  at: Date,
  event: Pick<NewAuditEvent, 'action' | 'objectType' | 'objectId' | 'objectName' | 'before' | 'after'>,
): Promise<AppendedEvent> {
  const nothing = { organizationId: null, reason: null, ip: null, requestId: null };
  return appendAuditEvent(tx, trail, { ...nothing, ...ACTOR, ...event, at });
}

async function open(config: Config, io: CommandIo, taken: AsyncDisposableStack): Promise<House> {
  prepareDataDirectory(config.dataDir);
  const database = config.databaseUrl === null ? await openHere(config, taken) : openDatabase({ url: config.databaseUrl });
  taken.defer(() => database.close());
  await ping(database.db);
  const masterKey = masterKeyFor(config.dataDir, config.masterKey);
  await refuseWrongMasterKey(database.db, masterKey);
  await migrate(database);
  const installation = await openInstallation(database.db, masterKey);
  // A gateway may serve beside this and write to its own file.
  const heads = openAuditHeads({
    path: join(config.dataDir, COMMAND_HEADS_FILE),
    onFailure: ({ message }) =>
      io.err(`The audit event is stored; its head could not be written to the data directory: ${message}\n`),
  });
  const onContradiction = (chain: string) => io.err(`The audit chain ${chain} was changed. See headgate audit verify.\n`);
  return { db: database.db, installation, audit: { key: installation.audit, heads, onContradiction }, config, io };
}

/** The embedded database has one process: a gateway on it has to be stopped first, and the error says so. */
async function openHere({ dataDir }: Config, taken: AsyncDisposableStack): Promise<OpenDatabase> {
  const lock = await onceFree(() => lockDirectory(dataDir, () => process.exit(1)));
  taken.defer(() => lock.release());
  masterKeyFor(dataDir, null); // Before the engine makes its folder: from then on a missing key is a lost one.
  return openEmbedded({ dataDir });
}

/** Operands stand before the settings: `reset-second-factor ada@example.com --data-dir …`. */
function split(argv: readonly string[]) {
  const at = argv.findIndex((word) => word.startsWith('-'));
  return at < 0 ? { operands: argv, settings: [] } : { operands: argv.slice(0, at), settings: argv.slice(at) };
}

/** Said before anything is opened. */
function requireOperands(command: RecoveryCommand, operands: readonly string[]): void {
  const wanted = SERVER_COMMANDS.find(({ words }) => words[0] === command)?.operands ?? [];
  const missing = wanted[operands.length];
  if (missing !== undefined) throw new BadUsage(`<${missing}> is missing.`);
  if (operands.length > wanted.length) throw new BadUsage(`${operands[wanted.length]}: not expected here.`);
}
