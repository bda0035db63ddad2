/**
 * The decision who may come in through an identity provider. It is pure, over what the provider asserted and what we know. The rows of the
 * table are read from the top, and the first that fits decides.
 */
import type { PlatformRole } from '../tenancy/permission.ts';
import type { SsoCode } from './words.ts';

/** The standing of a membership. `none`: the account never belonged to the organization. */
export type MembershipStanding = 'active' | 'disabled' | 'removed' | 'none';

/** An account as far as this decision needs it. */
export interface KnownAccount {
  readonly id: string;
  /** In lower case. */
  readonly address: string;
  /** True if its present address is proved. */
  readonly isProved: boolean;
  readonly isActive: boolean;
  readonly platformRole: PlatformRole | null;
  readonly membership: MembershipStanding;
  /** True if it belongs, or ever belonged, to an organization other than this one. */
  readonly isElsewhere: boolean;
}

export interface Arriving {
  /** The account that this subject is linked to, or that the SCIM directory names by the subject. */
  readonly linked: KnownAccount | null;
  /** The asserted address in lower case; null: none. */
  readonly email: string | null;
  readonly emailVerified: boolean;
  /** The domains that the organization verified. */
  readonly domains: ReadonlySet<string>;
  /** The account with the asserted address. */
  readonly account: KnownAccount | null;
  readonly createsAccounts: boolean;
  /** The account that started the flow to link itself, signed in in its own way; null: a sign-in. */
  readonly linking: KnownAccount | null;
  /** The address at the provider that this account named, in lower case; null: a sign-in. */
  readonly linkingAs: string | null;
}

/** The action to take. `link` also signs in; `join` links an account and makes it a member. */
export type Arrival =
  /** `proves`: the provider proves the address, which nobody has proved before. */
  | { readonly is: 'in'; readonly accountId: string; readonly proves: boolean }
  | { readonly is: 'create'; readonly email: string }
  | { readonly is: 'link'; readonly accountId: string; readonly joins: boolean }
  | { readonly is: 'refused'; readonly code: SsoCode };

/** Decides what happens with a person whom an identity provider asserts. */
export function arrivalOf(arriving: Arriving): Arrival {
  const { linked, linking, email, account, domains } = arriving;
  if (linked !== null)
    return linking === null || linking.id === linked.id ? enter(linked, arriving) : refused('linked_elsewhere');
  if (email === null) return refused('no_email');
  if (!arriving.emailVerified) return refused('email_unverified');
  if (!domains.has(domainOf(email))) return refused('domain_not_verified');
  // A browser may still be signed in at the provider as somebody else.
  if (linking !== null) return email === arriving.linkingAs ? join(linking, arriving) : refused('linked_other_address');
  if (account === null) return arriving.createsAccounts ? { is: 'create', email } : refused('no_account');
  return isOfThisOneOnly(account) ? join(account, arriving) : refused('signed_in_first');
}

/** Reports whether an account belongs to this organization and nowhere else, so that its provider may speak for its address. */
function isOfThisOneOnly({ membership, isElsewhere, platformRole }: KnownAccount): boolean {
  return membership !== 'none' && !isElsewhere && platformRole === null;
}

/** Returns the domain of an address: what follows the last `@`. */
export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1);
}

/** Lets an account in that is linked already. A removed member does not return by signing in. */
function enter(account: KnownAccount, arriving: Arriving): Arrival {
  if (!account.isActive) return refused('account_disabled');
  return account.membership === 'active'
    ? { is: 'in', accountId: account.id, proves: proves(account, arriving) }
    : ended(account);
}

function ended({ membership }: KnownAccount): Arrival {
  return refused(membership === 'disabled' ? 'membership_disabled' : 'membership_ended');
}

/** Reports whether an arrival proves an address as one by that address does. A directory made the account, or gave it a new address. */
function proves(account: KnownAccount, { email, emailVerified, domains }: Arriving): boolean {
  if (account.isProved || email === null || email !== account.address || !emailVerified) return false;
  return domains.has(domainOf(email)) && isOfThisOneOnly(account);
}

function join(account: KnownAccount, { createsAccounts, email }: Arriving): Arrival {
  if (!account.isActive) return refused('account_disabled');
  if (account.membership === 'active') return { is: 'link', accountId: account.id, joins: false };
  if (account.membership !== 'none') return ended(account);
  // Until its address is proved, another organization may have made the account for somebody else.
  const isAdmissible = account.isProved || account.address === email;
  return createsAccounts && isAdmissible ? { is: 'link', accountId: account.id, joins: true } : refused('no_account');
}

function refused(code: SsoCode): Arrival {
  return { is: 'refused', code };
}
