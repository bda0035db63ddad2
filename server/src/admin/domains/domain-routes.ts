import type { RouteTable } from '../http/route.ts';
import * as domains from './domains.ts';

/** The routes of an organization's domains. */
export const DOMAIN_ROUTES: RouteTable = {
  'GET /organizations/:id/domains': domains.list,
  'POST /organizations/:id/domains': domains.create,
  'POST /organizations/:id/domains/:domain/check': domains.check,
  'DELETE /organizations/:id/domains/:domain': domains.remove,
};
