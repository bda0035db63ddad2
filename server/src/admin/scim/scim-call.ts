import type { FastifyRequest } from 'fastify';
import type { ScimTokenRow } from '../../store/identity/scim-tokens.ts';
import type { Actor } from '../http/actor.ts';
import { AdminCall } from '../http/call.ts';
import type { AdminDeps } from '../http/deps.ts';

const NO_SCHEMAS = { params: undefined, query: undefined, body: undefined };
/** SCIM reads its addresses and bodies by itself. */
const NOTHING_READ = { ...NO_SCHEMAS, reason: null, ifMatch: null, takesIfMatch: false, idempotencyKey: null };

/** One request of a directory. */
export interface DirectoryCall {
  readonly organizationId: string;
  /** The call in the form that changes take. Its actor has no roles: what a directory may do is written in `admin/scim/`. */
  readonly call: AdminCall;
  /** The address below which the directory finds its resources. */
  readonly baseUrl: string;
}

/** Returns the call of a request with a token. */
export function directoryCall(deps: AdminDeps, token: ScimTokenRow, request: FastifyRequest): DirectoryCall {
  const actor: Actor = { kind: 'scim_token', id: token.id, name: `SCIM: ${token.name}`, roles: [], accountId: null };
  const ownOrigin = `${request.protocol}://${request.host}`;
  const raw = {
    ...{ requestId: request.id, method: request.method, route: request.routeOptions.url ?? '', ip: request.ip },
    visitor: { cookie: undefined, origin: undefined, userAgent: request.headers['user-agent'], ip: request.ip },
    ...{ ownOrigin, ...NOTHING_READ },
  };
  const call = new AdminCall(deps, actor, raw, NO_SCHEMAS);
  return { organizationId: token.organizationId, call, baseUrl: `${deps.publicUrl ?? ownOrigin}/scim/v2` };
}

/** The actor of what no request of a directory asks for: the roles that its groups give. */
export const OWN_ACTOR: Actor = { kind: 'scim_token', id: 'scim_directory', name: 'SCIM directory', roles: [], accountId: null };

/** Returns a call for work that no request asks for: the roles of people whose groups or mappings changed. */
export function ownCall(deps: AdminDeps, requestId: string): AdminCall {
  const raw = {
    ...{ requestId, method: 'POST', route: '/scim/v2', ip: '' },
    visitor: { cookie: undefined, origin: undefined, userAgent: undefined, ip: '' },
    ...{ ownOrigin: '', ...NOTHING_READ },
  };
  return new AdminCall(deps, OWN_ACTOR, raw, NO_SCHEMAS);
}
