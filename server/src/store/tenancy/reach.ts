/** The part of the tree an actor may see, as a condition on a table's columns. Empty reach sees nothing. */
import { and, eq, or, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Reach } from '../../domain/tenancy/permission.ts';
import { accountMemberships, teamMembers } from '../schema.ts';

/** Where a table keeps what a reach narrows by. A column that is absent makes such a reach see nothing. */
export interface ReachColumns {
  readonly organizationId: PgColumn;
  readonly teamId?: PgColumn;
  /** The membership that owns the row; for a table of memberships its own id. */
  readonly membershipId?: PgColumn;
}

/** Undefined: no narrowing, the actor sees every tenant. */
export function withinReach(reaches: readonly Reach[], columns: ReachColumns): SQL | undefined {
  if (reaches.some((reach) => reach.is === 'everywhere')) return undefined;
  return or(...reaches.map((reach) => conditionOf(reach, columns)), sql`false`);
}

function conditionOf(reach: Reach, columns: ReachColumns): SQL | undefined {
  switch (reach.is) {
    case 'everywhere':
      return undefined;
    case 'organization':
      return eq(columns.organizationId, reach.organizationId);
    case 'team':
      return and(eq(columns.organizationId, reach.organizationId), inTeam(reach.teamId, columns));
    case 'own':
      return and(
        reach.organizationId === null ? undefined : eq(columns.organizationId, reach.organizationId),
        reach.teamId === null ? undefined : inTeam(reach.teamId, columns),
        ownedBy(reach.accountId, columns),
      );
  }
}

function inTeam(teamId: string, columns: ReachColumns): SQL {
  if (columns.teamId !== undefined) return eq(columns.teamId, teamId);
  if (columns.membershipId === undefined) return sql`false`;
  return sql`${columns.membershipId} in (select ${teamMembers.membershipId} from ${teamMembers}
    where ${teamMembers.organizationId} = ${columns.organizationId} and ${teamMembers.teamId} = ${teamId})`;
}

function ownedBy(accountId: string, columns: ReachColumns): SQL {
  if (columns.membershipId === undefined) return sql`false`;
  return sql`${columns.membershipId} in (select ${accountMemberships.membershipId} from ${accountMemberships}
    where ${accountMemberships.accountId} = ${accountId} and ${accountMemberships.organizationId} = ${columns.organizationId})`;
}
