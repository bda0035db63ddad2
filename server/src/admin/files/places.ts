import type { PermissionObject } from '../../domain/tenancy/permission.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import type { AdminCall } from '../http/call.ts';

/** A file or a batch, which a key made. */
interface Made {
  readonly organizationId: string;
  readonly teamId: string;
  /** The membership that owns the key; null for a service account's. */
  readonly ownerMembershipId: string | null;
}

/** Returns a function that returns the place of each of these: its team, and the person who owns its key. */
export async function placesOf(
  { deps: { db } }: AdminCall<unknown, unknown, unknown>,
  rows: readonly Made[],
): Promise<(row: Made) => PermissionObject> {
  const owners = [...new Set(rows.flatMap((row) => row.ownerMembershipId ?? []))];
  const people = await memberships.people(db, [...new Set(rows.map((row) => row.organizationId))], owners);
  return ({ organizationId, teamId, ownerMembershipId }) => ({
    organizationId,
    teamId,
    ownerAccountId: people.get(ownerMembershipId ?? '')?.accountId ?? null,
  });
}
