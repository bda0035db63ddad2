/** Names by id, for reports and logs, whose rows contain only ids. */
import { and, eq, inArray, type SQL } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import {
  accounts,
  adminTokens,
  deployments,
  keys,
  memberships,
  organizations,
  serviceAccounts,
  teams,
  tenantObjects,
} from '../schema.ts';
import { withinReach } from './reach.ts';

export interface NamesQuestion {
  readonly ids: readonly string[];
  /** The organizations of which the reader may see at least a part. */
  readonly organizations: readonly Reach[];
  /** The reach in which the reader may see teams and the objects in them. */
  readonly teams: readonly Reach[];
  /** True to include deployments, and the accounts and tokens that change them. They belong to the platform. */
  readonly mayReadCatalogue: boolean;
}

/** An object's name and, for an object of a tenant, the name of its organization. */
export interface Named {
  readonly id: string;
  readonly name: string;
  readonly organizationName?: string;
}

/** Returns names by id, also of revoked and deleted objects. Omits ids that are unknown or outside the reader's reach. */
export async function namesOf(db: Database, question: NamesQuestion): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await placedNamesOf(db, question)).map(({ id, name }) => [id, name]));
}

/** Returns the same, each with the name of its organization. */
export async function placedNamesOf(db: Database, question: NamesQuestion): Promise<readonly Named[]> {
  const found = await Promise.all([
    organizationNames(db, question),
    namesIn(db, question, 'team_', { table: teams, columns: { organizationId: teams.organizationId, teamId: teams.id } }),
    namesIn(db, question, 'svc_', {
      table: serviceAccounts,
      columns: { organizationId: serviceAccounts.organizationId, teamId: serviceAccounts.teamId },
    }),
    namesIn(db, question, 'key_', {
      table: keys,
      columns: { organizationId: keys.organizationId, teamId: keys.teamId, membershipId: keys.ownerMembershipId },
    }),
    memberNames(db, question),
    deploymentNames(db, question),
    changerNames(db, question, 'acct_', accounts),
    changerNames(db, question, 'adm_', adminTokens),
  ]);
  return found.flat();
}

/** Returns the names of organizations. A reader who sees any part of one may see its name. */
async function organizationNames(db: Database, { ids, organizations: reaches }: NamesQuestion): Promise<readonly Named[]> {
  const own = new Set(reaches.map((reach) => (reach.is === 'everywhere' ? null : reach.organizationId)));
  const wanted = startingWith(ids, 'org_').filter((id) => own.has(null) || own.has(id));
  if (wanted.length === 0) return [];
  return db
    .select({ id: organizations.id, name: organizations.name })
    .from(organizations)
    .where(inArray(organizations.id, wanted));
}

interface Source {
  readonly table: typeof teams | typeof serviceAccounts | typeof keys;
  readonly columns: { readonly organizationId: PgColumn; readonly teamId: PgColumn; readonly membershipId?: PgColumn };
}

async function namesIn(
  db: Database,
  { ids, teams: reaches }: NamesQuestion,
  prefix: string,
  { table, columns }: Source,
): Promise<readonly Named[]> {
  const wanted = startingWith(ids, prefix);
  if (wanted.length === 0) return [];
  // Primary keys begin with the organization, so find that first, then look up each row by its key.
  return db
    .select({ id: table.id, name: table.name, organizationName: organizations.name })
    .from(tenantObjects)
    .innerJoin(
      table as typeof teams,
      and(eq(columns.organizationId, tenantObjects.organizationId), eq(table.id, tenantObjects.id)),
    )
    .innerJoin(organizations, eq(organizations.id, tenantObjects.organizationId))
    .where(and(inArray(tenantObjects.id, wanted), withinReach(reaches, columns)));
}

async function memberNames(db: Database, { ids, teams: reaches }: NamesQuestion): Promise<readonly Named[]> {
  const wanted = startingWith(ids, 'mem_');
  if (wanted.length === 0) return [];
  const visible: SQL | undefined = withinReach(reaches, {
    organizationId: memberships.organizationId,
    membershipId: memberships.id,
  });
  return db
    .select({ id: memberships.id, name: accounts.name, organizationName: organizations.name })
    .from(tenantObjects)
    .innerJoin(
      memberships,
      and(eq(memberships.organizationId, tenantObjects.organizationId), eq(memberships.id, tenantObjects.id)),
    )
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
    .innerJoin(organizations, eq(organizations.id, tenantObjects.organizationId))
    .where(and(inArray(tenantObjects.id, wanted), visible));
}

async function deploymentNames(db: Database, { ids, mayReadCatalogue }: NamesQuestion): Promise<readonly Named[]> {
  const wanted = mayReadCatalogue ? startingWith(ids, 'dep_') : [];
  if (wanted.length === 0) return [];
  const rows = await db
    .select({ id: deployments.id, model: deployments.model, provider: deployments.provider })
    .from(deployments)
    .where(inArray(deployments.id, wanted));
  return rows.map(({ id, model, provider }) => ({ id, name: `${model} (${provider})` }));
}

async function changerNames(
  db: Database,
  { ids, mayReadCatalogue }: NamesQuestion,
  prefix: string,
  table: typeof accounts | typeof adminTokens,
): Promise<readonly Named[]> {
  const wanted = mayReadCatalogue ? startingWith(ids, prefix) : [];
  if (wanted.length === 0) return [];
  return db.select({ id: table.id, name: table.name }).from(table).where(inArray(table.id, wanted));
}

function startingWith(ids: readonly string[], prefix: string): string[] {
  return ids.filter((id) => id.startsWith(prefix));
}
