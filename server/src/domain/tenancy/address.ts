/**
 * The rules of address proofs: whether an account's address is proved, and who may admit the account before that. A handed-over
 * link proves nothing, because its sender saw it too. Only mail, a verified identity provider, the operator or a platform admin's
 * word prove an address.
 */

/** The ways to prove an address. */
export const ADDRESS_PROOFS = ['mail', 'operator', 'platform_admin', 'identity_provider'] as const;
export type AddressProof = (typeof ADDRESS_PROOFS)[number];

/**
 * The origins of an account. `directory`: an organization's SCIM directory made it. `earlier`: made before origins were stored, and
 * the audit log does not say.
 */
export const ACCOUNT_ORIGINS = [
  'handed_link',
  'mailed_link',
  'first_admin_link',
  'platform_admin',
  'identity_provider',
  'directory',
  'earlier',
] as const;
export type AccountOrigin = (typeof ACCOUNT_ORIGINS)[number];

/** The origins of a sign-in method: a link, or a session that proved the password or a passkey again (`shown_again`). */
export const METHOD_ORIGINS = [
  'handed_invitation',
  'mailed_invitation',
  'handed_reset',
  'mailed_reset',
  'first_admin_link',
  'shown_again',
] as const;
export type MethodOrigin = (typeof METHOD_ORIGINS)[number];

/** The facts about an account that decide whether it may be admitted. */
export interface AddressStanding {
  /** True if its present address is proved. */
  readonly isProved: boolean;
  /** The organization that first invited it; null: the platform made the account. */
  readonly boundTo: string | null;
  /** True if it has a password or a passkey. */
  readonly hasSignIn: boolean;
}

/**
 * Reports whether a place may admit the account: an organization, or the platform (null) with a role of its own. Until its
 * address is proved, only the place that the account is bound to may. A platform admin may put an account that the platform made
 * anywhere.
 */
export function mayAdmit(
  account: Pick<AddressStanding, 'isProved' | 'boundTo'>,
  place: { readonly organizationId: string | null; readonly by: 'organization' | 'platform' },
): boolean {
  if (account.isProved || account.boundTo === place.organizationId) return true;
  return account.boundTo === null && place.by === 'platform';
}

/**
 * The result of accepting an invitation. `create`: makes the account. `join`: the signed-in account becomes a member. `claim`:
 * the mailed token proves the address of an unproved account, which takes a new password; everything added to it before is
 * removed. `sign_in`: the caller must sign in first. `prove`: the caller must prove the address first.
 */
export type Acceptance = 'create' | 'join' | 'claim' | 'sign_in' | 'prove';

export interface Acceptor {
  /** The account of the invited address; null if there is none. */
  readonly account: AddressStanding | null;
  /** The organization that the invitation is for; null: the platform. */
  readonly organizationId: string | null;
  /** True if the caller presented the token of the mailed link. */
  readonly isMailed: boolean;
  /** True if the caller is signed in as that account. */
  readonly isSignedIn: boolean;
}

/**
 * Decides what accepting does. An invitation never sets the first password of an existing account: that would take over an
 * account that somebody else made.
 */
export function acceptanceOf({ account, organizationId, isMailed, isSignedIn }: Acceptor): Acceptance {
  if (account === null) return 'create';
  if (mayAdmit(account, { organizationId, by: 'organization' })) return isSignedIn ? 'join' : 'sign_in';
  if (isMailed && account.hasSignIn) return 'claim';
  return isSignedIn ? 'prove' : 'sign_in';
}

/** An audit event about an account, with the fields that its origin needs. */
export interface OriginEvent {
  readonly action: string;
  readonly at: Date;
  readonly actorId: string;
  readonly actorName: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The origin of an account and the proofs of its addresses, as its audit events state them. */
export interface EarlierOrigin {
  readonly how: AccountOrigin;
  readonly by: { readonly id: string; readonly name: string } | null;
  readonly proofs: readonly { readonly address: string; readonly how: 'mail' | 'operator'; readonly at: Date }[];
}

/**
 * Reads the origin of an account that was made before origins were stored. `events` are its own, oldest first; `address` is its
 * present one. A password reset proves the address if the newest link before it was requested by mail: a newer link replaces an
 * older one.
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

/** Returns the address at each event, computed from the end: the old value of an update was the address before it. */
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
  // Every link of that time counts as handed over: its sender saw it, even if it was mailed.
  return isFirstAdmin(accountId, created) ? 'first_admin_link' : 'handed_link';
}

function makerOf(accountId: string, created: OriginEvent | undefined): EarlierOrigin['by'] {
  if (created === undefined || created.actorId === accountId) return null;
  return { id: created.actorId, name: created.actorName };
}

/** Reports whether an account made itself a platform admin. Only the operator's link does that. */
function isFirstAdmin(accountId: string, { actorId, after }: OriginEvent): boolean {
  return actorId === accountId && textOf(after, 'platform_role') === 'platform_admin';
}

function textOf(value: unknown, name: string): string | null {
  const found = typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : null;
  return typeof found === 'string' ? found : null;
}
