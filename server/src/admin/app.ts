import type { IncomingMessage, ServerResponse } from 'node:http';
import { can } from '../domain/permission.ts';
import { type Authenticate, authenticateAdminToken } from './authenticate.ts';
import type { AdminDeps } from './deps.ts';
import { buildHttp } from './http.ts';
import type { RouteTable } from './route.ts';
import * as lifecycle from './routes/organization-lifecycle.ts';
import * as organizations from './routes/organizations.ts';
import * as teams from './routes/teams.ts';

/** Every admin route, below /api/v1. */
export const ROUTES: RouteTable = {
  'GET /organizations': organizations.list,
  'POST /organizations': organizations.create,
  'GET /organizations/:id': organizations.read,
  'PATCH /organizations/:id': organizations.update,
  'DELETE /organizations/:id': lifecycle.remove,
  'POST /organizations/:id/suspend': lifecycle.suspend,
  'POST /organizations/:id/reactivate': lifecycle.reactivate,
  'POST /organizations/:id/archive': lifecycle.archive,

  'GET /teams': teams.list,
  'GET /organizations/:id/teams': teams.listOfOrganization,
  'POST /organizations/:id/teams': teams.create,
  'GET /teams/:id': teams.read,
  'PATCH /teams/:id': teams.update,
  'DELETE /teams/:id': teams.remove,
};

export interface AdminApp {
  /** Answers one request whose path begins with /api/. The listener is the data plane's. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The OpenAPI 3.1 document, generated from the schemas that validate. */
  openapi(): object;
  /** Whether an `Authorization` header is one of who may read what belongs to the platform: for the metrics. */
  mayReadMetrics(authorization: string | undefined): Promise<boolean>;
  close(): Promise<void>;
}

export interface AdminAppOptions {
  readonly routes?: RouteTable;
  /** How a caller is known. Sessions will be added here. */
  readonly authenticate?: Authenticate;
}

/** The control plane over HTTP. Rejects when a route declares no permission or no loader. */
export async function createAdminApp(deps: AdminDeps, options: AdminAppOptions = {}): Promise<AdminApp> {
  const authenticate = options.authenticate ?? authenticateAdminToken;
  const http = await buildHttp(deps, options.routes ?? ROUTES, authenticate);
  return {
    handle: (request, response) => http.routing(request, response),
    openapi: () => http.swagger(),
    mayReadMetrics: (authorization) => mayReadPlatform(deps, authenticate, authorization),
    close: () => http.close(),
  };
}

async function mayReadPlatform(deps: AdminDeps, authenticate: Authenticate, authorization: string | undefined): Promise<boolean> {
  if (authorization === undefined) return false;
  try {
    return can(await authenticate(deps, { authorization }), 'platform.read', { organizationId: null });
  } catch {
    // Unknown, or the database is away: either way nobody has been recognised.
    return false;
  }
}
