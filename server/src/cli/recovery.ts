import { makeFirstAdminLink } from '../admin/session/first-admin-link.ts';
import { newId } from '../lib/id.ts';
import { hashedSecret, lastFour, newAdminToken } from '../lib/secrets.ts';
import { OPERATOR } from '../store/accounts/address-origins.ts';
import { addProof } from '../store/accounts/address-proofs.ts';
import * as adminTokens from '../store/accounts/admin-tokens.ts';
import * as signIn from '../store/accounts/sign-in.ts';
import { judgeToken } from '../store/accounts/token-facts.ts';
import { rememberAppended } from '../store/audit/audit.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';
import { asFailure, configOf } from './operator.ts';
import { appendAsOperator, type OperatorContext, openOperatorContext } from './operator-context.ts';
import { CommandFailed, EXIT } from './outcome.ts';
import { releaseSso } from './sso-release.ts';

/** The commands by which an operator restores access. */
export type RecoveryCommand = 'first-admin-link' | 'reset-second-factor' | 'admin-token' | 'admin-tokens adopt' | 'sso release';

/** Runs a recovery command. An embedded database must not be in use; gateways may serve from PostgreSQL meanwhile. */
export async function recover(command: RecoveryCommand, given: Given, settings: readonly string[], io: CommandIo): Promise<void> {
  const config = configOf(io, settings);
  const taken = new AsyncDisposableStack();
  try {
    const context = await openOperatorContext(config, io, taken);
    await RUN[command](context, given);
  } catch (error) {
    throw asFailure(error);
  } finally {
    await taken.disposeAsync();
  }
}

const RUN: Readonly<Record<RecoveryCommand, (context: OperatorContext, given: Given) => Promise<void>>> = {
  'first-admin-link': makeLink,
  'reset-second-factor': resetSecondFactor,
  'admin-token': makeAdminToken,
  'admin-tokens adopt': adopt,
  'sso release': releaseSso,
};

async function makeLink({ db, installation, audit, config, io }: OperatorContext): Promise<void> {
  const now = new Date();
  const origin = config.publicUrl ?? `http://${config.host}:${config.port}`;
  const link = await makeFirstAdminLink(db, {
    pepper: installation.pepper,
    origin,
    nowMs: now.getTime(),
    createdBy: OPERATOR.id,
  });
  if (link === null) {
    throw new CommandFailed(
      'A platform admin can already sign in, so no first-admin link was made. To give a person a new password, create an admin token (headgate admin-token).',
    );
  }
  const object = { objectType: 'first_admin_link', objectId: 'first_admin', objectName: null };
  const event = { action: 'first_admin_link.create', ...object, before: null, after: {} };
  await rememberAppended(audit, [await db.transaction((tx) => appendAsOperator(tx, audit, now, event))]);
  io.out(`${link}\n`);
  io.err('Works once, for 24 hours. An older link no longer works.\n');
}

async function resetSecondFactor({ db, audit, io }: OperatorContext, given: Given): Promise<void> {
  const email = given.operand('e-mail');
  const account = await signIn.findByEmail(db, email.trim().toLowerCase());
  if (account === null) throw new CommandFailed(`There is no account with the e-mail address ${email}.`, EXIT.notAllowed);
  const { hasTotp, passkeys } = await signIn.factorsOf(db, account.id);
  const appended = await db.transaction(async (tx) => {
    await signIn.dropFactors(tx, account.id);
    await signIn.endSessions(tx, account.id);
    // The operator types the address, and so confirms whose it is.
    await addProof(tx, { accountId: account.id, address: account.email, how: 'operator', at: new Date(), by: OPERATOR });
    const object = { objectType: 'account', objectId: account.id, objectName: account.name };
    const before = { two_factor: hasTotp, passkeys };
    const after = { address_proved: account.email };
    return appendAsOperator(tx, audit, new Date(), { action: 'account.second_factor_reset', ...object, before, after });
  });
  await rememberAppended(audit, [appended]);
  io.out(
    `${account.email}: second factors and passkeys are removed, so the password alone signs in. Every session has ended. The address now counts as proved, because you gave it.
`,
  );
}

async function makeAdminToken({ db, installation, audit, io }: OperatorContext): Promise<void> {
  const token = newAdminToken();
  const now = new Date();
  const row = {
    id: newId('adm', now.getTime()),
    name: 'made on the command line',
    role: 'platform_admin',
    organizationId: null,
    ...hashedSecret(installation.pepper, token),
    lastFour: lastFour(token),
    ...adminTokens.ofInstallation('command_line'),
    createdBy: OPERATOR.id,
    createdAt: now,
  };
  const appended = await db.transaction(async (tx) => {
    await adminTokens.insert(tx, row);
    const after = { name: row.name, role: row.role, organization_id: null, expires_at: null };
    return appendAsOperator(tx, audit, now, {
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
  io.err('This is a platform admin token, shown only once. Revoke it when you are done.\n');
}

/** Gives an unowned admin token to the installation. A person can take it over in the console later. */
async function adopt({ db, audit, io }: OperatorContext, given: Given): Promise<void> {
  const id = given.operand('id');
  const now = new Date();
  const { row, appended } = await db.transaction(async (tx) => {
    const row = await adminTokens.lock(tx, id);
    if (row === null) throw new CommandFailed(`There is no admin token with the id ${id}.`, EXIT.notAllowed);
    const { owner, standing } = await judgeToken(tx, row, now.getTime());
    if (standing.is === 'revoked' || standing.is === 'expired') {
      throw new CommandFailed(
        `The admin token ${row.name} is ${standing.is}, which cannot be undone. Create a new one.`,
        EXIT.notAllowed,
      );
    }
    if (owner !== 'nobody')
      throw new CommandFailed(
        `The admin token ${row.name} has an owner. Only tokens without an owner can be adopted.`,
        EXIT.notAllowed,
      );
    await adminTokens.update(tx, id, adminTokens.ofInstallation('command_line'));
    const object = { objectType: 'admin_token', objectId: id, objectName: row.name };
    const after = { origin: 'command_line' };
    const event = { action: 'admin_token.take_over', ...object, before: null, after, organizationId: row.organizationId };
    return { row, appended: await appendAsOperator(tx, audit, now, event) };
  });
  await rememberAppended(audit, [appended]);
  io.out(`${row.name} (${row.id}) now belongs to the installation and keeps working.\n`);
}
