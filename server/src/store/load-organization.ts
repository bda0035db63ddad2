import { and, asc, eq, inArray, isNull, ne } from 'drizzle-orm';
import type { Budget } from '../domain/budget.ts';
import type {
  MemberConfig,
  OrganizationConfig,
  Scope,
  ScopePolicy,
  ServiceAccountConfig,
  TeamConfig,
} from '../domain/tenancy.ts';
import { configVersions } from './config-versions.ts';
import type { Database } from './database.ts';
import {
  accessChoiceFrom,
  budgetFrom,
  modelLimitsFrom,
  organizationAccessFrom,
  type PolicyColumns,
  rateLimitsFrom,
} from './policy-columns.ts';
import { accounts, budgets, memberships, organizations, serviceAccounts, teams } from './schema.ts';

/**
 * One organization with its teams, members and service accounts at one instant; null when there never was one. A deleted one is
 * returned as such. Deleted teams and service accounts and removed members are left out; a member whose account is disabled is disabled.
 * Its version is that of the scope named by its id.
 */
export async function loadOrganization(db: Database, organizationId: string): Promise<OrganizationConfig | null> {
  const rows = await db.transaction((tx) => readRows(tx, organizationId), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  });
  if (rows === null) return null;
  const { organization } = rows;
  const policyOf = policiesWith(rows.budgets);
  return Object.freeze({
    id: organization.id,
    slug: organization.slug,
    name: organization.name,
    status: organization.status,
    timeZone: organization.timeZone,
    ...policyOf('organization', organization.id, organization),
    access: organizationAccessFrom(organization),
    auditContent: organization.auditContent,
    wrappedContentKey: organization.contentKey,
    version: rows.version,
    teams: byId(rows.teams.map((row) => teamFrom(row, policyOf('team', row.id, row)))),
    members: byId(rows.members.map((row) => memberFrom(row, policyOf('user', row.membership.id, row.membership)))),
    serviceAccounts: byId(rows.serviceAccounts.map(serviceAccountFrom)),
  });
}

type Rows = NonNullable<Awaited<ReturnType<typeof readRows>>>;

async function readRows(tx: Database, organizationId: string) {
  const [organization] = await tx.select().from(organizations).where(eq(organizations.id, organizationId));
  if (organization === undefined) return null;
  return {
    organization,
    version: (await configVersions(tx, [organizationId])).get(organizationId) ?? 0,
    teams: await tx
      .select()
      .from(teams)
      .where(and(eq(teams.organizationId, organizationId), isNull(teams.deletedAt))),
    members: await tx
      .select({ membership: memberships, accountStatus: accounts.status })
      .from(memberships)
      .innerJoin(accounts, eq(accounts.id, memberships.accountId))
      .where(and(eq(memberships.organizationId, organizationId), ne(memberships.status, 'removed'))),
    serviceAccounts: await tx
      .select()
      .from(serviceAccounts)
      .where(and(eq(serviceAccounts.organizationId, organizationId), isNull(serviceAccounts.deletedAt))),
    budgets: await readBudgets(tx, organizationId),
  };
}

/** Of the scopes that belong to the organization's snapshot. Keys bring their own: there may be a million of them. */
function readBudgets(tx: Database, organizationId: string) {
  const scopes: Scope[] = ['organization', 'team', 'user'];
  return tx
    .select()
    .from(budgets)
    .where(and(eq(budgets.organizationId, organizationId), inArray(budgets.scope, scopes), isNull(budgets.deletedAt)))
    .orderBy(asc(budgets.position), asc(budgets.id));
}

function policiesWith(rows: Rows['budgets']) {
  const byScope = Map.groupBy(rows, (row) => `${row.scope} ${row.scopeId}`);
  return (scope: Scope, scopeId: string, columns: PolicyColumns): ScopePolicy => ({
    rateLimits: rateLimitsFrom(columns.rateLimits),
    modelLimits: modelLimitsFrom(columns.modelLimits),
    budgets: Object.freeze((byScope.get(`${scope} ${scopeId}`) ?? []).map(budgetFrom) satisfies Budget[]),
  });
}

function teamFrom(row: Rows['teams'][number], policy: ScopePolicy): TeamConfig {
  return Object.freeze({ id: row.id, name: row.name, status: row.status, ...policy, access: accessChoiceFrom(row) });
}

function memberFrom({ membership, accountStatus }: Rows['members'][number], policy: ScopePolicy): MemberConfig {
  return Object.freeze({
    id: membership.id,
    accountId: membership.accountId,
    status: membership.status === 'active' && accountStatus === 'active' ? 'active' : 'disabled',
    ...policy,
    access: accessChoiceFrom(membership),
  });
}

function serviceAccountFrom(row: Rows['serviceAccounts'][number]): ServiceAccountConfig {
  return Object.freeze({ id: row.id, teamId: row.teamId, name: row.name, status: row.status });
}

function byId<T extends { readonly id: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}
