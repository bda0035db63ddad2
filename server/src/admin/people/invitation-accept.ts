import { z } from 'zod';
import { acceptanceOf } from '../../domain/tenancy/address.ts';
import { type PlatformRole, ROLES_ABOVE_TEAMS, type RoleAboveTeams } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as addressProofs from '../../store/accounts/address-proofs.ts';
import type { InvitationRow } from '../../store/accounts/invitations.ts';
import * as invitations from '../../store/accounts/invitations.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { Database } from '../../store/database.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { instantOut, isoOf, name } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { conflict, forbidden, invalid, invalidFields, Problem } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { firstCookies } from '../session/first-cookies.ts';
import { checkPassword, newPassword } from '../session/new-password.ts';
import { hashesOfLink, linkToken } from '../session/one-time-token.ts';
import { ownEvent } from '../session/sign-in-audit.ts';
import { tellOfNewMethod } from '../session/tell-of-method.ts';
import { invitationEvent } from './invitation-view.ts';
import { addMember } from './members.ts';
import { requireOwnEvidence } from './own-account.ts';
import { joinTeams } from './team-roles.ts';

/** Accepts an invitation: once, by the person whose address it names. */

export const lookup = route({
  summary: 'Look up an invitation by its link',
  description: 'Returns what the invitation offers, before anybody accepts it. Needs only the token of the link.',
  permission: 'public',
  query: z.strictObject({ token: linkToken }),
  response: z
    .object({
      email: z.string(),
      organization_name: z.string().nullable().meta({ description: 'The organization. Null for an invitation to the platform.' }),
      role: z.enum(ROLES_ABOVE_TEAMS),
      expires_at: instantOut,
      inviter_name: z.string(),
    })
    .meta({ id: 'InvitationLookup' }),
  load: load.platform,
  handle: async (call) => {
    const { row, organization } = await openInvitation(call, call.query.token);
    // Does not tell whether the address has an account: the sender of the link could learn it.
    return {
      email: row.email,
      organization_name: organization?.name ?? null,
      role: row.role as RoleAboveTeams,
      expires_at: isoOf(row.expiresAt),
      inviter_name: row.inviterName,
    };
  },
});

const acceptBody = z.strictObject({
  token: linkToken,
  mail_token: linkToken.optional().meta({ description: 'The token that only the mailed link has. It proves the address.' }),
  name: name.optional().meta({ description: 'The name of a new account.' }),
  password: newPassword
    .optional()
    .meta({ description: 'The password of a new account, or of one whose address the mailed link proves.' }),
});
type AcceptCall = AdminCall<unknown, unknown, z.output<typeof acceptBody>>;

export const accept = route({
  summary: 'Accept an invitation',
  description:
    'If the address has no account, send a name and a password; else sign in with that address first. An account whose address is not proved can join only one organization. The mailed link with a new password proves the address and removes earlier passkeys, second factors and sessions.',
  permission: 'public',
  body: acceptBody,
  response: z.object({ status: z.literal('signed_in') }),
  load: load.platform,
  handle: async (call) => {
    const { row } = await openInvitation(call, call.body.token);
    const isMailed = showsMailToken(call, row);
    const known = await signIn.findByEmail(call.deps.db, row.email);
    const isSignedIn = isThemself(call, row, known);
    const account = known === null ? null : await addressProofs.standingOf(call.deps.db, known);
    const acceptance = acceptanceOf({ account, organizationId: row.organizationId, isMailed, isSignedIn });
    switch (acceptance) {
      case 'sign_in':
        throw new Problem(401, SIGN_IN_FIRST(row.email));
      case 'prove':
        throw forbidden(PROVE_FIRST(row.email));
      case 'join':
        await join(call, row, ({ tx }) => lockInvited(tx, row, known));
        return { status: 'signed_in' as const };
      case 'create':
      case 'claim': {
        const accountId = await joinWithPassword(call, row, acceptance === 'create' ? null : known, isMailed);
        call.cookies = await firstCookies(call, { id: accountId, email: row.email });
        return { status: 'signed_in' as const };
      }
    }
  },
});

const SIGN_IN_FIRST = (email: string) =>
  `${email} already has an account. Sign in with it, then accept the invitation. If it has no password yet, choose one with “Forgot your password?”, or ask a platform admin for a link.`;
const PROVE_FIRST = (email: string) =>
  `The address ${email} is not proved yet, so this account cannot join another organization. Sign out and choose a new password by mail (“Forgot your password?”), or ask a platform admin to vouch for the address.`;

/** Reports whether the caller sent the token of the mailed link. Throws 400 for a wrong one. */
function showsMailToken(call: AcceptCall, row: InvitationRow): boolean {
  const { mail_token: token } = call.body;
  if (token === undefined) return false;
  const isRight = hashesOfLink(call.deps.keys, token).some((hash) => row.mailHash?.equals(hash));
  if (!isRight) throw invalid('/mail_token', 'is not the token of this invitation: use the link from the newest mail');
  return true;
}

/** Reports whether the caller is signed in as the invited address. Throws 403 if they are signed in as somebody else. */
function isThemself(call: AcceptCall, row: InvitationRow, known: AccountRow | null): boolean {
  const { actor } = call;
  if (actor.kind !== 'account') return false;
  if (actor.id === known?.id) {
    requireOwnEvidence(call);
    return true;
  }
  throw forbidden(`You are signed in as ${actor.name}, but this invitation is for ${row.email}. Sign out, then accept it.`);
}

/**
 * Creates the account, or claims an existing one and proves its address. Sets the password in both cases. Throws 400 if the name
 * or the password is missing. Returns the account's id.
 */
async function joinWithPassword(
  call: AcceptCall,
  row: InvitationRow,
  known: AccountRow | null,
  isMailed: boolean,
): Promise<string> {
  const { name = known?.name, password } = call.body;
  if (name === undefined || password === undefined) {
    const missing = Object.entries({ name, password }).filter(([, value]) => value === undefined);
    const why =
      known === null ? 'is required for a new account' : 'is required: accepting with a mailed link sets a new password';
    throw invalidFields(missing.map(([field]) => ({ pointer: `/${field}`, message: why })));
  }
  await checkPassword(password, { name, email: row.email });
  const hash = await call.deps.identity.hashPassword(password);
  const how = isMailed ? ('mailed_invitation' as const) : ('handed_invitation' as const);
  const accountId = await join(call, row, async (change) => {
    const { tx, now, record } = change;
    const account = known === null ? await createInvited(change, row, { name, isMailed }) : await lockInvited(tx, row, known);
    if (known !== null) await takeOverByMail(change, account);
    if (isMailed)
      await addressProofs.addProof(tx, { accountId: account.id, address: row.email, how: 'mail', at: now, by: account });
    await signIn.setPassword(tx, { id: newId('auth', now.getTime()), accountId: account.id, hash, at: now, how });
    await record(ownEvent('account.sign_in', account));
    return account;
  });
  tellOfNewMethod(
    call,
    { email: row.email, name },
    isMailed ? 'You accepted the invitation that was mailed to you, and set a password.' : HANDED,
  );
  return accountId;
}

const HANDED =
  'Somebody used an invitation link that was not sent by mail to create an account with your address. Until the address is proved, the account can belong only to the organization that invited it.';

async function createInvited(
  { tx, now, record }: Change,
  row: InvitationRow,
  { name, isMailed }: { readonly name: string; readonly isMailed: boolean },
): Promise<AccountRow> {
  const account = await accounts.insert(tx, {
    id: newId('acct', now.getTime()),
    name,
    email: row.email,
    madeHow: isMailed ? 'mailed_link' : 'handed_link',
    madeBy: row.invitedBy,
    madeByName: row.inviterName,
    boundOrganizationId: row.organizationId,
    createdAt: now,
    updatedAt: now,
  });
  await record(ownEvent('account.create', account, { email: account.email, address_proved: isMailed }));
  return account;
}

/**
 * Removes every earlier way into the account: factors, sessions and reset links. From now on only the reader of the mail has
 * access.
 */
async function takeOverByMail({ tx, record }: Change, account: AccountRow): Promise<void> {
  const removed = await signIn.dropFactors(tx, account.id);
  const ended = await signIn.endSessions(tx, account.id);
  await signIn.dropLinks(tx, { kind: 'password_reset', accountId: account.id });
  await record(ownEvent('account.address_prove', account, { how: 'mail', sessions_ended: ended, removed }));
}

/** Locks the account. Throws 409 if it is disabled or was changed since it was found. */
async function lockInvited(tx: Database, row: InvitationRow, known: AccountRow | null): Promise<AccountRow> {
  const account = known === null ? null : await accounts.lock(tx, known.id);
  if (account === null || account.email.toLowerCase() !== row.email || account.status !== 'active') {
    throw conflict('This account is disabled or was just changed. Open the link again.');
  }
  return account;
}

/**
 * Uses up the invitation and gives what it promised, in one transaction. Throws 409 if it was used or changed since it was read.
 * Returns the account's id.
 */
function join(call: AcceptCall, row: InvitationRow, person: (change: Change) => Promise<AccountRow>): Promise<string> {
  return change(call, async (change) => {
    const { tx, now } = change;
    const locked = await invitations.lock(tx, row.id);
    if (locked === null || locked.hash.compare(row.hash) !== 0 || invitations.statusOf(locked, now.getTime()) !== 'pending') {
      throw conflict('This invitation was just used or changed. Open the link again.');
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
  if (account.platformRole !== null) throw conflict(`${account.name} already has a platform role.`);
  await accounts.update(tx, account.id, { platformRole: role as PlatformRole }, now);
  const [before, after] = [{ platform_role: null }, { platform_role: role }];
  await record({ ...ownEvent('account.update', account), before, after });
}

/** Makes the account a member, and adds it to those teams of the invitation that still exist. */
async function enter(own: Change, organizationId: string, row: InvitationRow, account: AccountRow): Promise<void> {
  const membershipId = await addMember(own, organizationId, {
    account_id: account.id,
    role: row.role as Parameters<typeof addMember>[2]['role'],
  });
  await joinTeams(own, { organizationId, membershipId }, row.teams);
}

interface Opened {
  readonly row: InvitationRow;
  readonly organization: OrganizationRow | null;
}

/** Returns the invitation of a token while it can be accepted. Otherwise throws a 404 that says why. */
async function openInvitation(call: AdminCall<unknown, unknown, unknown>, token: string): Promise<Opened> {
  const { db, keys, clock } = call.deps;
  const row = await invitations.findByHash(db, hashesOfLink(keys, token));
  if (row === null)
    throw new Problem(
      404,
      'This invitation link is not valid. A newer link may have replaced it: look for a newer mail, or ask for another invitation.',
    );
  const status = invitations.statusOf(row, clock.nowMs());
  if (status !== 'pending') throw new Problem(404, CLOSED[status]);
  if (row.organizationId === null) return { row, organization: null };
  const organization = await organizations.find(db, row.organizationId);
  if (organization === null || organization.status === 'deleted' || organization.status === 'archived') {
    throw new Problem(404, 'The organization of this invitation was archived or deleted.');
  }
  return { row, organization };
}

const CLOSED = {
  accepted: 'This invitation was already accepted. Sign in instead.',
  expired: 'This invitation has expired. Ask for a new one.',
  cancelled: 'This invitation was cancelled. Ask for a new one.',
} as const;
