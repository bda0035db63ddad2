import { z } from 'zod';
import { isOwn, PLATFORM_ROLES, type PlatformRole } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { countOtherAdmins } from '../../store/accounts/account-facts.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { ADDRESS_FILTERS } from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { dryRunQuery, effectOut, rehearsed } from '../access/effect.ts';
import { requireAdmissible } from '../guards/admissible.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { email, idParams, name } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { accountFacts, accountObject, accountOut, loadAccount, viewAccount, viewAccounts } from './account-view.ts';
import { requireCoveredAccount, requireGrantableRole } from './grant-role.ts';
import { takeBack } from './take-back.ts';

const platformRole = z.enum(PLATFORM_ROLES).nullable();

export const list = route({
  summary: 'List accounts',
  description: 'Returns the people of the installation, or of the organizations that the caller may see.',
  permission: 'platform.read',
  query: z.strictObject({
    ...listQuery,
    status: z.enum(['active', 'disabled']).optional(),
    address: z.enum(ADDRESS_FILTERS).optional(),
  }),
  response: pageOut(accountOut),
  load: load.platform,
  handle: async (call) => {
    const { status, address } = call.query;
    const filter = { status, address, search: searchOf(call.query) };
    const listed = await accounts.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewAccounts(call, listed.rows));
  },
});

export const read = route({
  summary: 'Get an account',
  description: 'Returns one person with the organizations and teams that the caller may see.',
  permission: 'platform.read',
  params: idParams,
  response: accountOut,
  load: loadAccount,
  handle: viewAccount,
});

export const create = route({
  summary: 'Create an account',
  description:
    'The first password comes by mail or by the link from `POST /accounts/{id}/password-reset`, not by an invitation. Returns 409 if the e-mail address is taken.',
  permission: 'accounts.manage',
  body: z.strictObject({ email, name, platform_role: platformRole.optional() }),
  status: 201,
  response: accountOut,
  load: load.platform,
  handle: async (call) => {
    const { platform_role: role = null } = call.body;
    if (role !== null) requireGrantableRole(call, { role }, '/platform_role');
    const made = await change(call, async ({ tx, now, record }) => {
      const row = await accounts.insert(tx, {
        id: newId('acct', now.getTime()),
        name: call.body.name,
        email: call.body.email,
        platformRole: role,
        madeHow: 'platform_admin',
        madeBy: call.actor.id,
        madeByName: call.actor.name,
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...accountObject(row), action: 'account.create', before: null, after: accountFacts(row) });
      return row;
    });
    return viewAccount(call, made);
  },
});

export const update = route({
  summary: 'Change an account',
  description:
    'Disabling an account ends its sessions at once, and its keys stop working in every organization until it is active again. Nobody can disable themselves, and the last platform admin cannot be disabled or lose the role. A new address is not proved. An account that an organization created needs a proved address for a platform role.',
  permission: 'accounts.manage',
  params: idParams,
  query: dryRunQuery,
  body: z.strictObject({
    name: name.optional(),
    email: email.optional(),
    platform_role: platformRole.optional(),
    status: z.enum(['active', 'disabled']).optional(),
  }),
  response: accountOut,
  rehearsal: effectOut,
  load: loadAccount,
  handle: async (call, { id }) => {
    const { platform_role: role, name, email, status } = call.body;
    if (status === 'disabled' && call.actor.accountId === id)
      throw conflict('You cannot disable your own account. Ask another platform admin.');
    const work = rehearsed(call, { level: 'account', id }, async (change) => {
      const { tx, now, record, touch } = change;
      const row = await accounts.lock(tx, id);
      if (row === null) throw notFound('account');
      const columns = {
        name: name ?? row.name,
        email: email ?? row.email,
        platformRole: role === undefined ? row.platformRole : role,
        status: status ?? row.status,
      };
      if (isUnchanged(accountFacts(row), accountFacts({ ...row, ...columns }))) return row;
      requireGrantable(call, row.platformRole, columns.platformRole);
      if (columns.email !== row.email || columns.status !== row.status) await requireCoveredAccount(call, tx, row);
      if (columns.platformRole !== null && columns.platformRole !== row.platformRole) {
        await requireAdmissible(call, tx, { accountId: id, organizationId: null });
      }
      await requireAnotherAdmin(tx, row, columns);
      const updated = await accounts.update(tx, id, columns, now);
      await record({
        ...accountObject(updated),
        action: 'account.update',
        before: accountFacts(row),
        after: accountFacts(updated),
      });
      await followUp(change, row, updated);
      if (updated.status !== row.status) touch({ organizationIds: await accounts.organizationIds(tx, id) });
      return updated;
    });
    return viewAccount(call, await change(call, work));
  },
});

export const signOutEverywhere = route({
  summary: 'End every session of an account',
  description: 'Signs the person out in every browser. Their keys and admin tokens stay.',
  permission: 'accounts.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadAccount,
  handle: (call, row) =>
    change(call, async ({ tx, record }) => {
      const ended = await signIn.endSessions(tx, row.id);
      await record({ ...accountObject(row), action: 'account.sessions_end', before: null, after: { sessions: ended } });
    }),
});

export const resetSecondFactor = route({
  summary: 'Remove an account’s second factors and passkeys',
  description:
    'Use it for people who lost them. It removes the authenticator app, recovery codes and passkeys, and ends every session, so that the password alone signs in again. Not for the caller’s own account.',
  permission: 'accounts.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadAccount,
  handle: (call, row) => {
    // An open browser or a token of the account's owner must not be enough to remove their second factors.
    if (isOwn(call.actor, { organizationId: null, ownerAccountId: row.id }))
      throw conflict('You cannot reset your own second factors here. Change them in your profile, with your password.');
    return change(call, async ({ tx, record }) => {
      await requireCoveredAccount(call, tx, row);
      const before = await signIn.dropFactors(tx, row.id);
      await signIn.endSessions(tx, row.id);
      await record({ ...accountObject(row), action: 'account.second_factor_reset', before, after: null });
    });
  },
});

/** Throws 403 if the caller may not give the new role, or may not take the old one. */
function requireGrantable(
  call: AdminCall<unknown, unknown, unknown>,
  before: PlatformRole | null,
  after: PlatformRole | null,
): void {
  if (before === after) return;
  for (const role of [before, after]) if (role !== null) requireGrantableRole(call, { role }, '/platform_role');
}

/** Throws 409 if the change would leave no active account with the role of platform admin. */
async function requireAnotherAdmin(
  tx: Change['tx'],
  row: AccountRow,
  columns: Pick<AccountRow, 'platformRole' | 'status'>,
): Promise<void> {
  const isAdmin = (one: Pick<AccountRow, 'platformRole' | 'status'>) =>
    one.platformRole === 'platform_admin' && one.status === 'active';
  if (!isAdmin(row) || isAdmin(columns)) return;
  if ((await countOtherAdmins(tx, row.id)) === 0) {
    throw conflict('This is the last platform admin. Make another person a platform admin first.');
  }
}

/**
 * Makes the changes that follow. Ends the sessions of a disabled account, drops reset links sent to an old address, and takes
 * back what a lost role allowed.
 */
async function followUp(change: Change, before: AccountRow, after: AccountRow): Promise<void> {
  if (after.status === 'disabled') await signIn.endSessions(change.tx, after.id);
  // A link sent to the old address must stop working.
  if (after.email !== before.email) await signIn.dropLinks(change.tx, { kind: 'password_reset', accountId: after.id });
  if (before.status !== after.status || before.platformRole !== after.platformRole) await takeBack(change, after.id);
}
