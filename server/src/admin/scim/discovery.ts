/** The endpoint's description of itself: its abilities, its kinds of resources, and their attributes. */
import { type Attribute, ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_ATTRIBUTES, USER_SCHEMA } from './attributes.ts';
import { OPERATIONS_MAX } from './read-patch.ts';
import type { Resource } from './views.ts';

/** The most resources on one page. */
export const PAGE_MAX = 200;
/** The most bytes of a body. */
export const BODY_BYTES_MAX = 1_048_576;

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

export function serviceProviderConfig(baseUrl: string): Resource {
  return {
    schemas: [`${CORE}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: OPERATIONS_MAX, maxPayloadSize: BODY_BYTES_MAX },
    filter: { supported: true, maxResults: PAGE_MAX },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token that an owner or admin of the organization creates in the console, on the page Directory.',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

export function resourceTypes(baseUrl: string): readonly Resource[] {
  const schemas = [`${CORE}:ResourceType`];
  const meta = (id: string) => ({ resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${id}` });
  return [
    {
      ...{ schemas, id: 'User', name: 'User', endpoint: '/Users', description: 'A person.', schema: USER_SCHEMA },
      schemaExtensions: [{ schema: ENTERPRISE_SCHEMA, required: false }],
      meta: meta('User'),
    },
    {
      schemas,
      id: 'Group',
      name: 'Group',
      endpoint: '/Groups',
      description: 'A group.',
      schema: GROUP_SCHEMA,
      meta: meta('Group'),
    },
  ];
}

export function schemas(baseUrl: string): readonly Resource[] {
  const { [ENTERPRISE_SCHEMA]: enterprise, ...core } = USER_ATTRIBUTES;
  const parts = enterprise !== undefined && 'parts' in enterprise ? enterprise.parts : {};
  return [
    schema(baseUrl, { id: USER_SCHEMA, name: 'User', attributes: attributesOf(core) }),
    schema(baseUrl, { id: ENTERPRISE_SCHEMA, name: 'EnterpriseUser', attributes: attributesOf(parts) }),
    schema(baseUrl, { id: GROUP_SCHEMA, name: 'Group', attributes: GROUP_ATTRIBUTES }),
  ];
}

function schema(
  baseUrl: string,
  { id, name, attributes }: { readonly id: string; readonly name: string; readonly attributes: object },
) {
  const meta = { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` };
  return { schemas: [`${CORE}:Schema`], id, name, description: name, attributes, meta };
}

const PLAIN = {
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
};

const SPECIAL: Readonly<Record<string, object>> = {
  userName: { required: true, uniqueness: 'server' },
  externalId: { caseExact: true, uniqueness: 'server' },
};

function attributesOf(table: Readonly<Record<string, Attribute>>): readonly object[] {
  return Object.entries(table).map(([name, attribute]) => {
    const plain = { name, description: attribute.about, ...PLAIN };
    if (attribute.is === 'text') return { ...plain, type: 'string', ...SPECIAL[name] };
    if (attribute.is === 'flag') return { ...plain, type: 'boolean' };
    const multiValued = attribute.is === 'list';
    return { ...plain, type: 'complex', multiValued, subAttributes: attributesOf(attribute.parts) };
  });
}

const GROUP_ATTRIBUTES: readonly object[] = [
  { name: 'displayName', description: 'The name of the group. It gives no role.', ...PLAIN, type: 'string', required: true },
  { name: 'externalId', description: 'The id of the group at the identity provider.', ...PLAIN, type: 'string', caseExact: true },
  {
    ...{ name: 'members', description: 'The people of the group.', ...PLAIN, type: 'complex', multiValued: true },
    subAttributes: [
      { name: 'value', description: 'The id of the person.', ...PLAIN, type: 'string', caseExact: true, mutability: 'immutable' },
      { name: 'type', description: 'Always User.', ...PLAIN, type: 'string', mutability: 'immutable', canonicalValues: ['User'] },
      {
        name: '$ref',
        description: 'The address of the person.',
        ...PLAIN,
        type: 'reference',
        referenceTypes: ['User'],
        mutability: 'immutable',
      },
    ],
  },
];
