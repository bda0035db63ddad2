import { z } from 'zod';
import type { PlatformRole } from '../../domain/permission.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts.ts';
import * as accounts from '../../store/accounts.ts';
import type { Database } from '../../store/database.ts';
import type { InvitationRow } from '../../store/invitations.ts';
import * as invitations from '../../store/invitations.ts';
import type { OrganizationRow } from '../../store/organizations.ts';
import * as organizations from '../../store/organizations.ts';
import * as signIn from '../../store/sign-in.ts';
import * as teamMembers from '../../store/team-members.ts';
import * as teams from '../../store/teams.ts';
import type { AdminCall } from '../call.ts';
import { type Change, change } from '../change.ts';
import { instantOut, isoOf, name } from '../fields.ts';
import { INVITED_ROLES, type InvitedRole, invitationEvent } from '../invitation-view.ts';
import * as load from '../load.ts';
import { checkPassword, newPassword } from '../new-password.ts';
import { hashOfLink, linkToken } from '../one-time-token.ts';
import { conflict, forbidden, invalidFields, Problem } from '../problem.ts';
import { route } from '../route.ts';
import { ownEvent } from '../sign-in-audit.ts';
import { addMember } from './members.ts';

/** Accepting: by the person whose address it is, once. */

export const lookup = route({
  summary: 'What an invitation’s link leads to',
  permission: 'public',
  query: z.strictObject({ token: linkToken }),
  response: z
    .object({
      email: z.string(),
      organization_name: z.string().nullable().meta({ description: 'Null: to the platform.' }),
      role: z.enum(INVITED_ROLES),
      expires_at: instantOut,
      inviter_name: z.string(),
      account_exists: z.boolean().meta({ description: 'Whoever has one signs in first; else accepting makes it.' }),
    })
    .meta({ id: 'InvitationLookup' }),
  load: load.platform,
  handle: async (call) => {
    const { row, organization } = await openInvitation(call, call.query.token);
    const account = await signIn.findByEmail(call.deps.db, row.email);
    return {
      email: row.email,
      organization_name: organization?.name ?? null,
      role: row.role as InvitedRole,
      expires_at: isoOf(row.expiresAt),
      inviter_name: row.inviterName,
      account_exists: account !== null && !(await isClaimable(call.deps.db, row, account)),
    };
  },
});

const acceptBody = z.strictObject({
  token: linkToken,
  name: name.optional().meta({ description: 'Of a new account.' }),
  password: newPassword.optional().meta({ description: 'Of a new account.' }),
});
type AcceptCall = AdminCall<unknown, unknown, z.output<typeof acceptBody>>;

export const accept = route({
  summary: 'Accept an invitation',
  description: 'With a name and a password where the address has no account yet; else signed in as that address.',
  permission: 'public',
  body: acceptBody,
  response: z.object({ status: z.literal('signed_in') }),
  load: load.platform,
  handle: async (call) => {
    const { row } = await openInvitation(call, call.body.token);
    const known = await signIn.findByEmail(call.deps.db, row.email);
    if (known !== null && known.status !== 'active') throw forbidden('This account is disabled.');
    if (await isThemself(call, row, known)) {
      await join(call, row, async () => known as AccountRow);
      return { status: 'signed_in' as const };
    }
    const accountId = await joinAsNewcomer(call, row, known);
    call.cookies = await call.deps.identity.startSession(accountId, call.raw.visitor);
    return { status: 'signed_in' as const };
  },
});

/** True when the caller is signed in as the invited address. Throws 401 or 403 when they have to be and are not. */
async function isThemself(call: AcceptCall, row: InvitationRow, known: AccountRow | null): Promise<boolean> {
  const { actor, deps } = call;
  if (actor.kind === 'account' && actor.id === known?.id) return true;
  if (actor.kind === 'account') {
    throw forbidden(`You are signed in as ${actor.name}, and this invitation is for ${row.email}. Sign out to accept it.`);
  }
  if (known !== null && !(await isClaimable(deps.db, row, known))) {
    throw new Problem(401, `There is an account for ${row.email}. Sign in with it, then accept.`);
  }
  return false;
}

/** Makes the account, or gives one that an admin made its first password. Returns its id. */
async function joinAsNewcomer(call: AcceptCall, row: InvitationRow, known: AccountRow | null): Promise<string> {
  const { name = known?.name, password } = call.body;
  if (name === undefined || password === undefined) {
    const missing = Object.entries({ name, password }).filter(([, value]) => value === undefined);
    throw invalidFields(missing.map(([field]) => ({ pointer: `/${field}`, message: 'is required for a new account' })));
  }
  checkPassword(password, { name, email: row.email });
  const hash = await call.deps.identity.hashPassword(password);
  return join(call, row, async ({ tx, now, record }) => {
    const account = await accountFor(tx, { known, name, email: row.email, now });
    await signIn.setPassword(tx, { id: newId('auth', now.getTime()), accountId: account.id, hash, at: now });
    if (known === null) await record(ownEvent('account.create', account, { email: account.email }));
    await record(ownEvent('account.sign_in', account));
    return account;
  });
}

async function accountFor(
  tx: Database,
  { known, now, ...person }: { known: AccountRow | null; name: string; email: string; now: Date },
): Promise<AccountRow> {
  if (known !== null) return accounts.update(tx, known.id, person, now);
  return accounts.insert(tx, { id: newId('acct', now.getTime()), ...person, createdAt: now, updatedAt: now });
}

/** Uses the invitation up and gives what it promised, in one transaction. Returns the account's id. */
function join(call: AcceptCall, row: InvitationRow, person: (change: Change) => Promise<AccountRow>): Promise<string> {
  return change(call, async (change) => {
    const { tx, now } = change;
    const locked = await invitations.lock(tx, row.id);
    if (locked === null || locked.hash.compare(row.hash) !== 0 || invitations.statusOf(locked, now.getTime()) !== 'pending') {
      throw conflict('This invitation was used or changed a moment ago.');
    }
    const account = await person(change);
    const by = { kind: 'account', id: account.id, name: account.name } as const;
    const own: Change = { ...change, record: (event) => change.record({ ...event, by }) };
    await invitations.update(tx, row.id, { acceptedAt: now, acceptedBy: account.id });
    await own.record({ ...invitationEvent(row), action: 'invitation.accept', before: null, after: { account_id: account.id } });
    await (locked.organizationId === null
      ? givePlatformRole(own, locked, account)
      : enter(own, locked.organizationId, locked, account));
    return account.id;
  });
}

async function givePlatformRole({ tx, now, record }: Change, { role }: InvitationRow, account: AccountRow): Promise<void> {
  if (account.platformRole !== null) throw conflict(`${account.name} has a platform role already.`);
  await accounts.update(tx, account.id, { platformRole: role as PlatformRole }, now);
  const [before, after] = [{ platform_role: null }, { platform_role: role }];
  await record({ ...ownEvent('account.update', account), before, after });
}

/** Makes them a member, and puts them into what is left of the teams. */
async function enter(own: Change, organizationId: string, row: InvitationRow, account: AccountRow): Promise<void> {
  const membershipId = await addMember(own, organizationId, {
    account_id: account.id,
    role: row.role as Parameters<typeof addMember>[2]['role'],
  });
  for (const { teamId, role } of row.teams) {
    const team = await teams.lock(own.tx, { organizationId, id: teamId });
    if (team === null) continue;
    await teamMembers.insert(own.tx, { organizationId, teamId, membershipId, role, createdAt: own.now });
    await own.record({
      organizationId,
      action: 'team_member.add',
      objectType: 'team_member',
      objectId: `${teamId}/${membershipId}`,
      objectName: team.name,
      before: null,
      after: { role },
    });
  }
}

interface Opened {
  readonly row: InvitationRow;
  readonly organization: OrganizationRow | null;
}

/** The invitation of a token while it can be accepted. Throws 404 that says why it cannot. */
async function openInvitation(call: AdminCall<unknown, unknown, unknown>, token: string): Promise<Opened> {
  const { db, keys, clock } = call.deps;
  const row = await invitations.findByHash(db, hashOfLink(keys.pepper, token));
  if (row === null) throw new Problem(404, 'This invitation is not known. A newer link may have replaced it.');
  const status = invitations.statusOf(row, clock.nowMs());
  if (status !== 'pending') throw new Problem(404, CLOSED[status]);
  if (row.organizationId === null) return { row, organization: null };
  const organization = await organizations.find(db, row.organizationId);
  if (organization === null || organization.status === 'deleted' || organization.status === 'archived') {
    throw new Problem(404, 'The organization of this invitation is no longer there.');
  }
  return { row, organization };
}

const CLOSED = {
  accepted: 'This invitation was accepted already.',
  expired: 'This invitation has expired.',
  cancelled: 'This invitation was cancelled.',
} as const;

/**
 * Whether accepting may give an account its first password: one that an admin made and that nobody can sign in to yet. Whoever sends an
 * invitation sees its link, so holding it proves nothing about the address: an account that is something elsewhere is not theirs to open.
 */
async function isClaimable(db: Database, row: InvitationRow, account: AccountRow): Promise<boolean> {
  if ((await signIn.passwordHash(db, account.id)) !== null) return false;
  if ((await signIn.factorsOf(db, account.id)).passkeys > 0) return false;
  // To the platform only its admins invite, who may give any account a password.
  if (row.organizationId === null) return true;
  const organizationIds = await accounts.organizationIds(db, account.id);
  return account.platformRole === null && organizationIds.every((id) => id === row.organizationId);
}
