import { mayHold } from '../../domain/tenancy/admin-token.ts';
import type { RoleGrant } from '../../domain/tenancy/permission.ts';
import type { TokenOwnerColumns } from '../../store/accounts/admin-tokens.ts';
import { ofInstallation, ofPerson, ofServiceAccount } from '../../store/accounts/admin-tokens.ts';
import * as tokenAccounts from '../../store/accounts/token-accounts.ts';
import { peopleOf } from '../../store/accounts/token-people.ts';
import type { Database } from '../../store/database.ts';
import { type Actor, isNarrowed } from '../http/actor.ts';
import type { AdminCall } from '../http/call.ts';
import { forbidden, invalid, Problem } from '../http/problem.ts';

/** Decides the owner of a new token and how long it may last. */

const DAY_MS = 86_400_000;
const DAYS_UNLESS_SAID = 90;

/**
 * Returns the person who acts, even by a token of theirs. Null for a service account's token that no person made, and for the
 * installation's.
 */
export function personBehind(actor: Actor): string | null {
  return actor.accountId ?? actor.token?.makerAccountId ?? null;
}

/** Returns the owner of a token that this caller makes: the caller or, if the caller is a token, its owner. */
export function ownerOfMade(actor: Actor): TokenOwnerColumns {
  const { token } = actor;
  if (token === undefined) return ofPerson(actor.accountId ?? actor.id);
  if (token.origin !== null) return ofInstallation('token');
  const { makerAccountId, serviceAccountId, origin, unownedEndsAt } = token;
  return { makerAccountId, serviceAccountId, origin, unownedEndsAt };
}

/**
 * Returns the owner of a service account's token. Throws 400 if the account belongs to another place, is not active, or has a
 * responsible person who could not hold the role.
 */
export async function ownerOfMachine(
  db: Database,
  actor: Actor,
  { grant, serviceAccountId }: { readonly grant: RoleGrant; readonly serviceAccountId: string },
): Promise<TokenOwnerColumns> {
  const account = await tokenAccounts.find(db, serviceAccountId);
  const organizationId = 'organizationId' in grant ? grant.organizationId : null;
  if (account === null || account.organizationId !== organizationId || account.status !== 'active') {
    const where = organizationId === null ? 'the platform' : 'this organization';
    throw invalid('/service_account_id', `must be an active service account of ${where}`);
  }
  await requireMayHold(db, account.responsibleAccountId, grant, '/service_account_id');
  return ofServiceAccount(account.id, personBehind(actor));
}

/**
 * Throws 400 if the person could not hold the role: a service account's token never has a role that its responsible person lacks.
 */
export async function requireMayHold(db: Database, accountId: string, grant: RoleGrant, pointer: string): Promise<void> {
  const person = (await peopleOf(db, [accountId])).get(accountId) ?? null;
  if (mayHold(person, grant)) return;
  throw invalid(pointer, `must have a responsible person who holds the role ${grant.role} here`);
}

/** Throws 403 for a narrowed token: a token that it made or changed could exceed it. */
export function refuseNarrowed({ token }: Actor): void {
  if (token === undefined || !isNarrowed(token)) return;
  throw forbidden(
    'A narrowed admin token cannot create, change or take over admin tokens. Use a token without a narrowing, or sign in.',
  );
}

/**
 * Reports whether the caller may let a service account's token last longer, or take it over: owners of its organization, and
 * platform admins.
 */
export function mayConsent(actor: Actor, grant: RoleGrant): boolean {
  const organizationId = 'organizationId' in grant ? grant.organizationId : null;
  return actor.roles.some(
    (own) => own.role === 'platform_admin' || (own.role === 'org_owner' && own.organizationId === organizationId),
  );
}

/**
 * Returns the expiry of a new token: 90 days from now if absent. Throws 400 for an instant that has passed. Throws 403 if it
 * would outlive the token that makes it, or if a service account's token needs consent to last longer than 90 days.
 */
export function expiryOfMade(
  call: AdminCall<unknown, unknown, unknown>,
  asked: string | null | undefined,
  { grant, isMachines }: { readonly grant: RoleGrant; readonly isMachines: boolean },
): Date | null {
  const nowMs = call.deps.clock.nowMs();
  const standardMs = nowMs + DAYS_UNLESS_SAID * DAY_MS;
  const ownEnd = call.actor.token?.expiresAt ?? null;
  if (asked === undefined) return new Date(Math.min(standardMs, ownEnd?.getTime() ?? standardMs));
  const wanted = asked === null ? null : new Date(asked);
  if (wanted !== null && wanted.getTime() <= nowMs) throw invalid('/expires_at', 'must be in the future');
  if (ownEnd !== null && (wanted === null || wanted > ownEnd)) {
    throw refused(`Your admin token expires at ${ownEnd.toISOString()}. It cannot create or change one that lasts longer.`);
  }
  if (isMachines && (wanted === null || wanted.getTime() > standardMs) && !mayConsent(call.actor, grant)) {
    throw refused(
      `A service account’s token can last at most ${DAYS_UNLESS_SAID} days. Only an owner or a platform admin can let it last longer.`,
    );
  }
  return wanted;
}

function refused(message: string): Problem {
  return new Problem(403, message, { faults: [{ pointer: '/expires_at', message }] });
}
