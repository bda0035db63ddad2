import type { Member } from '../../store/tenancy/memberships.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { Change } from '../http/change.ts';
import { eventOf, requireAnotherOwner } from './members.ts';
import { takeBack } from './take-back.ts';

/**
 * Disables or enables a member, as `PATCH` of a member does. Keys of a disabled member stop, and work again once the member is
 * enabled. Lock the organization first. Throws 409 for the last owner.
 */
export async function setMemberStatus(change: Change, member: Member, status: 'active' | 'disabled'): Promise<void> {
  const { tx, now, record, touch } = change;
  if (status === 'disabled') await requireAnotherOwner(tx, member);
  await memberships.update(tx, member, { status }, now);
  await record({ ...eventOf(member), action: 'member.update', before: { status: member.status }, after: { status } });
  await takeBack(change, member.accountId);
  touch({ organizationIds: [member.organizationId] });
}
