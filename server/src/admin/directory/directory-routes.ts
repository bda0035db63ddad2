import type { RouteTable } from '../http/route.ts';
import * as directory from './directory.ts';
import * as scimTokens from './scim-tokens.ts';

/** The routes about SCIM directories. Identity providers use the endpoint `/scim/v2` instead (`admin/scim/`). */
export const DIRECTORY_ROUTES: RouteTable = {
  'GET /organizations/:id/directory': directory.read,
  'GET /organizations/:id/directory/people': directory.listPeople,
  'GET /organizations/:id/directory/groups': directory.listGroups,
  'GET /organizations/:id/directory/refusals': directory.listRefusals,
  'GET /organizations/:id/scim-tokens': scimTokens.list,
  'POST /organizations/:id/scim-tokens': scimTokens.create,
  'DELETE /organizations/:id/scim-tokens/:token_id': scimTokens.revoke,
};
