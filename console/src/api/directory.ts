/** Calls about the SCIM directory of an organization, its tokens, and the mappings of its groups. */
import { api, asked, type Schema } from './client.ts';
import { queryOf } from './list-query.ts';

export type Directory = Schema<'Directory'>;
export type DirectoryPerson = Schema<'DirectoryPerson'>;
export type DirectoryGroup = Schema<'DirectoryGroup'>;
export type DirectoryRefusal = Schema<'DirectoryRefusal'>;
export type ScimToken = Schema<'ScimToken'>;

type Query = Readonly<Record<string, unknown>>;

export function directoryQuery(organizationId: string) {
  return {
    queryKey: ['directory', organizationId],
    queryFn: () => asked(api.GET('/organizations/{id}/directory', { params: { path: { id: organizationId } } })),
  };
}

export function listDirectoryPeople(id: string, query: Query) {
  const PATH = '/organizations/{id}/directory/people';
  return asked(api.GET(PATH, { params: { path: { id }, query: queryOf(PATH, query) } }));
}

export function listDirectoryGroups(id: string, query: Query) {
  const PATH = '/organizations/{id}/directory/groups';
  return asked(api.GET(PATH, { params: { path: { id }, query: queryOf(PATH, query) } }));
}

export function listDirectoryRefusals(id: string, query: Query) {
  const PATH = '/organizations/{id}/directory/refusals';
  return asked(api.GET(PATH, { params: { path: { id }, query: queryOf(PATH, query) } }));
}

export function listScimTokens(id: string, query: Query) {
  const PATH = '/organizations/{id}/scim-tokens';
  return asked(api.GET(PATH, { params: { path: { id }, query: queryOf(PATH, query) } }));
}

export function revokeScimToken(organizationId: string, tokenId: string) {
  const params = { path: { id: organizationId, token_id: tokenId } };
  return asked(api.DELETE('/organizations/{id}/scim-tokens/{token_id}', { params }));
}
