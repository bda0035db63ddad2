import type { IncomingHttpHeaders } from 'node:http';
import type { PlatformRole, RoleGrant } from '../domain/permission.ts';
import { hashSecret } from '../lib/secrets.ts';
import { grantsOf, placesOf } from '../store/account-places.ts';
import * as adminTokens from '../store/admin-tokens.ts';
import * as signIn from '../store/sign-in.ts';
import type { Actor } from './actor.ts';
import type { AdminDeps } from './deps.ts';
import { Problem } from './problem.ts';

/** Who a request comes from, or a 401 Problem. */
export type Authenticate = (deps: AdminDeps, headers: IncomingHttpHeaders, ip: string) => Promise<Actor>;

const TOKEN_LENGTH_MAX = 256;
const LAST_USED_EVERY_MS = 60_000;

/** Knows a caller by their admin token or, without an `Authorization` header, by the session of their browser. */
export const authenticateCaller: Authenticate = (deps, headers, ip) =>
  headers.authorization === undefined && headers.cookie !== undefined
    ? authenticateSession(deps, headers.cookie, ip)
    : authenticateAdminToken(deps, headers);

/**
 * Knows an account by its session. Roles are read at every call, so what is taken away is gone at once, and so is a session that was
 * ended or whose account was disabled.
 */
async function authenticateSession(deps: AdminDeps, cookie: string, ip: string): Promise<Actor> {
  const token = await deps.identity.sessionToken({ cookie, ip, origin: undefined, userAgent: undefined });
  const now = new Date(deps.clock.nowMs());
  const found = token === null ? null : await signIn.findSession(deps.db, { token, at: now });
  if (found === null) throw unauthenticated('Nobody is signed in, or the session has ended.');
  const { session, account } = found;
  if (session.lastUsedAt.getTime() < now.getTime() - LAST_USED_EVERY_MS) {
    await signIn.markSessionUsed(deps.db, { id: session.id, at: now });
  }
  const roles = grantsOf(account.platformRole, await placesOf(deps.db, account.id));
  return { kind: 'account', id: account.id, name: account.name, roles, accountId: account.id, sessionId: session.id };
}

/**
 * Knows a caller by an admin token. The token is looked up at every call: one index read, and in return a revoked token is refused by
 * every replica at once. (A token chosen by the operator may have any form, so the form proves nothing here.)
 */
async function authenticateAdminToken(deps: AdminDeps, headers: IncomingHttpHeaders): Promise<Actor> {
  const token = bearerOf(headers);
  const nowMs = deps.clock.nowMs();
  const row = await adminTokens.findByHash(deps.db, Buffer.from(hashSecret(deps.keys.pepper, token), 'hex'));
  if (row === null || row.revokedAt !== null) throw unauthenticated('This admin token is unknown or revoked.');
  if (row.expiresAt !== null && row.expiresAt.getTime() <= nowMs) throw unauthenticated('This admin token has expired.');
  if (row.lastUsedAt === null || row.lastUsedAt.getTime() < nowMs - LAST_USED_EVERY_MS) {
    await adminTokens.markUsed(deps.db, { id: row.id, at: new Date(nowMs) });
  }
  return { kind: 'admin_token', id: row.id, name: row.name, roles: [grantOf(row)], accountId: null };
}

function bearerOf(headers: IncomingHttpHeaders): string {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || token === '')
    throw unauthenticated('Send an admin token: Authorization: Bearer hgadm_….');
  if (token.startsWith('sk-hg-')) throw unauthenticated('A data-plane key cannot call the admin API.');
  if (token.length > TOKEN_LENGTH_MAX) throw unauthenticated('This admin token is unknown or revoked.');
  return token;
}

function unauthenticated(detail: string): Problem {
  return new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer realm="headgate"' } });
}

/** A token holds one role: a platform role, or a role in one organization. */
function grantOf(row: { readonly role: string; readonly organizationId: string | null }): RoleGrant {
  if (row.organizationId === null) return { role: row.role as PlatformRole };
  return { role: row.role, organizationId: row.organizationId } as RoleGrant;
}
