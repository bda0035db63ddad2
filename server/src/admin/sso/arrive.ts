import { type Arrival, arrivalOf } from '../../domain/identity/arrival.ts';
import type { Assertion } from '../../domain/identity/assertion.ts';
import { REMOVED_WAYS, type RemovedWay, type SsoCode } from '../../domain/identity/words.ts';
import { parseName } from '../../domain/tenancy/names.ts';
import { newId } from '../../lib/id.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as addressProofs from '../../store/accounts/address-proofs.ts';
import * as signIn from '../../store/accounts/sign-in.ts';
import { storeErrorFrom, UniqueViolation } from '../../store/errors.ts';
import * as links from '../../store/identity/identity-links.ts';
import type { ProviderOfOrganization, ProviderRow } from '../../store/identity/identity-providers.ts';
import * as providers from '../../store/identity/identity-providers.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';
import { applyGroups } from '../identity/apply-groups.ts';
import { addMember } from '../people/members.ts';
import { applyBeforeSignIn } from '../scim/directory-roles.ts';
import { mailLater } from '../session/mail-later.ts';
import { ownEvent } from '../session/sign-in-audit.ts';
import { factsOfArrival, type Linking } from './facts-of-arrival.ts';

/** The outcome for a person whom a provider asserted. */
export type Arrived =
  | {
      readonly is: 'arrived';
      readonly account: AccountRow;
      /** The ways in that a first link removed, because the address was not proved before. */
      readonly removed: readonly RemovedWay[];
    }
  | { readonly is: 'refused'; readonly code: SsoCode };

interface Asked {
  readonly found: ProviderOfOrganization;
  readonly assertion: Assertion;
  /** The account that links itself, and the address that it named; null: a sign-in. */
  readonly linking: Linking | null;
}

/**
 * Decides about a person and does it, in one transaction: creates or links the account, and gives the roles of the groups. Arrivals
 * at one provider come one after the other. Of two at different providers, the later one finds the account of the first.
 */
export async function arrive(call: AdminCall<unknown, unknown, unknown>, asked: Asked): Promise<Arrived> {
  const once = () => change(call as AdminCall, (change) => arriveIn(call, change, asked));
  try {
    return (await once()).finish();
  } catch (error) {
    if (!(storeErrorFrom(error) instanceof UniqueViolation)) throw error;
    return (await once()).finish();
  }
}

/** The outcome inside the transaction. `finish` sends the mails of it, and is called after the commit. */
interface Outcome {
  finish(): Arrived;
}

async function arriveIn(call: AdminCall<unknown, unknown, unknown>, change: Change, asked: Asked): Promise<Outcome> {
  const { found, assertion, linking } = asked;
  // Before the account, as requests of a directory do: otherwise the two could wait for each other.
  await organizations.lock(change.tx, found.provider.organizationId);
  const row = await providers.lock(change.tx, found.provider);
  if (row?.state !== 'active') return refused('provider_off');
  const arrival = arrivalOf(await factsOfArrival(change.tx, row, assertion, linking));
  if (arrival.is === 'refused') return refused(arrival.code);
  const isNewLink = arrival.is === 'link';
  const account = await accountOf(change, row, assertion, arrival);
  if (account === null) return refused('account_disabled');
  const own = actingAs(change, account);
  const { organizationId, id: providerId } = row;
  const key = { organizationId, providerId, subject: assertion.subject };
  const isProof = isNewLink || (arrival.is === 'in' && arrival.proves);
  const removed = isProof ? await takeOverUnproved(own, account, { row, assertion, key, isNewLink }) : [];
  if (arrival.is !== 'in') await recordLink(own, row, account, assertion.subject);
  await links.use(change.tx, key, { accountId: account.id, email: assertion.email, now: change.now });
  await providers.markSignIn(change.tx, row, change.now);
  await giveRoles(change, row, account, assertion);
  return {
    finish: () => {
      if (isNewLink || removed.length > 0) tellOfLink(call, account, found, { isNewLink, removed });
      return { is: 'arrived', account, removed };
    },
  };
}

function refused(code: SsoCode): Outcome {
  return { finish: () => ({ is: 'refused', code }) };
}

/** Returns the change with the arriving person as the actor of its events. */
function actingAs(change: Change, { id, name }: AccountRow): Change {
  const by = { kind: 'account', id, name } as const;
  return { ...change, record: (event) => change.record({ ...event, by }) };
}

/** Returns the account of an arrival, made or joined to the organization if need be. Null if it was disabled meanwhile. */
async function accountOf(
  change: Change,
  row: ProviderRow,
  assertion: Assertion,
  arrival: Exclude<Arrival, { readonly is: 'refused' }>,
): Promise<AccountRow | null> {
  const account =
    arrival.is === 'create'
      ? await createAccount(change, row, assertion, arrival.email)
      : await accounts.lock(change.tx, arrival.accountId);
  if (account?.status !== 'active') return null;
  if (arrival.is === 'create' || (arrival.is === 'link' && arrival.joins)) await joinOrganization(change, row, account);
  return account;
}

async function createAccount({ tx, now, record }: Change, row: ProviderRow, assertion: Assertion, email: string) {
  const given = assertion.name === null ? null : parseName(assertion.name);
  const account = await accounts.insert(tx, {
    id: newId('acct', now.getTime()),
    name: given?.is === 'valid' ? given.value : (email.split('@')[0] as string),
    email,
    madeHow: 'identity_provider',
    madeBy: row.id,
    madeByName: row.name,
    boundOrganizationId: row.organizationId,
    createdAt: now,
    updatedAt: now,
  });
  await addProof(tx, now, row, account);
  await record(ownEvent('account.create', account, { email, address_proved: true, identity_provider: row.id }));
  return account;
}

/** Stores that the provider proved the address: it is of a domain that the organization verified. */
function addProof(tx: Change['tx'], at: Date, { id, name }: ProviderRow, account: AccountRow): Promise<void> {
  return addressProofs.addProof(tx, {
    accountId: account.id,
    address: account.email,
    how: 'identity_provider',
    at,
    by: { id, name },
  });
}

/** Makes an account a member, with a role that the provider's groups may change later. */
async function joinOrganization(change: Change, row: ProviderRow, account: AccountRow): Promise<void> {
  const { organizationId, defaultRole: role, id: managedBy } = row;
  const id = await addMember(actingAs(change, account), organizationId, { account_id: account.id, role });
  await memberships.update(change.tx, { organizationId, id }, { managedBy }, change.now);
}

interface Proof {
  readonly row: ProviderRow;
  readonly assertion: Assertion;
  readonly key: links.LinkKey;
  readonly isNewLink: boolean;
}

/**
 * Proves the address of an account by a new link, or by a sign-in of a person whom a directory made. If it was not proved before,
 * whoever made the account may hold ways into it. So its password, passkeys, second factors, sessions and other links are removed,
 * as a mailed invitation does. Returns which of them there were.
 */
async function takeOverUnproved(
  { tx, now, record }: Change,
  account: AccountRow,
  { row, assertion, key, isNewLink }: Proof,
): Promise<readonly RemovedWay[]> {
  if (assertion.email !== account.email.toLowerCase()) return [];
  const { isProved, boundTo } = await addressProofs.standingOf(tx, account);
  // Only the organization that made an account can prove the address of one that is linked already.
  if (!isNewLink && !isProved && boundTo !== row.organizationId) return [];
  await addProof(tx, now, row, account);
  if (isProved) return [];
  const removed = await signIn.dropFactors(tx, account.id);
  const password = await signIn.dropPassword(tx, account.id);
  const ended = await signIn.endSessions(tx, account.id);
  await signIn.dropLinks(tx, { kind: 'password_reset', accountId: account.id });
  const others = await links.removeOthers(tx, account.id, key);
  const facts = { how: 'identity_provider', identity_provider: row.id, sessions_ended: ended, removed: { ...removed, password } };
  await record(ownEvent('account.address_prove', account, facts));
  const isGone: Readonly<Record<RemovedWay, boolean>> = {
    password,
    passkeys: removed.passkeys > 0,
    second_factor: removed.two_factor,
    sessions: ended > 0,
    links: others > 0,
  };
  return REMOVED_WAYS.filter((way) => isGone[way]);
}

function recordLink({ record }: Change, row: ProviderRow, account: AccountRow, subject: string): Promise<void> {
  return record({
    organizationId: row.organizationId,
    action: 'identity_link.create',
    objectType: 'identity_link',
    objectId: account.id,
    objectName: account.name,
    before: null,
    after: { identity_provider: row.id, subject, account_id: account.id },
  });
}

/** Gives the roles of the person's groups: those of the SCIM directory first, and those that the provider sent where it gives none. */
export async function giveRoles(change: Change, row: ProviderRow, account: AccountRow, assertion: Assertion): Promise<void> {
  const { organizationId, id: source, defaultRole } = row;
  const member = await memberships.findByAccount(change.tx, { organizationId, accountId: account.id });
  if (member === null) return;
  const directory = await applyBeforeSignIn(change, { organizationId, id: member.id });
  if (assertion.groups === null || assertion.groupsTruncated) return;
  await applyGroups(actingAs(change, account), {
    ...{ organizationId, membershipId: member.id, source, groups: assertion.groups, defaultRole },
    ...(directory === undefined ? {} : { directory }),
  });
}

function tellOfLink(
  call: AdminCall<unknown, unknown, unknown>,
  account: AccountRow,
  { provider, organization }: ProviderOfOrganization,
  { isNewLink, removed }: { readonly isNewLink: boolean; readonly removed: readonly RemovedWay[] },
): void {
  const letter = {
    to: account.email,
    subject: isNewLink
      ? `Your Headgate account was linked to ${provider.name}`
      : `${provider.name} proved the address of your Headgate account`,
    paragraphs: [
      `Hello ${account.name},`,
      isNewLink
        ? `from now on you can sign in to ${organization.name} through ${provider.name}. That opens ${organization.name}, and nothing else of your account.`
        : `you signed in to ${organization.name} through ${provider.name}, which says that this address is yours.`,
      ...(removed.length === 0 ? [] : [removedWords(removed, provider.name)]),
    ],
    link: null,
    closing: [
      'If you did this, you do not need to do anything.',
      `If you did not do this, tell an owner of ${organization.name}, who can remove the link.`,
    ],
  };
  mailLater(call, letter, 'the mail about a link to an identity provider could not be sent');
}

const REMOVED_WORDS: Readonly<Record<RemovedWay, string>> = {
  password: 'the password',
  passkeys: 'the passkeys',
  second_factor: 'the authenticator app',
  sessions: 'the sessions',
  links: 'the links to other providers',
};

function removedWords(removed: readonly RemovedWay[], provider: string): string {
  const ways = new Intl.ListFormat('en', { type: 'conjunction' }).format(removed.map((way) => REMOVED_WORDS[way]));
  return `Nobody had proved before that this address is yours, so somebody else might have added ways into your account. Therefore this removed ${ways} that it had. Sign in through ${provider}.`;
}
