/** The changes that a directory makes to people: it creates, changes, disables, enables and deletes them. Each is one transaction. */
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import * as people from '../../store/identity/scim-people.ts';
import * as refusals from '../../store/identity/scim-refusals.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { type Change, change } from '../http/change.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { removeMember } from '../people/member-removal.ts';
import { setMemberStatus } from '../people/member-status.ts';
import { addMember } from '../people/members.ts';
import { tellOfMembership } from '../people/tell-of-membership.ts';
import { accountOf, type Found, requireOwnDomain, writeAccount } from './account-of.ts';
import { endWays } from './end-ways.ts';
import { patchUser } from './patch-user.ts';
import type { Operation } from './read-patch.ts';
import { type ReadUser, readUser } from './read-user.ts';
import type { DirectoryCall } from './scim-call.ts';
import { noSuch } from './scim-error.ts';

/** Creates a person: an account if there is none, and a membership. Returns the person. */
export async function createPerson(directory: DirectoryCall, body: unknown): Promise<people.ScimPerson> {
  const { organizationId, call } = directory;
  const user = readUser(body);
  const created = await change(call, async (change) => {
    await lockLiving(change.tx, organizationId);
    await requireOwnDomain(change, organizationId, user.email);
    const found = await accountOf(directory, change, user);
    const id = found.member?.id ?? (await join(change, organizationId, found));
    const person = await insertPerson(change, { organizationId, id }, user, found);
    if (user.active === false) await disable(change, person);
    return { found, person: await reread(change, person) };
  });
  await tellIfLinked(directory, created.found);
  return created.person;
}

/** Replaces all that the directory said of a person. `active` stays as it is if the body does not say. */
export function replacePerson(directory: DirectoryCall, id: string, body: unknown): Promise<people.ScimPerson> {
  const user = readUser(body);
  return changePerson(directory, id, () => user);
}

export function patchPerson(directory: DirectoryCall, id: string, operations: readonly Operation[]): Promise<people.ScimPerson> {
  return changePerson(directory, id, (person) =>
    readUser(patchUser({ ...person.resource, active: person.isActive }, operations)),
  );
}

/** Deletes a person: the membership ends, and its keys are revoked. */
export function deletePerson({ organizationId, call }: DirectoryCall, id: string): Promise<void> {
  return change(call, async (change) => {
    await lockLiving(change.tx, organizationId);
    const person = await people.lock(change.tx, { organizationId, id });
    const member = person === null ? null : await memberships.find(change.tx, { organizationId, id });
    if (person === null || member === null) throw noSuch('person');
    await people.remove(change.tx, person);
    await removeMember(change, member);
    await endWays(change, person);
    await change.record({ ...personEvent(person), action: 'directory_person.remove', before: factsOf(person), after: null });
  });
}

function changePerson(
  directory: DirectoryCall,
  id: string,
  read: (person: people.ScimPerson) => ReadUser,
): Promise<people.ScimPerson> {
  const { organizationId, call } = directory;
  return change(call, async (change) => {
    await lockLiving(change.tx, organizationId);
    const person = await people.lock(change.tx, { organizationId, id });
    if (person === null) throw noSuch('person');
    const user = read(person);
    if (user.email !== person.email) await requireOwnDomain(change, organizationId, user.email);
    await writeAccount(directory, change, person, user);
    const columns = columnsOf(user);
    const isActive = user.active ?? person.isActive;
    await people.update(change.tx, person, { ...columns, isActive }, change.now);
    const after = { ...person, ...columns, isActive };
    await change.record({
      ...personEvent(after),
      action: 'directory_person.update',
      before: factsOf(person),
      after: factsOf(after),
    });
    if (user.active === false) await disable(change, person);
    if (user.active === true) await enable(change, person);
    await refusals.settle(change.tx, { organizationId, resource: 'Users', subject: user.userName });
    return reread(change, person);
  });
}

async function join(change: Change, organizationId: string, { account }: Found): Promise<string> {
  const id = await addMember(change, organizationId, { account_id: account.id, role: 'org_member' });
  await memberships.update(change.tx, { organizationId, id }, { managedBy: DIRECTORY }, change.now);
  return id;
}

async function insertPerson(
  { tx, now, record }: Change,
  key: people.PersonKey,
  user: ReadUser,
  { isNew }: Found,
): Promise<people.ScimPerson> {
  const row = { ...key, ...columnsOf(user), isActive: user.active ?? true, madeAccount: isNew, createdAt: now, updatedAt: now };
  await people.insert(tx, row);
  const person = await people.find(tx, key);
  if (person === null) throw new Error('the new person is missing');
  const after = { ...factsOf(person), made_account: isNew };
  await record({ ...personEvent(person), action: 'directory_person.create', before: null, after });
  await refusals.settle(tx, { organizationId: key.organizationId, resource: 'Users', subject: user.userName });
  return person;
}

/** Disables the membership, and ends every way in that the person has here. Does nothing if it is disabled already. */
async function disable(change: Change, person: people.ScimPerson): Promise<void> {
  const member = await memberships.find(change.tx, person);
  if (member === null || member.status !== 'active') return;
  await setMemberStatus(change, member, 'disabled');
  await people.update(change.tx, person, { disabledMember: true }, change.now);
  await endWays(change, person);
}

/** Enables the membership, if this directory disabled it. What an admin disabled stays so. */
async function enable(change: Change, person: people.ScimPerson): Promise<void> {
  const member = await memberships.find(change.tx, person);
  if (member === null) return;
  if (person.disabledMember && member.status === 'disabled') await setMemberStatus(change, member, 'active');
  if (person.disabledMember) await people.update(change.tx, person, { disabledMember: false }, change.now);
}

async function reread({ tx }: Change, person: people.PersonKey): Promise<people.ScimPerson> {
  const found = await people.find(tx, person);
  if (found === null) throw noSuch('person');
  return found;
}

/** Tells the owner of an account that existed before that a directory added it. */
async function tellIfLinked({ organizationId, call }: DirectoryCall, { account, member, isNew }: Found): Promise<void> {
  if (isNew || member !== null) return;
  const organization = await organizations.find(call.deps.db, organizationId);
  if (organization === null) return;
  const person = { accountId: account.id, name: account.name, email: account.email };
  tellOfMembership(call, person, { organization, role: 'org_member' });
}

function columnsOf({ name, userName, externalId, email, emailKeys, resource }: ReadUser) {
  return { name, userName, externalId, email, emailKeys: [...emailKeys], resource };
}

/** Returns what the audit log keeps of a person. */
function factsOf({ userName, externalId, email, name, isActive }: people.ScimUserRow) {
  return { user_name: userName, external_id: externalId, email, name, active: isActive };
}

function personEvent({ organizationId, id, name }: people.ScimUserRow) {
  return { organizationId, objectType: 'directory_person', objectId: id, objectName: name };
}
