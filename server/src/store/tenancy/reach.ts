/** The part of the tree that a reader may see, as a condition on a table's columns. With an empty reach a reader sees nothing. */
import { and, or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { accountMemberships, hasId, teamMembers } from '../schema.ts';

/** The columns of a table that a reach compares. A reach that needs an absent column sees nothing. */
export interface ReachColumns {
  readonly organizationId: PgColumn;
  readonly teamId?: PgColumn;
  /** The membership that owns the row. For memberships, their own id. */
  readonly membershipId?: PgColumn;
}

/** Returns the condition for rows within the reach. Undefined means that the reader sees every tenant. */
export function withinReach(reaches: readonly Reach[], columns: ReachColumns): SQL | undefined {
  if (reaches.some((reach) => reach.is === 'everywhere')) return undefined;
  return or(...reaches.map((reach) => conditionOf(reach, columns)), sql`false`);
}

function conditionOf(reach: Reach, columns: ReachColumns): SQL | undefined {
  switch (reach.is) {
    case 'everywhere':
      return undefined;
    case 'organization':
      return hasId(columns.organizationId, reach.organizationId);
    case 'team':
      return and(hasId(columns.organizationId, reach.organizationId), inTeam(reach.teamId, columns));
    case 'own':
      return and(
        reach.organizationId === null ? undefined : hasId(columns.organizationId, reach.organizationId),
        reach.teamId === null ? undefined : inTeam(reach.teamId, columns),
        ownedBy(reach.accountId, columns),
      );
  }
}

/** Returns the condition for organizations of which a reader may see a part. */
export function organizationsReached(organizationId: PgColumn, reaches: readonly Reach[]): SQL | undefined {
  if (reaches.some((reach) => reach.is === 'everywhere')) return undefined;
  const parts = reaches.map((reach) => {
    if (reach.is === 'everywhere') return undefined;
    if (reach.is !== 'own' || reach.organizationId !== null) return hasId(organizationId, reach.organizationId as string);
    return sql`${organizationId} in (select ${accountMemberships.organizationId} from ${accountMemberships}
      where ${accountMemberships.accountId} = ${reach.accountId})`;
  });
  return or(...parts, sql`false`);
}

function inTeam(teamId: string, columns: ReachColumns): SQL {
  if (columns.teamId !== undefined) return hasId(columns.teamId, teamId);
  if (columns.membershipId === undefined) return sql`false`;
  return sql`${columns.membershipId} in (select ${teamMembers.membershipId} from ${teamMembers}
    where ${teamMembers.organizationId} = ${columns.organizationId} and ${teamMembers.teamId} = ${teamId})`;
}

function ownedBy(accountId: string, columns: ReachColumns): SQL {
  if (columns.membershipId === undefined) return sql`false`;
  return sql`${columns.membershipId} in (select ${accountMemberships.membershipId} from ${accountMemberships}
    where ${accountMemberships.accountId} = ${accountId} and ${accountMemberships.organizationId} = ${columns.organizationId})`;
}
