import { ScimError as PatchError, type ScimPatchOperation, type ScimResource, scimPatch } from 'scim-patch';
import {
  type Attribute,
  attributeNamed,
  ENTERPRISE_SCHEMA,
  type Parts,
  type SimpleAttribute,
  USER_ATTRIBUTES,
  USER_SCHEMA,
} from './attributes.ts';
import { type Operation, readPath } from './read-patch.ts';
import { isObject, readSimple, readValue } from './read-user.ts';
import { invalidPath, invalidSyntax, ScimError } from './scim-error.ts';

/**
 * Applies the operations of a PATCH to a person as the directory keeps them. Every operation is first brought into one form: names
 * as the table writes them, flags as booleans, and one attribute each. So the library sees only names of the table. Operations on
 * attributes that the directory does not keep do nothing: identity providers send them together with others.
 */
export function patchUser(
  resource: Readonly<Record<string, unknown>>,
  operations: readonly Operation[],
): Record<string, unknown> {
  const plain = operations.flatMap(plainOperations);
  try {
    return scimPatch({ schemas: [USER_SCHEMA], ...resource } as unknown as ScimResource, plain, {
      mutateDocument: false,
      treatMissingAsAdd: true,
    }) as unknown as Record<string, unknown>;
  } catch (error) {
    if (error instanceof PatchError)
      throw new ScimError(400, 'An operation does not fit the person: its path has no target.', 'noTarget');
    throw error;
  }
}

/** Returns an operation in the form that the library takes: none if the directory does not keep what it names. */
function plainOperations({ op, path, value }: Operation): readonly ScimPatchOperation[] {
  if (path !== null) return one(op, path, value);
  if (!isObject(value)) throw invalidSyntax('An operation without a path needs an object as its value.');
  return Object.entries(value).flatMap(([name, inner]) => {
    if (name.toLowerCase() === ENTERPRISE_SCHEMA.toLowerCase() && isObject(inner))
      return Object.entries(inner).flatMap(([part, value]) => one(op, `${ENTERPRISE_SCHEMA}:${part}`, value));
    return one(op, name, inner);
  });
}

function one(op: Operation['op'], path: string, value: unknown): readonly ScimPatchOperation[] {
  const { isEnterprise, rest } = withoutSchema(path);
  if (isEnterprise) return enterprise(op, rest, value);
  if (rest.includes(':')) return []; // An extension that is not kept.
  const { attribute: given, filter, part: givenPart } = readPath(rest);
  const [name, attribute] = attributeNamed(USER_ATTRIBUTES, given) ?? [];
  if (name === undefined || attribute === undefined) return [];
  if (attribute.is === 'text' || attribute.is === 'flag') {
    if (filter !== null || givenPart !== null) throw invalidPath(`${name} has no parts.`);
    return operation(op, name, attribute, value);
  }
  if (filter !== null && attribute.is !== 'list') throw invalidPath(`${name} is not a list.`);
  const place = filter === null ? name : `${name}[${conditionOf(name, attribute.parts, filter)}]`;
  if (givenPart === null)
    return filter === null ? operation(op, name, attribute, value) : whole(op, place, attribute.parts, value);
  const [part, simple] = attributeNamed<Parts[string]>(attribute.parts, givenPart) ?? [];
  if (part === undefined || simple === undefined) return [];
  if (attribute.is === 'list' && filter === null)
    throw invalidPath(`${name} is a list: say which, as in ${name}[type eq "work"].${part}.`);
  return operation(op, `${place}.${part}`, simple, value);
}

/** Returns the operation on an attribute of the enterprise extension, or on the whole extension. */
function enterprise(op: Operation['op'], rest: string, value: unknown): readonly ScimPatchOperation[] {
  if (rest === '') {
    if (op === 'remove') return partsOf(ENTERPRISE_SCHEMA).map(([part]) => ({ op, path: `${ENTERPRISE_SCHEMA}:${part}` }));
    if (!isObject(value)) throw invalidSyntax('The enterprise extension must be an object.');
    return Object.entries(value).flatMap(([part, inner]) => enterprise(op, part, inner));
  }
  const { attribute: given } = readPath(rest);
  const [part, simple] = attributeNamed(Object.fromEntries(partsOf(ENTERPRISE_SCHEMA)), given) ?? [];
  if (part === undefined || simple === undefined) return [];
  return operation(op, `${ENTERPRISE_SCHEMA}:${part}`, simple, value);
}

function partsOf(name: string): readonly (readonly [string, SimpleAttribute])[] {
  const attribute = USER_ATTRIBUTES[name];
  return attribute !== undefined && 'parts' in attribute ? Object.entries(attribute.parts) : [];
}

/** Returns the operation with its value in the form of the attribute. No value removes the attribute. */
function operation(op: Operation['op'], path: string, attribute: Attribute, value: unknown): readonly ScimPatchOperation[] {
  const read = readValue(path, attribute, value);
  if (op === 'remove') return [attribute.is === 'list' && read !== undefined ? { op, path, value: read } : { op, path }];
  return [read === undefined ? { op: 'remove', path } : { op, path, value: read }];
}

/** Returns the operations on one object of a list, one for each of its parts. */
function whole(op: Operation['op'], place: string, parts: Parts, value: unknown): readonly ScimPatchOperation[] {
  if (op === 'remove') return [{ op, path: place }];
  if (!isObject(value)) throw invalidSyntax(`The value of ${place} must be an object.`);
  return Object.entries(value).flatMap(([given, inner]) => {
    const [part, simple] = attributeNamed<Parts[string]>(parts, given) ?? [];
    return part === undefined || simple === undefined ? [] : operation(op, `${place}.${part}`, simple, inner);
  });
}

/** The library takes a path apart at colons, dots and quotes, so a value in brackets may not have them all. */
const SAFE_VALUE = /^[\w@+ .-]{1,254}$/;

function conditionOf(
  name: string,
  parts: Parts,
  { part: given, equals }: { readonly part: string; readonly equals: string },
): string {
  const [part, simple] = attributeNamed<Parts[string]>(parts, given) ?? [];
  if (part === undefined || simple === undefined) throw invalidPath(`${name} has no part of that name.`);
  if (!SAFE_VALUE.test(equals)) throw invalidPath('A value in brackets may have letters, digits, spaces and @ . + - _.');
  const value = readSimple(`${name}.${part}`, simple, equals);
  return `${part} eq ${JSON.stringify(value)}`;
}

/** Takes the name of a schema of people from the beginning of a path. */
function withoutSchema(path: string): { readonly isEnterprise: boolean; readonly rest: string } {
  const lower = path.toLowerCase();
  for (const schema of [USER_SCHEMA, ENTERPRISE_SCHEMA]) {
    const isEnterprise = schema === ENTERPRISE_SCHEMA;
    if (lower === schema.toLowerCase()) return { isEnterprise, rest: '' };
    if (lower.startsWith(`${schema.toLowerCase()}:`)) return { isEnterprise, rest: path.slice(schema.length + 1) };
  }
  return { isEnterprise: false, rest: path };
}
