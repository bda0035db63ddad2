/** The changes that a directory makes to groups. Members change by small differences, however large the group is. */
import { isId, newId } from '../../lib/id.ts';
import * as groups from '../../store/identity/scim-groups.ts';
import { mappingsOfGroups } from '../../store/identity/scim-mappings.ts';
import * as people from '../../store/identity/scim-people.ts';
import * as refusals from '../../store/identity/scim-refusals.ts';
import { type Change, change } from '../http/change.ts';
import { lockLiving } from '../organizations/organizations.ts';
import { applyToPeople } from './directory-roles.ts';
import {
  type GroupChange,
  type MemberStep,
  notAPerson,
  readExternalId,
  readGroupPatch,
  readMembers,
  readName,
} from './patch-group.ts';
import { fieldOf, type Operation } from './read-patch.ts';
import { isObject } from './read-user.ts';
import type { DirectoryCall } from './scim-call.ts';
import { invalidSyntax, noSuch } from './scim-error.ts';

/** Creates a group. */
export function createGroup(directory: DirectoryCall, body: unknown): Promise<groups.ScimGroupRow> {
  const { organizationId, call } = directory;
  const read = readGroup(body);
  return change(call, async (change) => {
    const { tx, now } = change;
    await lockLiving(tx, organizationId);
    const { name, externalId } = read;
    const row = { organizationId, id: newId('grp', now.getTime()), name, externalId, createdAt: now, updatedAt: now };
    const group = await groups.insert(tx, row);
    const moved = await moveMembers(change, group, read.members);
    const after = { ...factsOf(group), ...movedFacts(moved) };
    await change.record({ ...groupEvent(group), action: 'directory_group.create', before: null, after });
    await refusals.settle(tx, { organizationId, resource: 'Groups', subject: name });
    return group;
  });
}

/** Replaces a group and all its members. */
export function replaceGroup(directory: DirectoryCall, id: string, body: unknown): Promise<groups.ScimGroupRow> {
  return changeGroup(directory, id, readGroup(body));
}

export function patchGroup(directory: DirectoryCall, id: string, operations: readonly Operation[]): Promise<groups.ScimGroupRow> {
  return changeGroup(directory, id, readGroupPatch(operations));
}

/** Deletes a group. Its people keep only the roles that their other groups give them. */
export function deleteGroup({ organizationId, call }: DirectoryCall, id: string): Promise<void> {
  return change(call, async (change) => {
    await lockLiving(change.tx, organizationId);
    const group = await groups.lock(change.tx, { organizationId, id });
    if (group === null) throw noSuch('group');
    const moved = await moveMembers(change, group, [{ is: 'keep', ids: [] }]);
    await groups.remove(change.tx, group);
    const before = { ...factsOf(group), members: moved.removed.length };
    await change.record({ ...groupEvent(group), action: 'directory_group.remove', before, after: null });
  });
}

function changeGroup({ organizationId, call }: DirectoryCall, id: string, wanted: GroupChange): Promise<groups.ScimGroupRow> {
  return change(call, async (change) => {
    const { tx, now } = change;
    // Before the group, as every change of people does: otherwise the two could wait for each other.
    await lockLiving(tx, organizationId);
    const group = await groups.lock(tx, { organizationId, id });
    if (group === null) throw noSuch('group');
    const columns = {
      name: wanted.name ?? group.name,
      externalId: wanted.externalId === undefined ? group.externalId : wanted.externalId,
    };
    const moved = await moveMembers(change, group, wanted.members);
    const isChanged = columns.name !== group.name || columns.externalId !== group.externalId;
    if (isChanged || moved.added.length + moved.removed.length > 0) await groups.update(tx, group, columns, now);
    const after = { ...group, ...columns };
    const facts = { ...factsOf(after), ...movedFacts(moved) };
    await change.record({ ...groupEvent(after), action: 'directory_group.update', before: factsOf(group), after: facts });
    await refusals.settle(tx, { organizationId, resource: 'Groups', subject: id });
    return after;
  });
}

/** Reads a whole group. Members that are absent are none. */
function readGroup(body: unknown): GroupChange & { readonly name: string; readonly externalId: string | null } {
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object.');
  return {
    name: readName(fieldOf(body, 'displayname')),
    externalId: readExternalId(fieldOf(body, 'externalid')),
    members: [{ is: 'keep', ids: readMembers(fieldOf(body, 'members')) }],
  };
}

/** The people who joined and who left. */
interface Moved {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Makes the steps in order, and works out the roles of those who moved, if a mapping names the group. */
async function moveMembers(change: Change, group: groups.ScimGroupRow, steps: readonly MemberStep[]): Promise<Moved> {
  const { tx } = change;
  const { organizationId, id } = group;
  const [added, removed] = [new Set<string>(), new Set<string>()];
  for (const step of joined(steps)) {
    const isMovedIn = step.is === 'add';
    const moved = await (isMovedIn
      ? groups.addMembers(tx, group, step.ids)
      : step.is === 'keep'
        ? groups.keepMembers(tx, group, step.ids)
        : groups.removeMembers(tx, group, step.ids.filter(isPersonId)));
    // Whoever was not added was in the group already, or is nobody: only then it is worth a question.
    if (isMovedIn && moved.length < step.ids.length) await requirePeople(change, group, step.ids);
    for (const one of moved) {
      // Who came and went in one request did not move.
      if (!(isMovedIn ? removed : added).delete(one)) (isMovedIn ? added : removed).add(one);
    }
  }
  const everybody = [...added, ...removed];
  if (everybody.length > 0 && (await mappingsOfGroups(tx, organizationId, [id])).length > 0)
    await applyToPeople(change, organizationId, everybody);
  return { added: [...added], removed: [...removed] };
}

/** Joins steps of one kind that follow each other, so that 1,000 operations are few statements. A set of members is also added. */
function joined(steps: readonly MemberStep[]): readonly MemberStep[] {
  const out: { is: MemberStep['is']; ids: string[] }[] = [];
  for (const { is, ids } of steps.flatMap(withAdd)) {
    const last = out.at(-1);
    if (last !== undefined && last.is === is && is !== 'keep') last.ids.push(...ids);
    else out.push({ is, ids: [...ids] });
  }
  return out.filter(({ is, ids }) => is === 'keep' || ids.length > 0);
}

function withAdd(step: MemberStep): readonly MemberStep[] {
  return step.is === 'keep' && step.ids.length > 0 ? [step, { is: 'add', ids: step.ids }] : [step];
}

/** Throws 400 for an id that is no person of this directory. */
async function requirePeople({ tx }: Change, { organizationId }: groups.GroupKey, ids: readonly string[]): Promise<void> {
  const known = await people.known(tx, organizationId, ids);
  const unknown = ids.find((id) => !known.has(id));
  if (unknown !== undefined) throw notAPerson(unknown);
}

function isPersonId(id: string): boolean {
  return isId('mem', id);
}

function factsOf({ name, externalId }: groups.ScimGroupRow) {
  return { display_name: name, external_id: externalId };
}

/** The most people that an audit event names. */
const NAMED_MAX = 100;

function movedFacts({ added, removed }: Moved): Readonly<Record<string, unknown>> {
  return {
    ...(added.length === 0 ? {} : { members_added: added.length, added: added.slice(0, NAMED_MAX) }),
    ...(removed.length === 0 ? {} : { members_removed: removed.length, removed: removed.slice(0, NAMED_MAX) }),
  };
}

function groupEvent({ organizationId, id, name }: groups.ScimGroupRow) {
  return { organizationId, objectType: 'directory_group', objectId: id, objectName: name };
}
