import type { IncomingHttpHeaders } from 'node:http';
import { hasOwn, knownTo, needOf, providersIn, type Shown, wasIdle } from '../../domain/identity/evidence.ts';
import type { TokenStanding } from '../../domain/tenancy/admin-token.ts';
import { grantAboveTeams } from '../../domain/tenancy/permission.ts';
import { addressList, holdsAddress } from '../../lib/address/address-list.ts';
import { hashesOf, hashSecret } from '../../lib/secrets.ts';
import { type AccountPlace, grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import type { AdminTokenRow } from '../../store/accounts/admin-tokens.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { judgeToken } from '../../store/accounts/token-facts.ts';
import { evidenceOf, noteIdle } from '../../store/identity/evidence.ts';
import { moveAdminToken } from '../../store/sealing/peppers.ts';
import { guessesOf } from '../tokens/token-guesses.ts';
import { type Actor, type ClosedPlace, narrowingOf } from './actor.ts';
import type { AdminDeps } from './deps.ts';
import { forbidden, Problem } from './problem.ts';

/** Returns the caller of a request, or throws a Problem: 401 if the caller is not known. */
export type Authenticate = (deps: AdminDeps, headers: IncomingHttpHeaders, ip: string) => Promise<Actor>;

const TOKEN_LENGTH_MAX = 256;
const LAST_USED_EVERY_MS = 60_000;

/** Authenticates a caller by admin token or, without an `Authorization` header, by the browser's session. */
export const authenticateCaller: Authenticate = (deps, headers, ip) =>
  headers.authorization === undefined && headers.cookie !== undefined
    ? authenticateSession(deps, headers.cookie, ip)
    : authenticateAdminToken(deps, headers, ip);

/**
 * Authenticates an account by its session. Reads the roles at every call, so a removed role, an ended session or a disabled
 * account takes effect at once. A role in an organization counts only while the session has shown what that organization asks for,
 * and a role of the platform only if the person signed in their own way.
 */
async function authenticateSession(deps: AdminDeps, cookie: string, ip: string): Promise<Actor> {
  const token = await deps.identity.sessionToken({ cookie, ip, origin: undefined, userAgent: undefined });
  const now = new Date(deps.clock.nowMs());
  const found = token === null ? null : await signIn.findSession(deps.db, { token, at: now });
  if (found === null) throw unauthenticated('You are not signed in, or your session has ended. Sign in and try again.');
  const { session, account } = found;
  const places = await placesOf(deps.db, account.id);
  const shown = await shownBy(deps, session, places, now);
  if (session.lastUsedAt.getTime() < now.getTime() - LAST_USED_EVERY_MS) {
    await signIn.markSessionUsed(deps.db, { id: session.id, at: now });
  }
  const shut = places.flatMap((place) => closedTo(shown, place, account.id));
  const open = places.filter(({ organization }) => !shut.some(({ organizationId }) => organizationId === organization.id));
  const isOwn = hasOwn(shown);
  const roles = grantsOf(isOwn ? account.platformRole : null, open);
  const known = knownTo(shown);
  const closed = shut.filter(({ organizationId }) => known === null || known.includes(organizationId));
  const isElsewhereToo = closed.length < shut.length || (!isOwn && account.platformRole !== null);
  const { id, name } = account;
  return {
    ...{ kind: 'account', id, name, roles, accountId: id, sessionId: session.id },
    shown: { isOwn, closed, known, isElsewhereToo, providers: providersIn(shown) },
  };
}

/** Returns what a session has shown. If it was idle for longer than an organization allows, notes that first. */
async function shownBy(
  { db }: AdminDeps,
  session: signIn.SessionRow,
  places: readonly AccountPlace[],
  now: Date,
): Promise<Shown> {
  const times = { lastUsedMs: session.lastUsedAt.getTime(), nowMs: now.getTime() };
  // Before the session counts as used again, or the next call would find it in use.
  for (const { organization, rules } of places) {
    if (wasIdle(rules, times)) await noteIdle(db, { sessionId: session.id, organizationId: organization.id, at: now });
  }
  return { ...(await evidenceOf(db, session)), nowMs: now.getTime() };
}

function closedTo(shown: Shown, { organization, role, rules }: AccountPlace, accountId: string): readonly ClosedPlace[] {
  const needs = needOf({ organizationId: organization.id, accountId, role, rules }, shown);
  return needs === null ? [] : [{ organizationId: organization.id, name: organization.name, needs }];
}

/**
 * Authenticates a caller by admin token. Looks up the token, its owner and their roles at every call. So every replica at once
 * refuses a revoked token, and one whose role its maker no longer holds. An operator may choose a token of any form, so the form
 * proves nothing.
 */
async function authenticateAdminToken(deps: AdminDeps, headers: IncomingHttpHeaders, ip: string): Promise<Actor> {
  const token = bearerOf(headers);
  const hash = hashSecret(deps.keys.pepper, token);
  const guesses = guessesOf(deps);
  guesses.admit(hash, ip);
  const row = await adminTokens.findByHash(deps.db, hashesOf(deps.keys, token));
  if (row === null) {
    await guesses.wrong(ip);
    throw unauthenticated('This admin token is unknown or was revoked. Check it, or ask an admin for a new one.');
  }
  guesses.right(hash);
  const nowMs = deps.clock.nowMs();
  const { standing, people } = await judgeToken(deps.db, row, nowMs);
  refuse(standing);
  if (row.networks !== null && !holdsAddress(addressList(row.networks), ip))
    throw forbidden(
      'This admin token is not allowed from your network address. Use it from an address in its `networks`, or change them.',
    );
  if (row.lastUsedAt === null || row.lastUsedAt.getTime() < nowMs - LAST_USED_EVERY_MS) {
    await adminTokens.markUsed(deps.db, { id: row.id, at: new Date(nowMs), ip: ip === '' ? null : ip });
  }
  await moveIfUnderBefore(deps, row, hash);
  return actorOf(row, [...people.keys()]);
}

/** Hashes a used token again under the present pepper, if its stored hash is from the pepper before. */
async function moveIfUnderBefore({ db, keys: { pepper, otherPepper } }: AdminDeps, row: AdminTokenRow, hash: string) {
  const stored = row.hash.toString('hex');
  if (otherPepper?.is === 'before' && stored !== hash) await moveAdminToken(db, stored, { hash, pepper });
}

function actorOf(row: AdminTokenRow, standsFor: readonly string[]): Actor {
  const { id, name } = row;
  return {
    kind: 'admin_token',
    id,
    name,
    roles: [grantAboveTeams(row)],
    accountId: null,
    standsFor,
    narrowing: narrowingOf(row),
    token: row,
  };
}

function refuse(standing: TokenStanding): void {
  switch (standing.is) {
    case 'active':
      return;
    case 'revoked':
      throw unauthenticated('This admin token is unknown or was revoked. Check it, or ask an admin for a new one.');
    case 'expired':
      throw unauthenticated('This admin token has expired. Create a new one.');
    case 'stopped':
      if (standing.by === 'organization') throw forbidden(STOPPED.organization);
      throw unauthenticated(STOPPED[standing.by]);
  }
}

const STOPPED = {
  maker: 'This admin token no longer works, because its owner no longer holds its role. Ask an admin for a new one.',
  responsible:
    'This admin token is stopped, because the person responsible for it no longer holds its role. Ask an owner to take it over.',
  service_account:
    'This admin token is stopped, because its service account is disabled or was deleted. Ask an admin to enable the service account, or use another token.',
  organization:
    'The organization of this admin token is not active, so its tokens do not work. They work again when it is reactivated; people can still sign in.',
} as const;

function bearerOf(headers: IncomingHttpHeaders): string {
  const [scheme = '', token = ''] = (headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'bearer' || token === '')
    throw unauthenticated('This call needs an admin token. Send the header `Authorization: Bearer hgadm_…`.');
  if (token.startsWith('sk-hg-'))
    throw unauthenticated('This is a key for the data plane, which cannot call the admin API. Send an admin token (`hgadm_…`).');
  if (token.length > TOKEN_LENGTH_MAX)
    throw unauthenticated('This admin token is unknown or was revoked. Check it, or ask an admin for a new one.');
  return token;
}

function unauthenticated(detail: string): Problem {
  return new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer realm="headgate"' } });
}
