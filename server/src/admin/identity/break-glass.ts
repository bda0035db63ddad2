import { type OwnMethod, opensInEmergency } from '../../domain/identity/evidence.ts';
import { placesOf } from '../../store/accounts/account-places.ts';
import type { AccountRow } from '../../store/accounts/accounts.ts';
import { type ActiveOwner, activeOwners } from '../../store/identity/owners.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { ownOriginOf } from '../http/own-origin.ts';
import { mailLater } from '../session/mail-later.ts';

/** A sign-in without the identity provider into an organization that requires it. */
interface Opened {
  readonly organization: { readonly id: string; readonly name: string };
  readonly owners: readonly ActiveOwner[];
}

/**
 * Records that a passkey opened organizations that require their identity provider. Returns a function that tells their owners by
 * mail: call it after the commit.
 */
export async function noteBreakGlass(
  call: AdminCall<unknown, unknown, unknown>,
  { tx, now, record }: Change,
  account: Pick<AccountRow, 'id' | 'name'>,
  method: OwnMethod,
): Promise<() => void> {
  if (method !== 'passkey') return () => {};
  const opened: Opened[] = [];
  for (const { organization, role, rules } of await placesOf(tx, account.id)) {
    const shown = { method, shownAtMs: now.getTime() };
    if (rules === null || !opensInEmergency(shown, { accountId: account.id, role }, rules)) continue;
    await record({
      organizationId: organization.id,
      action: 'sign_in.break_glass',
      objectType: 'sign_in_policy',
      objectId: organization.id,
      objectName: organization.name,
      before: null,
      after: { account_id: account.id, method },
      by: { kind: 'account', id: account.id, name: account.name },
    });
    opened.push({ organization, owners: await activeOwners(tx, organization.id) });
  }
  return () => {
    for (const { organization, owners } of opened) for (const owner of owners) tell(call, account, organization, owner);
  };
}

function tell(
  call: AdminCall<unknown, unknown, unknown>,
  account: Pick<AccountRow, 'name'>,
  organization: Opened['organization'],
  owner: ActiveOwner,
): void {
  const letter = {
    to: owner.email,
    subject: `${account.name} opened ${organization.name} without the identity provider`,
    paragraphs: [
      `Hello ${owner.name},`,
      `${organization.name} requires a sign-in through its identity provider. ${account.name} signed in with a passkey as a break-glass owner, from the network address ${call.raw.ip}.`,
    ],
    link: {
      label: 'Open the audit log',
      url: `${ownOriginOf(call as AdminCall)}/audit?organization_id=${organization.id}`,
    },
    closing: [
      'If this was agreed, you do not need to do anything.',
      'If not, take the owner role of this account away, and look at the audit log.',
    ],
  };
  mailLater(call, letter, 'the mail about a break-glass sign-in could not be sent');
}
