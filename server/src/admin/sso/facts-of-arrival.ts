import type { Arriving, KnownAccount } from '../../domain/identity/arrival.ts';
import type { Assertion } from '../../domain/identity/assertion.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import type { Database } from '../../store/database.ts';
import { verifiedDomains } from '../../store/identity/domains.ts';
import * as links from '../../store/identity/identity-links.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import { findByExternalId } from '../../store/identity/scim-people.ts';

/** An account that links itself. `address` is the one that it has at the provider, as it said; null: that of the account. */
export interface Linking {
  readonly id: string;
  readonly address: string | null;
}

/** Returns what the decision about an arriving person needs. `linking` null: a sign-in. */
export async function factsOfArrival(
  db: Database,
  { organizationId, id: providerId, createsAccounts }: ProviderRow,
  assertion: Pick<Assertion, 'subject' | 'email' | 'emailVerified'>,
  linking: Linking | null,
): Promise<Arriving> {
  const { subject, email, emailVerified } = assertion;
  const known = async (account: accounts.AccountRow | null): Promise<KnownAccount | null> =>
    account === null ? null : links.knownAccount(db, organizationId, account);
  const byId = async (id: string | null) => known(id === null ? null : await accounts.find(db, id));
  const itself = await byId(linking?.id ?? null);
  return {
    linked: await byId(
      (await links.findAccountId(db, { organizationId, providerId, subject })) ??
        (await findByExternalId(db, organizationId, subject))?.accountId ??
        null,
    ),
    email,
    emailVerified,
    domains: await verifiedDomains(db, organizationId),
    account: await known(email === null ? null : await signIn.findByEmail(db, email)),
    createsAccounts,
    linking: itself,
    linkingAs: linking?.address ?? itself?.address ?? null,
  };
}
