/** The accounts of people whom a directory tells of. */
import { mayAdmit } from '../../domain/tenancy/address.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import { standingOf } from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { UniqueViolation } from '../../store/errors.ts';
import { verifiedDomains } from '../../store/identity/domains.ts';
import type { ScimPerson } from '../../store/identity/scim-people.ts';
import { tiesOf } from '../../store/identity/scim-people.ts';
import type { Member } from '../../store/tenancy/memberships.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { Change } from '../http/change.ts';
import type { ReadUser } from './read-user.ts';
import type { DirectoryCall } from './scim-call.ts';
import { invalidValue, taken } from './scim-error.ts';

/** The account of a person, and the membership if there is one already. */
export interface Found {
  readonly account: AccountRow;
  readonly member: Member | null;
  readonly isNew: boolean;
}

/** Throws 400 unless the address is in a domain that the organization verified. The answer is the same whoever has the address. */
export async function requireOwnDomain({ tx }: Change, organizationId: string, email: string): Promise<void> {
  const domain = email.slice(email.lastIndexOf('@') + 1);
  if ((await verifiedDomains(tx, organizationId)).has(domain)) return;
  throw invalidValue(
    `The address ${email} is not in a domain that this organization has verified. Verify ${domain} in the console, or give the person an address in a verified domain.`,
  );
}

/**
 * Finds or creates the account of a person. An existing account is taken if it is a member here, or belongs here only and has no
 * platform role. Throws 409 for every other one, in the same words for each: who belongs elsewhere joins by an invitation.
 */
export async function accountOf(directory: DirectoryCall, change: Change, user: ReadUser): Promise<Found> {
  const { tx } = change;
  const { organizationId } = directory;
  const known = await signIn.findByEmail(tx, user.email);
  if (known === null) return { account: await createAccount(directory, change, user), member: null, isNew: true };
  const account = await accounts.lock(tx, known.id);
  if (account === null || account.email.toLowerCase() !== user.email) throw byInvitation(user.email);
  const member = await memberships.findByAccount(tx, { organizationId, accountId: account.id });
  if (member !== null) return { account, member, isNew: false };
  const { isElsewhere, hasPlatformRole } = await tiesOf(tx, { organizationId, accountId: account.id });
  const isAdmissible = mayAdmit(await standingOf(tx, account), { organizationId, by: 'organization' });
  if (isElsewhere || hasPlatformRole || account.status !== 'active' || !isAdmissible) throw byInvitation(user.email);
  return { account, member: null, isNew: false };
}

/**
 * Writes a new name or address to the account, if this directory made it and it belongs nowhere else. Returns true if it did.
 * Throws 409 if another account has the address.
 */
export async function writeAccount(
  { organizationId, call }: DirectoryCall,
  { tx, now, record }: Change,
  person: ScimPerson,
  user: ReadUser,
): Promise<boolean> {
  if (!person.madeAccount) return false;
  const account = await accounts.lock(tx, person.accountId);
  if (account === null) return false;
  const { isElsewhere, hasPlatformRole } = await tiesOf(tx, { organizationId, accountId: account.id });
  if (isElsewhere || hasPlatformRole) return false;
  const before = { name: account.name, email: account.email };
  const after = { name: user.name, email: user.email };
  if (before.name === after.name && before.email === after.email) return false;
  const isTaken = before.email !== after.email && (await signIn.findByEmail(tx, after.email)) !== null;
  if (isTaken) throw byInvitation(user.email);
  await accounts.update(tx, account.id, after, now).catch((error: unknown) => {
    throw error instanceof UniqueViolation ? byInvitation(user.email) : error;
  });
  // A link that was sent to the old address must stop working.
  if (before.email !== after.email) await signIn.dropLinks(tx, { kind: 'password_reset', accountId: account.id });
  await record({ ...accountEvent(account), organizationId, action: 'account.update', before, after, by: call.actor });
  return true;
}

async function createAccount(
  { organizationId, call }: DirectoryCall,
  { tx, now, record }: Change,
  { name, email }: ReadUser,
): Promise<AccountRow> {
  const row = {
    ...{ id: newId('acct', now.getTime()), name, email, createdAt: now, updatedAt: now },
    ...{ madeHow: 'directory' as const, madeBy: call.actor.id, madeByName: call.actor.name },
    // Until the person proves the address, the account can belong to this organization only.
    boundOrganizationId: organizationId,
  };
  const account = await accounts.insert(tx, row).catch((error: unknown) => {
    throw error instanceof UniqueViolation ? byInvitation(email) : error;
  });
  await record({
    ...accountEvent(account),
    organizationId,
    action: 'account.create',
    before: null,
    after: { email, address_proved: false },
  });
  return account;
}

function accountEvent({ id, name }: AccountRow) {
  return { objectType: 'account', objectId: id, objectName: name };
}

function byInvitation(email: string) {
  return taken(
    `The directory cannot add ${email}: this person joins by an invitation. Invite the address in the console; once the person has accepted, send this request again.`,
  );
}
