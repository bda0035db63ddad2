import { isOwn } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { Database } from '../../store/database.ts';
import type { KeyRow } from '../../store/tenancy/keys.ts';
import * as keys from '../../store/tenancy/keys.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as serviceAccounts from '../../store/tenancy/service-accounts.ts';
import * as teamMembers from '../../store/tenancy/team-members.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { type Fault, forbidden, invalidFields } from '../http/problem.ts';

/** The owner of a key, as its columns store it. */
export type OwnerColumns =
  | { readonly ownerMembershipId: string; readonly ownerServiceAccountId: null }
  | { readonly ownerMembershipId: null; readonly ownerServiceAccountId: string };

/** The value of `reassign_keys_to` that gives each key to the default service account of its team. */
export const TEAM_DEFAULT = 'team_default';

/** The keys that were revoked, and those that were reassigned to another owner. */
export interface KeysTaken {
  readonly revoked: readonly string[];
  readonly reassigned: readonly string[];
}

/**
 * Revokes the keys of an owner who leaves, or reassigns them in the same step. Throws 400 if the new owner may not own one of
 * them.
 */
export async function takeKeys(change: Change, whose: keys.KeysOf, reassignTo: string | undefined): Promise<KeysTaken> {
  const { tx, now, touch } = change;
  if (reassignTo === undefined) {
    const revoked = await keys.revokeAll(tx, whose, now);
    touch({ keyIds: revoked });
    return { revoked, reassigned: [] };
  }
  // The tokens of a login stay on the device of the person who leaves, so nobody else takes it over.
  const revoked = await keys.revokeAll(tx, { ...whose, kind: 'login' }, now);
  touch({ keyIds: revoked });
  const rows = await keys.listLiving(tx, whose);
  await reassign(change, whose, rows, reassignTo);
  return { revoked, reassigned: rows.map((row) => row.id) };
}

/**
 * Throws 403 if the caller would reassign keys of their own, or become the owner of somebody else's. Such a step could change a
 * key's limits, which nobody may do for themself. If callers leave, their keys are revoked, or another admin reassigns them.
 */
export async function refuseOwnKeys(
  call: AdminCall<unknown, { readonly reassign_keys_to?: string | undefined }, unknown>,
  organizationId: string,
  leavingAccountId: string | null,
): Promise<void> {
  const { actor, query, deps } = call;
  const to = query.reassign_keys_to;
  if (to === undefined) return;
  if (isOwn(actor, { organizationId, ownerAccountId: leavingAccountId })) {
    throw forbidden(
      'You cannot reassign your own keys. Ask another admin to do it, or leave reassign_keys_to out and the keys are revoked.',
    );
  }
  const heir = to.startsWith('mem_') ? (await memberships.find(deps.db, { organizationId, id: to }))?.accountId : to;
  if (isOwn(actor, { organizationId, ownerAccountId: heir ?? null })) {
    throw forbidden('You cannot make yourself the owner of another person’s keys. Name another owner.');
  }
}

/** Returns the service account that owns a team's keys that have no other owner. Creates it if there is none. */
export async function defaultServiceAccount(
  { tx, now, record, touch }: Change,
  team: { readonly organizationId: string; readonly teamId: string },
): Promise<string> {
  const known = await serviceAccounts.findDefault(tx, team);
  if (known !== null) return known.id;
  const id = newId('svc', now.getTime());
  const row = { ...team, id, name: 'default', isDefault: true, createdAt: now, updatedAt: now };
  const made = await serviceAccounts.insert(tx, row);
  if (made === null) return (await serviceAccounts.findDefault(tx, team))?.id ?? id;
  await record({
    organizationId: team.organizationId,
    action: 'service_account.create',
    objectType: 'service_account',
    objectId: id,
    objectName: made.name,
    before: null,
    after: { team_id: team.teamId, name: made.name, is_default: true },
  });
  touch({ organizationIds: [team.organizationId] });
  return id;
}

async function reassign(change: Change, whose: keys.KeysOf, rows: readonly KeyRow[], to: string): Promise<void> {
  const { organizationId } = whose;
  const faults: Fault[] = [];
  for (const row of rows) {
    const owner = await ownerIn(change, { organizationId, teamId: row.teamId }, to);
    // Keys reassigned to the member who leaves would keep working without an owner.
    if (owner === null || (whose.membershipId !== undefined && owner.ownerMembershipId === whose.membershipId)) {
      const message = `cannot become the owner of key ${row.id}: it is not active in team ${row.teamId}, or it is the member who leaves`;
      faults.push({ pointer: '?reassign_keys_to', message });
    } else {
      await giveTo(change, row, owner);
    }
  }
  if (faults.length > 0) throw invalidFields(faults);
}

async function giveTo({ tx, now, record, touch }: Change, row: KeyRow, owner: OwnerColumns): Promise<void> {
  await keys.update(tx, row, owner, now);
  await record({
    organizationId: row.organizationId,
    action: 'key.reassign',
    objectType: 'key',
    objectId: row.id,
    objectName: row.name,
    before: { owner: row.ownerMembershipId ?? row.ownerServiceAccountId },
    after: { owner: owner.ownerMembershipId ?? owner.ownerServiceAccountId },
  });
  touch({ keyIds: [row.id] });
}

/** Returns the named owner if it may own keys of this team, else null. */
async function ownerIn(
  change: Change,
  team: { readonly organizationId: string; readonly teamId: string },
  to: string,
): Promise<OwnerColumns | null> {
  if (to === TEAM_DEFAULT) {
    return { ownerMembershipId: null, ownerServiceAccountId: await defaultServiceAccount(change, team) };
  }
  if (to.startsWith('svc_')) return serviceAccountIn(change.tx, team, to);
  return memberIn(change.tx, team, to);
}

export async function serviceAccountIn(
  db: Database,
  team: { readonly organizationId: string; readonly teamId: string },
  id: string,
): Promise<OwnerColumns | null> {
  const row = await serviceAccounts.find(db, { organizationId: team.organizationId, id });
  if (row === null || row.teamId !== team.teamId || row.status !== 'active') return null;
  return { ownerMembershipId: null, ownerServiceAccountId: row.id };
}

/** Returns the membership with this id or of this account, if it is active and in the team, else null. */
export async function memberIn(
  db: Database,
  { organizationId, teamId }: { readonly organizationId: string; readonly teamId: string },
  id: string,
): Promise<OwnerColumns | null> {
  const member = id.startsWith('mem_')
    ? await memberships.find(db, { organizationId, id })
    : await memberships.findByAccount(db, { organizationId, accountId: id });
  if (member === null || member.status !== 'active' || member.account.status !== 'active') return null;
  const inTeam = await teamMembers.find(db, { organizationId, teamId, membershipId: member.id });
  return inTeam === null ? null : { ownerMembershipId: member.id, ownerServiceAccountId: null };
}
