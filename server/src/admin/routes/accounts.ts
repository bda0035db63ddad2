import { z } from 'zod';
import { PLATFORM_ROLES } from '../../domain/permission.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts.ts';
import * as accounts from '../../store/accounts.ts';
import type { AdminCall } from '../call.ts';
import { change, isUnchanged } from '../change.ts';
import { email, idParams, instantOut, isoOf, name } from '../fields.ts';
import { requireGrantableRole } from '../grant-role.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../lists.ts';
import * as load from '../load.ts';
import { notFound } from '../problem.ts';
import type { Loaded } from '../route.ts';
import { route } from '../route.ts';

const accountOut = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    platform_role: z.enum(PLATFORM_ROLES).nullable(),
    status: z.enum(['active', 'disabled']),
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
    return renderPage(listed, listed.rows.map(view));
  },
});

export const read = route({
  summary: 'Read an account',
  permission: 'platform.read',
  params: idParams,
  response: accountOut,
  load: loadAccount,
  handle: async (_call, row) => view(row),
});

export const create = route({
  summary: 'Create an account',
  description: 'Sign-in follows by invitation. An e-mail address that is taken is 409.',
  permission: 'accounts.manage',
  body: z.strictObject({ email, name, platform_role: platformRole.optional() }),
  status: 201,
  response: accountOut,
  load: load.platform,
  handle: (call) => {
    const { platform_role: role = null } = call.body;
    if (role !== null) requireGrantableRole(call, { role }, '/platform_role');
    return change(call, async ({ tx, now, record }) => {
      const row = await accounts.insert(tx, {
        id: newId('acct', now.getTime()),
        name: call.body.name,
        email: call.body.email,
        platformRole: role,
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...eventOf(row), action: 'account.create', before: null, after: facts(row) });
      return view(row);
    });
  },
});

export const update = route({
  summary: 'Change an account',
  description: 'A disabled account’s keys stop working in every organization until it is active again.',
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
  handle: (call, { id }) => {
    const { platform_role: role, name, email, status } = call.body;
    if (role != null) requireGrantableRole(call, { role }, '/platform_role');
    return change(call, async ({ tx, now, record, touch }) => {
      const row = await accounts.lock(tx, id);
      if (row === null) throw notFound('account');
      const columns = {
        name: name ?? row.name,
        email: email ?? row.email,
        platformRole: role === undefined ? row.platformRole : role,
        status: status ?? row.status,
      };
      if (isUnchanged(facts(row), facts({ ...row, ...columns }))) return view(row);
      const updated = await accounts.update(tx, id, columns, now);
      await record({ ...eventOf(updated), action: 'account.update', before: facts(row), after: facts(updated) });
      if (updated.status !== row.status) touch({ organizationIds: await accounts.organizationIds(tx, id) });
      return view(updated);
    });
  },
});

/** Accounts belong to no tenant: one person may be in many. */
async function loadAccount(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<AccountRow>> {
  const row = await accounts.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('account');
  return { place: { organizationId: null }, object: row };
}

function view(row: AccountRow): z.output<typeof accountOut> {
  return {
    id: row.id,
    ...facts(row),
    email_verified: row.emailVerified,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}

function facts(row: AccountRow) {
  return { name: row.name, email: row.email, platform_role: row.platformRole, status: row.status };
}

function eventOf(row: AccountRow) {
  return { organizationId: null, objectType: 'account', objectId: row.id, objectName: row.name };
}
