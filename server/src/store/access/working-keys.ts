/** The keys that are admitted now: they, their team, their owner and their organization are active, and they have not expired. */
import { and, eq, gt, isNull, or, type SQL, sql } from 'drizzle-orm';
import type { AccessLevels } from '../../domain/access/access.ts';
import type { Budget } from '../../domain/limits/budget.ts';
import { accessChoiceFrom, budgetFrom, organizationAccessFrom } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { accounts, budgets, keys, memberships, organizations, rollups, serviceAccounts, teams } from '../schema.ts';

/** The part of the tree whose keys are meant. Every given field must be met. Without any, the whole platform. */
export interface WhoseKeys {
  readonly organizationId?: string;
  readonly teamId?: string;
  readonly membershipId?: string;
  readonly accountId?: string;
  readonly serviceAccountId?: string;
  readonly keyId?: string;
}

export async function countWorkingKeys(db: Database, whose: WhoseKeys, at: Date): Promise<number> {
  const { rows } = await db.execute<{ count: string }>(
    sql`select count(*) as count from ${TREE} where ${and(isWorking(at), isOf(whose))}`,
  );
  return Number(rows[0]?.count ?? 0);
}

/** Every key with what decides whether it is admitted. */
const TREE = sql`${keys}
  join ${organizations} on ${organizations.id} = ${keys.organizationId}
  join ${teams} on ${teams.organizationId} = ${keys.organizationId} and ${teams.id} = ${keys.teamId}
  left join ${memberships} on ${memberships.organizationId} = ${keys.organizationId} and ${memberships.id} = ${keys.ownerMembershipId}
  left join ${accounts} on ${accounts.id} = ${memberships.accountId}
  left join ${serviceAccounts} on ${serviceAccounts.organizationId} = ${keys.organizationId}
    and ${serviceAccounts.id} = ${keys.ownerServiceAccountId}`;

/** Working keys with the same access at every level and the same blocking budgets. */
export interface WorkingAlike {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly teamName: string;
  readonly levels: AccessLevels;
  /** The ids of the scopes whose budgets cover them. Holds the key's own only if it has a blocking budget. */
  readonly scopes: readonly string[];
  readonly count: number;
  /** The first keys by id, at most as many as requested. */
  readonly examples: readonly { readonly id: string; readonly name: string }[];
}

/** Groups the working keys of the platform. A key with a blocking budget of its own is a group of one. */
export async function workingAlike(db: Database, at: Date, examplesMax: number): Promise<readonly WorkingAlike[]> {
  const ownBudget = sql`case when exists (select 1 from ${budgets} where ${budgets.organizationId} = ${keys.organizationId}
    and ${budgets.scope} = 'key' and ${budgets.scopeId} = ${keys.id} and ${budgets.action} = 'block' and ${budgets.deletedAt} is null)
    then ${keys.id} end`;
  const first = (column: typeof keys.id | typeof keys.name) =>
    sql`(array_agg(${column} order by ${keys.id}))[1:${sql.raw(String(examplesMax))}]`;
  const { rows } = await db.execute<Alike>(sql`
    select ${keys.organizationId} as organization, ${keys.teamId} as team, ${keys.ownerMembershipId} as member,
      ${keys.accessMode} as mode, ${keys.accessTargets} as targets, ${keys.accessGroups} as groups, ${ownBudget} as own_budget,
      count(*) as count, ${first(keys.id)} as ids, ${first(keys.name)} as names
    from ${TREE} where ${isWorking(at)} group by 1, 2, 3, 4, 5, 6, 7`);
  const organizationRows = new Map((await db.select().from(organizations)).map((row) => [row.id, row]));
  const teamRows = new Map((await db.select().from(teams)).map((row) => [row.id, row]));
  const memberRows = new Map((await db.select().from(memberships)).map((row) => [row.id, row]));
  return rows.flatMap((row) => {
    const [organization, team] = [organizationRows.get(row.organization), teamRows.get(row.team)];
    if (organization === undefined || team === undefined) return [];
    const member = row.member === null ? undefined : memberRows.get(row.member);
    const levels = {
      organization: organizationAccessFrom(organization),
      team: accessChoiceFrom(team),
      user: member === undefined ? null : accessChoiceFrom(member),
      key: accessChoiceFrom({ accessMode: row.mode, accessTargets: row.targets, accessGroups: row.groups }),
    };
    return {
      organizationId: organization.id,
      organizationName: organization.name,
      teamName: team.name,
      levels,
      scopes: [organization.id, team.id, row.member, row.own_budget].filter((id) => id !== null),
      count: Number(row.count),
      examples: row.ids.map((id, index) => ({ id, name: row.names[index] ?? '' })),
    };
  });
}

interface Alike extends Record<string, unknown> {
  readonly organization: string;
  readonly team: string;
  readonly member: string | null;
  readonly mode: 'inherit' | 'restrict';
  readonly targets: string[];
  readonly groups: string[];
  readonly own_budget: string | null;
  readonly count: string;
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** Returns the blocking budgets of every scope of the platform, by the scope's id. */
export async function blockingBudgets(db: Database): Promise<ReadonlyMap<string, readonly Budget[]>> {
  const rows = await db
    .select()
    .from(budgets)
    .where(and(eq(budgets.action, 'block'), isNull(budgets.deletedAt)));
  return new Map([...Map.groupBy(rows, ({ scopeId }) => scopeId)].map(([scopeId, of]) => [scopeId, of.map(budgetFrom)] as const));
}

/** Counts the admitted requests since a time by keys of one organization, from quarter-hour sums. */
export async function requestsSince(db: Database, whose: WhoseKeys & { readonly organizationId: string }, since: Date) {
  const { organizationId, teamId, membershipId, serviceAccountId, keyId } = whose;
  const [row] = await db
    .select({ requests: sql<string | null>`sum(${rollups.admitted})` })
    .from(rollups)
    .where(
      and(
        eq(rollups.organizationId, organizationId),
        gt(rollups.bucketStart, since),
        teamId === undefined ? undefined : eq(rollups.teamId, teamId),
        membershipId === undefined ? undefined : eq(rollups.memberId, membershipId),
        serviceAccountId === undefined ? undefined : eq(rollups.serviceAccountId, serviceAccountId),
        keyId === undefined ? undefined : eq(rollups.keyId, keyId),
      ),
    );
  return Number(row?.requests ?? 0);
}

function isOf({ organizationId, teamId, membershipId, accountId, serviceAccountId, keyId }: WhoseKeys): SQL | undefined {
  return and(
    organizationId === undefined ? undefined : eq(keys.organizationId, organizationId),
    teamId === undefined ? undefined : eq(keys.teamId, teamId),
    membershipId === undefined ? undefined : eq(keys.ownerMembershipId, membershipId),
    accountId === undefined ? undefined : eq(memberships.accountId, accountId),
    serviceAccountId === undefined ? undefined : eq(keys.ownerServiceAccountId, serviceAccountId),
    keyId === undefined ? undefined : eq(keys.id, keyId),
  );
}

function isWorking(at: Date): SQL | undefined {
  return and(
    eq(keys.status, 'active'),
    or(isNull(keys.expiresAt), gt(keys.expiresAt, at)),
    eq(organizations.status, 'active'),
    eq(teams.status, 'active'),
    isNull(teams.deletedAt),
    or(isNull(keys.ownerMembershipId), and(eq(memberships.status, 'active'), eq(accounts.status, 'active'))),
    or(isNull(keys.ownerServiceAccountId), and(eq(serviceAccounts.status, 'active'), isNull(serviceAccounts.deletedAt))),
  );
}
