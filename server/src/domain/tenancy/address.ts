/**
 * Whether an account's address is proved, and who may admit the account before it is. A link that somebody handed over proves nothing: its
 * sender saw it too. Only mail, an identity provider that was verified, the operator or a platform admin's word prove an address.
 */

/** How an address can be proved. */
export const ADDRESS_PROOFS = ['mail', 'operator', 'platform_admin', 'identity_provider'] as const;
export type AddressProof = (typeof ADDRESS_PROOFS)[number];

/** How an account came to be. `earlier`: before this was kept, and the audit log does not say. */
export const ACCOUNT_ORIGINS = ['handed_link', 'mailed_link', 'first_admin_link', 'platform_admin', 'earlier'] as const;
export type AccountOrigin = (typeof ACCOUNT_ORIGINS)[number];

/** How a way to sign in was added: by a link, or in a session that showed the password or a passkey again (`shown_again`). */
export const METHOD_ORIGINS = [
  'handed_invitation',
  'mailed_invitation',
  'handed_reset',
  'mailed_reset',
  'first_admin_link',
  'shown_again',
] as const;
export type MethodOrigin = (typeof METHOD_ORIGINS)[number];

/** What is known of an account when somebody wants to admit it. */
export interface AddressStanding {
  /** Its present address is proved. */
  readonly isProved: boolean;
  /** The organization that invited it first; null: the platform made it. */
  readonly boundTo: string | null;
  /** It has a password or a passkey. */
  readonly hasSignIn: boolean;
}

/**
 * Returns whether a place may admit the account: an organization, or the platform (null) with a role of its own. While the address is not
 * proved only the place that it is bound to may. What the platform made, a platform admin may put anywhere.
 */
export function mayAdmit(
  account: Pick<AddressStanding, 'isProved' | 'boundTo'>,
  place: { readonly organizationId: string | null; readonly by: 'organization' | 'platform' },
): boolean {
  if (account.isProved || account.boundTo === place.organizationId) return true;
  return account.boundTo === null && place.by === 'platform';
}

/**
 * What accepting an invitation does. `create`: makes the account. `join`: the signed-in account comes in. `claim`: the mailed token proves the
 * address of an account that was not proved; it takes a new password, and whatever was added before goes. `sign_in`: sign in first. `prove`:
 * prove the address first.
 */
export type Acceptance = 'create' | 'join' | 'claim' | 'sign_in' | 'prove';

export interface Acceptor {
  /** The account of the invited address; null: there is none. */
  readonly account: AddressStanding | null;
  /** Where the invitation leads; null: to the platform. */
  readonly organizationId: string | null;
  /** The token of the mailed link was shown. */
  readonly isMailed: boolean;
  /** The caller is signed in as that account. */
  readonly isSignedIn: boolean;
}

/** An invitation never gives a first password to an account that exists: it would claim what somebody else made. */
export function acceptanceOf({ account, organizationId, isMailed, isSignedIn }: Acceptor): Acceptance {
  if (account === null) return 'create';
  if (mayAdmit(account, { organizationId, by: 'organization' })) return isSignedIn ? 'join' : 'sign_in';
  if (isMailed && account.hasSignIn) return 'claim';
  return isSignedIn ? 'prove' : 'sign_in';
}

/** An event of the audit log about an account, as far as its origin needs it. */
export interface OriginEvent {
  readonly action: string;
  readonly at: Date;
  readonly actorId: string;
  readonly actorName: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** What an account's events say of how it came to be and of how its addresses were proved. */
export interface EarlierOrigin {
  readonly how: AccountOrigin;
  readonly by: { readonly id: string; readonly name: string } | null;
  readonly proofs: readonly { readonly address: string; readonly how: 'mail' | 'operator'; readonly at: Date }[];
}

/**
 * Reads the origin of an account that was made before origins were kept. `events` are its own in their order, `address` is its present one. A
 * password reset proves the address when the newest link before it was asked for by mail: a newer link replaces an older one, so it was that one.
 */
export function originFromEvents(accountId: string, address: string, events: readonly OriginEvent[]): EarlierOrigin {
  const addressAt = addressesOf(address, events);
  const proofs: { address: string; how: 'mail' | 'operator'; at: Date }[] = [];
  const created = events.find(({ action }) => action === 'account.create');
  let lastLink: string | null = null;
  for (const [index, event] of events.entries()) {
    const at = { address: addressAt[index] as string, at: event.at };
    if (event === created && isFirstAdmin(accountId, event)) proofs.push({ ...at, how: 'operator' });
    if (event.action === 'account.password_reset_request' || event.action === 'account.password_reset_link')
      lastLink = event.action;
    if (event.action !== 'account.password_reset') continue;
    if (lastLink === 'account.password_reset_request') proofs.push({ ...at, how: 'mail' });
    lastLink = null;
  }
  return { how: howMade(accountId, created), by: makerOf(accountId, created), proofs };
}

/** The address at each event, found from the end: what an update took away is what was there before. */
function addressesOf(address: string, events: readonly OriginEvent[]): readonly string[] {
  let present = address;
  return events
    .toReversed()
    .map((event) => {
      const after = present;
      if (event.action === 'account.update') present = textOf(event.before, 'email') ?? present;
      return after;
    })
    .toReversed();
}

function howMade(accountId: string, created: OriginEvent | undefined): AccountOrigin {
  if (created === undefined) return 'earlier';
  if (created.actorId !== accountId) return 'platform_admin';
  // Every link of that time was handed over: its sender saw it, also where it was mailed.
  return isFirstAdmin(accountId, created) ? 'first_admin_link' : 'handed_link';
}

function makerOf(accountId: string, created: OriginEvent | undefined): EarlierOrigin['by'] {
  if (created === undefined || created.actorId === accountId) return null;
  return { id: created.actorId, name: created.actorName };
}

/** The one account that makes itself a platform admin comes by the operator's link. */
function isFirstAdmin(accountId: string, { actorId, after }: OriginEvent): boolean {
  return actorId === accountId && textOf(after, 'platform_role') === 'platform_admin';
}

function textOf(value: unknown, name: string): string | null {
  const found = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : null;
  return typeof found === 'string' ? found : null;
}
