import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Authenticate, authenticateAdminToken } from './authenticate.ts';
import type { AdminDeps } from './deps.ts';
import { buildHttp } from './http.ts';
import type { RouteTable } from './route.ts';

/** Every admin route, below /api/v1. */
export const ROUTES: RouteTable = {};

export interface AdminApp {
  /** Answers one request whose path begins with /api/. The listener is the data plane's. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** The OpenAPI 3.1 document, generated from the schemas that validate. */
  openapi(): object;
  close(): Promise<void>;
}

export interface AdminAppOptions {
  readonly routes?: RouteTable;
  /** How a caller is known. Sessions will be added here. */
  readonly authenticate?: Authenticate;
}

/** The control plane over HTTP. Rejects when a route declares no permission or no loader. */
export async function createAdminApp(deps: AdminDeps, options: AdminAppOptions = {}): Promise<AdminApp> {
  const http = await buildHttp(deps, options.routes ?? ROUTES, options.authenticate ?? authenticateAdminToken);
  return {
    handle: (request, response) => http.routing(request, response),
    openapi: () => http.swagger(),
    close: () => http.close(),
  };
}
