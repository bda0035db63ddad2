/** Filters by which an owner finds people at risk in an organization: conditions on memberships joined with their accounts. */
import { and, eq, exists, inArray, isNotNull, not, type SQL } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { accounts, addressProofs, memberships, signInMethods, twoFactors } from '../schema.ts';
import { isOfPresentAddress } from './address-proofs.ts';

/**
 * `vouched_for`: only a platform admin vouched for the present address. `password_only`: a password alone is enough to sign in,
 * because there is no authenticator app. A passkey beside the password does not change that.
 */
export const PERSON_FINDINGS = ['vouched_for', 'password_only'] as const;
export type PersonFinding = (typeof PERSON_FINDINGS)[number];

/** Returns the condition for active members with this finding. Omits disabled memberships and disabled accounts. */
export function findingCondition(db: Database, finding: PersonFinding): SQL | undefined {
  const found = finding === 'vouched_for' ? isOnlyVouchedFor(db) : entersByPasswordAlone(db);
  return and(eq(memberships.status, 'active'), eq(accounts.status, 'active'), found);
}

function isOnlyVouchedFor(db: Database): SQL | undefined {
  const proofs = (how: SQL | undefined) =>
    exists(db.select({ id: addressProofs.id }).from(addressProofs).where(and(isOfPresentAddress(), how)));
  const isStronger = inArray(addressProofs.how, ['mail', 'operator', 'identity_provider']);
  return and(proofs(eq(addressProofs.how, 'platform_admin')), not(proofs(isStronger)));
}

function entersByPasswordAlone(db: Database): SQL | undefined {
  const passwords = db
    .select({ id: signInMethods.id })
    .from(signInMethods)
    .where(and(eq(signInMethods.userId, accounts.id), isNotNull(signInMethods.password)));
  const apps = db
    .select({ id: twoFactors.id })
    .from(twoFactors)
    .where(and(eq(twoFactors.userId, accounts.id), eq(twoFactors.verified, true)));
  return and(exists(passwords), not(exists(apps)));
}
