import { isId } from '../../lib/id.ts';
import { GROUP_SCHEMA } from './attributes.ts';
import { type Operation, readPath } from './read-patch.ts';
import { isObject, readSimple } from './read-user.ts';
import { invalidPath, invalidSyntax, invalidValue } from './scim-error.ts';

/** One step of a change of members, in order. `keep` takes everybody out except these. */
export interface MemberStep {
  readonly is: 'add' | 'remove' | 'keep';
  readonly ids: readonly string[];
}

/** The change of a group that a request wants. An absent field changes nothing. */
export interface GroupChange {
  readonly name?: string;
  readonly externalId?: string | null;
  readonly members: readonly MemberStep[];
}

const NAME = { is: 'text', about: '', lengthMax: 200 } as const;
const EXTERNAL_ID = { is: 'text', about: '', lengthMax: 256 } as const;

/** Reads the operations on a group. Those on attributes that groups do not have do nothing. Throws a ScimError. */
export function readGroupPatch(operations: readonly Operation[]): GroupChange {
  const change: { name?: string; externalId?: string | null; members: MemberStep[] } = { members: [] };
  for (const { op, path, value } of operations) {
    if (path !== null) apply(change, { op, path, value });
    else if (isObject(value)) for (const [name, inner] of Object.entries(value)) apply(change, { op, path: name, value: inner });
    else throw invalidSyntax('An operation without a path needs an object as its value.');
  }
  return change;
}

function apply(
  change: { name?: string; externalId?: string | null; members: MemberStep[] },
  { op, path, value }: Operation & { readonly path: string },
): void {
  const rest = path.toLowerCase().startsWith(`${GROUP_SCHEMA.toLowerCase()}:`) ? path.slice(GROUP_SCHEMA.length + 1) : path;
  if (rest.includes(':') && !rest.includes('[')) return;
  const { attribute, filter, part } = readPath(rest);
  switch (attribute.toLowerCase()) {
    case 'displayname':
      if (op === 'remove') throw invalidValue('displayName is required.');
      change.name = readName(value);
      return;
    case 'externalid':
      change.externalId = op === 'remove' ? null : readExternalId(value);
      return;
    case 'members':
      if (part !== null) throw invalidPath('members are added and removed as a whole.');
      change.members.push(memberStep({ op, value }, filter));
      return;
    default:
      return;
  }
}

function memberStep(
  { op, value }: Pick<Operation, 'op' | 'value'>,
  filter: { readonly part: string; readonly equals: string } | null,
): MemberStep {
  if (filter !== null) {
    if (op !== 'remove' || filter.part.toLowerCase() !== 'value') throw invalidPath('Only remove takes members[value eq "id"].');
    return { is: 'remove', ids: [filter.equals] };
  }
  if (op === 'remove')
    return value === undefined || value === null ? { is: 'keep', ids: [] } : { is: 'remove', ids: idsIn(value) };
  return { is: op === 'add' ? 'add' : 'keep', ids: readMembers(value) };
}

/** Reads the members of a group: people of the directory by their ids, each once. */
export function readMembers(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const ids = idsIn(value);
  const odd = ids.find((id) => !isId('mem', id));
  if (odd !== undefined) throw notAPerson(odd);
  return ids;
}

export function notAPerson(id: string): Error {
  return invalidValue(
    `members: there is no person with the id ${JSON.stringify(id.slice(0, 64))} in this directory. Groups have people as members, and no groups.`,
  );
}

function idsIn(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : [value];
  const ids = list.map((one: unknown) => {
    const id = isObject(one) ? one.value : one;
    if (typeof id !== 'string') throw invalidValue('Each member must be an object with the id of a person as its value.');
    return id;
  });
  return [...new Set(ids)];
}

export function readName(value: unknown): string {
  if (value === undefined || value === null || value === '') throw invalidValue('displayName is required.');
  return readSimple('displayName', NAME, value) as string;
}

export function readExternalId(value: unknown): string | null {
  return value === undefined || value === null || value === '' ? null : (readSimple('externalId', EXTERNAL_ID, value) as string);
}
