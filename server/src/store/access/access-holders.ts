/**
 * Finds the scopes of all tenants that name a target or an access group in grants, restrictions or limits. Used when a target or
 * a group is created or deleted. Lists are bounded: they show whom a change affects, not every key.
 */
import { type SQL, sql } from 'drizzle-orm';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import type { Database } from '../database.ts';
import { accounts, budgets, keys, memberships, organizations, teams } from '../schema.ts';

/** A scope that names the target or group. `name` is a person's name for the user scope. */
export interface Holder {
  readonly scope: Scope;
  readonly id: string;
  readonly name: string;
  readonly organizationId: string;
  readonly organizationName: string;
}

export interface Holders {
  readonly rows: readonly Holder[];
  /** True if there are more holders than the limit. */
  readonly more: boolean;
}

/** Returns the scopes whose grant or restriction selects this access group, widest scope first. */
export function holdersOfGroup(db: Database, key: string, limit: number): Promise<Holders> {
  return holders(db, (table) => sql`${isSelective(table)} and ${key} = any(${table.accessGroups})`, limit);
}

/** Returns the scopes whose model limits or budgets apply to this access group, widest scope first. */
export function limitersByGroup(db: Database, key: string, limit: number): Promise<Holders> {
  const limit_ = JSON.stringify([{ access_group: key }]);
  const budgeted = (table: HolderTable, scope: Scope) => sql`exists (select 1 from ${budgets} where
    ${budgets.organizationId} = ${scope === 'organization' ? table.id : organizationIdOf(table)} and ${budgets.scope} = ${scope}
    and ${budgets.scopeId} = ${table.id} and ${budgets.matchAccessGroup} = ${key} and ${budgets.deletedAt} is null)`;
  return holders(db, (table, scope) => sql`(${table.modelLimits} @> ${limit_}::jsonb or ${budgeted(table, scope)})`, limit);
}

/**
 * Returns the scopes that would regain a name that does not exist now. Their grants or restrictions still name it, and their
 * organization is granted it. Groups are ignored, because a new name has no labels.
 */
export function regainingName(db: Database, name: string, limit: number): Promise<Holders> {
  const granted = sql`(${organizations.accessMode} = 'all' or ${name} = any(${organizations.accessTargets}))`;
  return holders(db, (table) => sql`${isSelective(table)} and ${name} = any(${table.accessTargets}) and ${granted}`, limit);
}

type HolderTable = typeof organizations | typeof teams | typeof memberships | typeof keys;

function isSelective(table: HolderTable): SQL {
  return sql`${table.accessMode} in ('selected', 'restrict')`;
}

function organizationIdOf(table: HolderTable): SQL {
  return 'organizationId' in table ? sql`${table.organizationId}` : sql`${table.id}`;
}

/** Reads the four tables in one statement, so that the result is one snapshot. */
async function holders(db: Database, holds: (table: HolderTable, scope: Scope) => SQL, limit: number): Promise<Holders> {
  const { rows } = await db.execute<{
    scope: Scope;
    id: string;
    name: string;
    organization_id: string;
    organization_name: string;
  }>(sql`
    (select 1 as rank, 'organization' as scope, ${organizations.id} as id, ${organizations.name} as name,
      ${organizations.id} as organization_id, ${organizations.name} as organization_name from ${organizations}
      where ${organizations.status} <> 'deleted' and ${holds(organizations, 'organization')} limit ${limit + 1})
    union all (${ofScope(2, 'team', teams, sql`${teams.name}`, sql``)}
      where ${teams.deletedAt} is null and ${isThere()} and ${holds(teams, 'team')} limit ${limit + 1})
    union all (${ofScope(3, 'user', memberships, sql`${accounts.name}`, sql`join ${accounts} on ${accounts.id} = ${memberships.accountId}`)}
      where ${memberships.status} <> 'removed' and ${isThere()} and ${holds(memberships, 'user')} limit ${limit + 1})
    union all (${ofScope(4, 'key', keys, sql`${keys.name}`, sql``)}
      where ${keys.status} <> 'revoked' and ${isThere()} and ${holds(keys, 'key')} limit ${limit + 1})
    order by rank, organization_id, id limit ${limit + 1}`);
  const found = rows.map((row) => ({
    scope: row.scope,
    id: row.id,
    name: row.name,
    organizationId: row.organization_id,
    organizationName: row.organization_name,
  }));
  return { rows: found.slice(0, limit), more: found.length > limit };
}

function isThere(): SQL {
  return sql`${organizations.status} <> 'deleted'`;
}

function ofScope(rank: number, scope: Scope, table: Exclude<HolderTable, typeof organizations>, name: SQL, join: SQL): SQL {
  return sql`select ${sql.raw(String(rank))}, ${sql.raw(`'${scope}'`)}, ${table.id}, ${name}, ${organizations.id}, ${organizations.name}
    from ${table} join ${organizations} on ${organizations.id} = ${table.organizationId} ${join}`;
}
