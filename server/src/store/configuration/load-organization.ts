import { and, asc, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Budget } from '../../domain/limits/budget.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { OwnProviders } from '../../domain/routing/own.ts';
import type {
  MemberConfig,
  OrganizationConfig,
  Scope,
  ScopePolicy,
  ServiceAccountConfig,
  TeamConfig,
} from '../../domain/tenancy/tenancy.ts';
import type { Database } from '../database.ts';
import { accounts, budgets, memberships, organizations, serviceAccounts, teams } from '../schema.ts';
import { configVersions } from './config-versions.ts';
import { type OwnOpener, readOwn } from './load-own.ts';
import {
  accessChoiceFrom,
  budgetFrom,
  labelLimitsFrom,
  modelLimitsFrom,
  organizationAccessFrom,
  type PolicyColumns,
  rateLimitsFrom,
  tagPolicyFrom,
} from './policy-columns.ts';

/**
 * Loads one organization with its teams, members and service accounts in one snapshot. Returns null if it never existed; a
 * deleted one has that status. Omits deleted teams and service accounts and removed members. A member with a disabled account is
 * disabled. The version is that of the scope named by the organization's id.
 */
export async function loadOrganization(db: Database, organizationId: string): Promise<OrganizationConfig | null> {
  return (await loadOrganizations(db, [organizationId])).get(organizationId) ?? null;
}

/**
 * Loads a few hundred organizations, as loadOrganization does, in as many queries as one takes. Omits unknown ids. Loads their own
 * deployments only with `own`, which opens the credentials: what only reads limits and access needs none.
 */
export async function loadOrganizations(
  db: Database,
  organizationIds: readonly string[],
  own: OwnOpener | null = null,
): Promise<ReadonlyMap<string, OrganizationConfig>> {
  const rows = await db.transaction((tx) => readRows(tx, organizationIds, own), {
    isolationLevel: 'repeatable read',
    accessMode: 'read only',
  });
  const parts = {
    teams: Map.groupBy(rows.teams, (row) => row.organizationId),
    members: Map.groupBy(rows.members, (row) => row.membership.organizationId),
    serviceAccounts: Map.groupBy(rows.serviceAccounts, (row) => row.organizationId),
    budgets: Map.groupBy(rows.budgets, (row) => row.organizationId),
  };
  return new Map(
    rows.organizations.map((organization) => {
      const { id } = organization;
      const version = rows.versions.get(id) ?? 0;
      const teamRows = parts.teams.get(id) ?? [];
      const memberRows = parts.members.get(id) ?? [];
      const serviceAccountRows = parts.serviceAccounts.get(id) ?? [];
      const budgetRows = parts.budgets.get(id) ?? [];
      const config = organizationFrom(organization, version, teamRows, memberRows, serviceAccountRows, policiesWith(budgetRows));
      return [id, Object.freeze({ ...config, own: ownFrom(organization, rows.own.get(id) ?? []) })];
    }),
  );
}

type Rows = Awaited<ReturnType<typeof readRows>>;

/** Returns null if the organization has no own deployments and does not insist on them. */
function ownFrom(
  { ownDeployments }: Rows['organizations'][number],
  deployments: readonly DeploymentConfig[],
): OwnProviders | null {
  if (deployments.length === 0 && ownDeployments === 'own_first') return null;
  return Object.freeze({ mode: ownDeployments, byModel: Map.groupBy(deployments, ({ model }) => model) });
}

async function readRows(tx: Database, organizationIds: readonly string[], own: OwnOpener | null) {
  const wanted = (column: PgColumn) => sql`${column} = any(${sql.param(organizationIds)})`;
  const scopes: Scope[] = ['organization', 'team', 'user'];
  return {
    organizations: await tx.select().from(organizations).where(wanted(organizations.id)),
    versions: await configVersions(tx, organizationIds),
    teams: await tx
      .select()
      .from(teams)
      .where(and(wanted(teams.organizationId), isNull(teams.deletedAt))),
    members: await tx
      .select({ membership: memberships, accountStatus: accounts.status })
      .from(memberships)
      .innerJoin(accounts, eq(accounts.id, memberships.accountId))
      .where(and(wanted(memberships.organizationId), ne(memberships.status, 'removed'))),
    serviceAccounts: await tx
      .select()
      .from(serviceAccounts)
      .where(and(wanted(serviceAccounts.organizationId), isNull(serviceAccounts.deletedAt))),
    // Budgets of the organization, its teams and users. Those of keys are loaded with each key, because there may be a million
    // keys.
    budgets: await tx
      .select()
      .from(budgets)
      .where(and(wanted(budgets.organizationId), inArray(budgets.scope, scopes), isNull(budgets.deletedAt)))
      .orderBy(asc(budgets.position), asc(budgets.id)),
    own: own === null ? new Map<string, readonly DeploymentConfig[]>() : await readOwn(tx, organizationIds, own),
  };
}

function organizationFrom(
  row: Rows['organizations'][number],
  version: number,
  teamRows: Rows['teams'],
  memberRows: Rows['members'],
  serviceAccountRows: Rows['serviceAccounts'],
  policyOf: PolicyOf,
): OrganizationConfig {
  return Object.freeze({
    id: row.id,
    slug: row.slug,
    name: row.name,
    status: row.status,
    timeZone: row.timeZone,
    ...policyOf('organization', row.id, row),
    tags: tagPolicyFrom(row),
    requireEndUser: row.requireEndUser,
    access: organizationAccessFrom(row),
    auditContent: row.auditContent,
    responses: row.responsesStorage === 'keep' ? row.responsesScope : null,
    files: row.batches === 'on' ? row.filesScope : null,
    answerCache: row.cacheScope === null ? null : Object.freeze({ scope: row.cacheScope, epoch: row.cacheEpoch }),
    endUsers: row.endUsers,
    mirroring: row.mirroring,
    wrappedContentKey: row.contentKey === null ? null : Object.freeze({ bytes: row.contentKey, by: row.contentKeyBy }),
    version,
    teams: byId(teamRows.map((team) => teamFrom(team, policyOf('team', team.id, team)))),
    members: byId(memberRows.map((member) => memberFrom(member, policyOf('user', member.membership.id, member.membership)))),
    serviceAccounts: byId(serviceAccountRows.map(serviceAccountFrom)),
  });
}

type PolicyOf = (scope: Scope, scopeId: string, columns: PolicyColumns) => ScopePolicy;

function policiesWith(rows: Rows['budgets']): PolicyOf {
  const byScope = Map.groupBy(rows, (row) => `${row.scope} ${row.scopeId}`);
  return (scope, scopeId, columns) => ({
    rateLimits: rateLimitsFrom(columns.rateLimits),
    modelLimits: modelLimitsFrom(columns.modelLimits),
    labelLimits: labelLimitsFrom(columns.labelLimits ?? []),
    budgets: Object.freeze((byScope.get(`${scope} ${scopeId}`) ?? []).map(budgetFrom) satisfies Budget[]),
  });
}

function teamFrom(row: Rows['teams'][number], policy: ScopePolicy): TeamConfig {
  const labels = { tags: tagPolicyFrom(row), requireEndUser: row.requireEndUser };
  return Object.freeze({ id: row.id, name: row.name, status: row.status, ...policy, ...labels, access: accessChoiceFrom(row) });
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
