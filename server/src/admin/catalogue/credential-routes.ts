import type { RouteTable } from '../http/route.ts';
import * as credentialCheck from './credential-check.ts';
import * as credentialTest from './credential-test.ts';
import * as credentials from './credentials.ts';
import * as modelLists from './model-lists.ts';

/** The operations on the platform's credentials. */
export const credentialRoutes = {
  'GET /credentials': credentials.list,
  'POST /credentials': credentials.create,
  'POST /credentials/check': credentialCheck.check,
  'POST /credentials/:id/test': credentialTest.test,
  'GET /credentials/:id/models': credentialCheck.listModels,
  'GET /credentials/:id/model-list': modelLists.read,
  'POST /credentials/:id/model-list': modelLists.refresh,
  'GET /credentials/:id': credentials.read,
  'PATCH /credentials/:id': credentials.update,
  'POST /credentials/:id/end-overlap': credentials.endOverlap,
  'DELETE /credentials/:id': credentials.remove,
} satisfies RouteTable;
