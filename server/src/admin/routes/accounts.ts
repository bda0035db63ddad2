import { z } from 'zod';
import { isOwn, ORGANIZATION_ROLES, type OrganizationRole, PLATFORM_ROLES, type PlatformRole } from '../../domain/permission.ts';
import { newId } from '../../lib/id.ts';
import { countOtherAdmins, factsOf } from '../../store/account-facts.ts';
import type { AccountRow } from '../../store/accounts.ts';
import * as accounts from '../../store/accounts.ts';
import * as signIn from '../../store/sign-in.ts';
import type { AdminCall } from '../call.ts';
import { type Change, change, isUnchanged } from '../change.ts';
import { email, idParams, instantOut, isoOf, isoOrNull, name } from '../fields.ts';
import { requireGrantableRole } from '../grant-role.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../lists.ts';
import * as load from '../load.ts';
import { conflict, notFound } from '../problem.ts';
import type { Loaded } from '../route.ts';
import { route } from '../route.ts';
import { takeBack } from '../take-back.ts';

const accountOut = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    platform_role: z.enum(PLATFORM_ROLES).nullable(),
    status: z.enum(['active', 'disabled']),
    two_factor: z.boolean().meta({ description: 'Whether an authenticator app is set up.' }),
    passkeys: z.int(),
    last_sign_in_at: instantOut.nullable(),
    memberships: z.array(
      z.object({
        organization_id: z.string(),
        organization_name: z.string(),
        member_id: z.string(),
        role: z.enum(ORGANIZATION_ROLES),
      }),
    ),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Account', description: 'A person who can belong to organizations.' });

const platformRole = z.enum(PLATFORM_ROLES).nullable();

export const list = route({
  summary: 'List accounts',
  permission: 'platform.read',
  query: z.strictObject({ ...listQuery, status: z.enum(['active', 'disabled']).optional() }),
  response: pageOut(accountOut),
  load: load.platform,
  handle: async (call) => {
    const filter = { status: call.query.status, search: searchOf(call.query) };
    const listed = await accounts.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await views(call, listed.rows));
  },
});

export const read = route({
  summary: 'Read an account',
  permission: 'platform.read',
  params: idParams,
  response: accountOut,
  load: loadAccount,
  handle: view,
});

export const create = route({
  summary: 'Create an account',
  description: 'Sign-in follows by invitation. An e-mail address that is taken is 409.',
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
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...eventOf(row), action: 'account.create', before: null, after: facts(row) });
      return row;
    });
    return view(call, made);
  },
});

export const update = route({
  summary: 'Change an account',
  description:
    'Disabling ends its sessions at once, and its keys stop working in every organization until it is active again. Nobody disables themself, and the last platform admin stays.',
  permission: 'accounts.manage',
  params: idParams,
  body: z.strictObject({
    name: name.optional(),
    email: email.optional(),
    platform_role: platformRole.optional(),
    status: z.enum(['active', 'disabled']).optional(),
  }),
  response: accountOut,
  load: loadAccount,
  handle: async (call, { id }) => {
    const { platform_role: role, name, email, status } = call.body;
    if (status === 'disabled' && call.actor.accountId === id) throw conflict('Nobody disables their own account.');
    const updated = await change(call, async (change) => {
      const { tx, now, record, touch } = change;
      const row = await accounts.lock(tx, id);
      if (row === null) throw notFound('account');
      const columns = {
        name: name ?? row.name,
        email: email ?? row.email,
        platformRole: role === undefined ? row.platformRole : role,
        status: status ?? row.status,
      };
      if (isUnchanged(facts(row), facts({ ...row, ...columns }))) return row;
      requireGrantable(call, row.platformRole, columns.platformRole);
      await requireAnotherAdmin(tx, row, columns);
      const updated = await accounts.update(tx, id, columns, now);
      await record({ ...eventOf(updated), action: 'account.update', before: facts(row), after: facts(updated) });
      await followUp(change, row, updated);
      if (updated.status !== row.status) touch({ organizationIds: await accounts.organizationIds(tx, id) });
      return updated;
    });
    return view(call, updated);
  },
});

export const signOutEverywhere = route({
  summary: 'End every session of an account',
  permission: 'accounts.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadAccount,
  handle: (call, row) =>
    change(call, async ({ tx, record }) => {
      const ended = await signIn.endSessions(tx, row.id);
      await record({ ...eventOf(row), action: 'account.sessions_end', before: null, after: { sessions: ended } });
    }),
});

export const resetSecondFactor = route({
  summary: 'Take an account’s authenticator app, recovery codes and passkeys away',
  description:
    'For who lost them: the password alone signs in again. Every session ends. One’s own are managed in one’s own account.',
  permission: 'accounts.manage',
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadAccount,
  handle: (call, row) => {
    // A browser left open, or a token of theirs, must not be enough to take its owner's protection away.
    if (isOwn(call.actor, { organizationId: null, ownerAccountId: row.id }))
      throw conflict('Manage your own second factors in your account, with your password.');
    return change(call, async ({ tx, record }) => {
      const { hasTotp, passkeys } = await signIn.factorsOf(tx, row.id);
      await signIn.dropFactors(tx, row.id);
      await signIn.endSessions(tx, row.id);
      const before = { two_factor: hasTotp, passkeys };
      await record({ ...eventOf(row), action: 'account.second_factor_reset', before, after: null });
    });
  },
});

/** Throws 403 when the caller may not give the new role, or not take the old one. */
function requireGrantable(
  call: AdminCall<unknown, unknown, unknown>,
  before: PlatformRole | null,
  after: PlatformRole | null,
): void {
  if (before === after) return;
  for (const role of [before, after]) if (role !== null) requireGrantableRole(call, { role }, '/platform_role');
}

/** Throws 409 when the change would leave no active platform admin among people. */
async function requireAnotherAdmin(
  tx: Change['tx'],
  row: AccountRow,
  columns: Pick<AccountRow, 'platformRole' | 'status'>,
): Promise<void> {
  const isAdmin = (one: Pick<AccountRow, 'platformRole' | 'status'>) =>
    one.platformRole === 'platform_admin' && one.status === 'active';
  if (!isAdmin(row) || isAdmin(columns)) return;
  if ((await countOtherAdmins(tx, row.id)) === 0) {
    throw conflict('This is the last platform admin. Make somebody else one first.');
  }
}

/** What a lost role or a disabled account takes along. */
async function followUp(change: Change, before: AccountRow, after: AccountRow): Promise<void> {
  if (after.status === 'disabled') await signIn.endSessions(change.tx, after.id);
  if (before.status !== after.status || before.platformRole !== after.platformRole) await takeBack(change, after.id);
}

/** Accounts belong to no tenant: one person may be in many. */
async function loadAccount(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AccountRow>> {
  const row = await accounts.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('account');
  return { place: { organizationId: null }, object: row };
}

type AccountView = z.output<typeof accountOut>;

async function view(call: AdminCall<unknown, unknown, unknown>, row: AccountRow): Promise<AccountView> {
  const [shown] = await views(call, [row]);
  return shown as AccountView;
}

async function views(call: AdminCall<unknown, unknown, unknown>, rows: readonly AccountRow[]): Promise<AccountView[]> {
  const of = await factsOf(
    call.deps.db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => {
    const { hasTotp, passkeys, lastSignInAt, memberships } = of(row.id);
    return {
      id: row.id,
      ...facts(row),
      email_verified: row.emailVerified,
      two_factor: hasTotp,
      passkeys,
      last_sign_in_at: isoOrNull(lastSignInAt),
      memberships: memberships.map(({ organizationId, organizationName, memberId, role }) => ({
        organization_id: organizationId,
        organization_name: organizationName,
        member_id: memberId,
        role: role as OrganizationRole,
      })),
      created_at: isoOf(row.createdAt),
      updated_at: isoOf(row.updatedAt),
    };
  });
}

function facts(row: AccountRow) {
  return { name: row.name, email: row.email, platform_role: row.platformRole, status: row.status };
}

function eventOf(row: AccountRow) {
  return { organizationId: null, objectType: 'account', objectId: row.id, objectName: row.name };
}
