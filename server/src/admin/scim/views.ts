import type { ScimGroupRow } from '../../store/identity/scim-groups.ts';
import type { ScimPerson } from '../../store/identity/scim-people.ts';
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA, withoutCoreSchema } from './attributes.ts';
import { invalidValue } from './scim-error.ts';

/** A resource as SCIM shows it. */
export type Resource = Readonly<Record<string, unknown>>;

/** Renders a person. `active` is the state of the membership. */
export function viewPerson(baseUrl: string, person: ScimPerson): Resource {
  const { resource, id, memberStatus, createdAt, updatedAt } = person;
  const schemas = ENTERPRISE_SCHEMA in resource ? [USER_SCHEMA, ENTERPRISE_SCHEMA] : [USER_SCHEMA];
  const meta = metaOf('User', `${baseUrl}/Users/${id}`, { createdAt, updatedAt });
  return { schemas, id, ...resource, active: memberStatus === 'active', meta };
}

/** Renders a group. `memberIds` null: without its members. */
export function viewGroup(baseUrl: string, group: ScimGroupRow, memberIds: readonly string[] | null): Resource {
  const { id, name: displayName, externalId } = group;
  const members = memberIds?.map((value) => ({ value, type: 'User', $ref: `${baseUrl}/Users/${value}` }));
  return {
    schemas: [GROUP_SCHEMA],
    id,
    ...(externalId === null ? {} : { externalId }),
    displayName,
    ...(members === undefined ? {} : { members }),
    meta: metaOf('Group', `${baseUrl}/Groups/${id}`, group),
  };
}

function metaOf(
  resourceType: string,
  location: string,
  { createdAt, updatedAt }: { readonly createdAt: Date; readonly updatedAt: Date },
) {
  return { resourceType, created: createdAt.toISOString(), lastModified: updatedAt.toISOString(), location };
}

/** Renders a page of a list. */
export function viewList(
  resources: readonly Resource[],
  { total, startIndex }: { readonly total: number; readonly startIndex: number },
) {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  };
}

/** The attributes that a request asks for, in lower case. `only` null: all that are not left out. */
export interface Projection {
  readonly only: ReadonlySet<string> | null;
  readonly without: ReadonlySet<string>;
}

const NAMES_MAX = 50;
const ALWAYS = new Set(['id', 'schemas']);

/** Reads `attributes` and `excludedAttributes`. Throws 400 if both are given. */
export function readProjection(query: Readonly<Record<string, string | undefined>>): Projection {
  const { attributes, excludedAttributes } = query;
  if (attributes !== undefined && excludedAttributes !== undefined)
    throw invalidValue('Send attributes or excludedAttributes, not both.');
  return { only: attributes === undefined ? null : namesIn(attributes), without: namesIn(excludedAttributes ?? '') };
}

/** Reports whether an answer shows an attribute as a whole or in part. */
export function shows({ only, without }: Projection, name: string): boolean {
  const wanted = name.toLowerCase();
  if (without.has(wanted)) return false;
  return only === null || [...only].some((one) => one === wanted || one.startsWith(`${wanted}.`) || one.startsWith(`${wanted}:`));
}

/** Leaves out what a request does not ask for. `name.givenName` means all of `name`. */
export function projected(resource: Resource, projection: Projection): Resource {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => ALWAYS.has(name) || shows(projection, name)));
}

function namesIn(list: string): ReadonlySet<string> {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  if (names.length > NAMES_MAX) throw invalidValue(`At most ${NAMES_MAX} attributes can be named.`);
  return new Set(names.filter((name) => name !== '').map(withoutCoreSchema));
}
