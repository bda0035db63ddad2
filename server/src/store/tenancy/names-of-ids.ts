/** From ids to the names people gave: for reports and logs, whose rows hold only ids. */
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
  /** The organizations that the reader may see, if only one team of them. */
  readonly organizations: readonly Reach[];
  /** Where they may see teams, and what teams hold. */
  readonly teams: readonly Reach[];
  /** Deployments belong to the platform, and so do the accounts and tokens that change them. */
  readonly mayReadCatalogue: boolean;
}

/** Names by id. An id that is unknown, or another tenant's, is left out; what was revoked or deleted keeps its name. */
export async function namesOf(db: Database, question: NamesQuestion): Promise<Readonly<Record<string, string>>> {
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
  return Object.fromEntries(found.flat().map(({ id, name }) => [id, name]));
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Whoever sees anything of an organization knows what it is called. */
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
  // The tables begin their keys with the organization: from the id to it first, then one probe a row.
  return db
    .select({ id: table.id, name: table.name })
    .from(tenantObjects)
    .innerJoin(
      table as typeof teams,
      and(eq(columns.organizationId, tenantObjects.organizationId), eq(table.id, tenantObjects.id)),
    )
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
    .select({ id: memberships.id, name: accounts.name })
    .from(tenantObjects)
    .innerJoin(
      memberships,
      and(eq(memberships.organizationId, tenantObjects.organizationId), eq(memberships.id, tenantObjects.id)),
    )
    .innerJoin(accounts, eq(accounts.id, memberships.accountId))
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
