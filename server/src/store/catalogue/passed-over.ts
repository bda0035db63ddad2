/** Deployments that requests without tags skip: they have tags, and another deployment of the same target has none. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { deployments, routeGroupMembers, routeGroups } from '../schema.ts';

/**
 * Returns the names of the models and route groups that skip a deployment, in order, by deployment id. `ids` limits the
 * deployments.
 */
export async function passedOver(db: Database, ids?: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (ids?.length === 0) return new Map();
  const among = ids === undefined ? sql`` : sql` and id = any(${sql.param([...ids])}::text[])`;
  const { rows } = await db.execute<{ id: string; target: string }>(sql`${MEMBERS}
    select id, target from member where ${IS_PASSED_OVER}${among} order by target collate "C", id`);
  const byId = Map.groupBy(rows, (row) => row.id);
  return new Map([...byId].map(([id, own]) => [id, own.map(({ target }) => target)]));
}

/** Returns a subquery of the ids of skipped deployments. */
export function passedOverIds(): SQL {
  return sql`(${MEMBERS} select id from member where ${IS_PASSED_OVER})`;
}

/** The deployments of each target by the rules of domain/access/tag-routing.ts, which ignore disabled deployments. */
const MEMBERS = sql`with member as (
    select ${deployments.id} as id, ${deployments.model} as target, ${deployments.tags} as tags from ${deployments}
    where ${deployments.deletedAt} is null and ${deployments.enabled}
    union all
    select ${deployments.id}, ${routeGroups.key}, ${deployments.tags} from ${routeGroupMembers}
    join ${routeGroups} on ${routeGroups.id} = ${routeGroupMembers.routeGroupId}
    join ${deployments} on ${deployments.id} = ${routeGroupMembers.deploymentId}
    where ${deployments.deletedAt} is null and ${deployments.enabled}
  )`;

const IS_PASSED_OVER = sql`cardinality(member.tags) > 0 and exists (
    select 1 from member as other where other.target = member.target and cardinality(other.tags) = 0)`;
