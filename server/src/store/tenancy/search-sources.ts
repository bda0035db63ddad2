/** The tables that a search looks in: one for each kind of object, with what finds it and who may see it. */
import { and, eq, isNull, ne, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Reach } from '../../domain/tenancy/permission.ts';
import {
  accessGroups,
  accounts,
  credentials,
  deployments,
  keys,
  memberships,
  organizations,
  serviceAccounts,
  teams,
  webhooks,
} from '../schema.ts';
import { withinReach } from './reach.ts';

type TenantKind = 'organization' | 'team' | 'member' | 'key' | 'service_account' | 'webhook';
type PlatformKind = 'account' | 'access_group' | 'credential' | 'deployment';

/** The table and columns of one kind of object. */
export interface Source {
  readonly kind: TenantKind | PlatformKind;
  readonly id: PgColumn;
  readonly names: readonly PgColumn[];
  readonly detail: SQLWrapper;
  readonly organizationId: PgColumn | null;
  readonly teamId?: PgColumn;
  readonly from: SQL;
  /** The newest rows only, of a large table with an index of its ids alone: for conditions that no index answers. */
  readonly fromNewest?: SQL;
  /**
   * The same as `from`, with the rows whose names match looked up first: for readers who see all of them. Without it, the database
   * may look up an account for each membership. `matching`: a condition on the names alone. `most`: how many of them; null is all.
   */
  readonly fromMatching?: (matching: SQL | undefined, most: number | null) => SQL;
  /** The reach that says which rows a reader may see. Null for what belongs to the platform alone. */
  readonly reach: 'organizations' | 'teams' | 'webhooks' | null;
  visible(reaches: readonly Reach[]): SQL | undefined;
}

/** So many names are compared in about 5 ms. */
const NEWEST_MAX = 5_000;

const newest = (table: PgTable, id: PgColumn) =>
  sql`(select * from ${table} order by ${id} desc limit ${NEWEST_MAX}) as ${table}`;

const ofOrganization = (organizationId: PgColumn) =>
  sql`inner join ${organizations} on ${organizations.id} = ${organizationId} and ${organizations.status} <> 'deleted'`;

const ofTeam = sql`${ofOrganization(serviceAccounts.organizationId)} inner join ${teams}
  on ${teams.organizationId} = ${serviceAccounts.organizationId} and ${teams.id} = ${serviceAccounts.teamId} and ${teams.deletedAt} is null`;

export const TENANTS: readonly Source[] = [
  {
    kind: 'organization',
    id: organizations.id,
    names: [organizations.name, organizations.slug],
    detail: organizations.slug,
    organizationId: organizations.id,
    from: sql`${organizations}`,
    fromNewest: newest(organizations, organizations.id),
    reach: 'organizations',
    visible: (reaches) => and(withinReach(reaches, { organizationId: organizations.id }), ne(organizations.status, 'deleted')),
  },
  {
    kind: 'team',
    id: teams.id,
    names: [teams.name],
    detail: organizations.name,
    organizationId: teams.organizationId,
    teamId: teams.id,
    from: sql`${teams} ${ofOrganization(teams.organizationId)}`,
    fromNewest: sql`${newest(teams, teams.id)} ${ofOrganization(teams.organizationId)}`,
    reach: 'teams',
    visible: (reaches) =>
      and(isNull(teams.deletedAt), withinReach(reaches, { organizationId: teams.organizationId, teamId: teams.id })),
  },
  {
    kind: 'member',
    id: memberships.id,
    names: [accounts.name, accounts.email],
    detail: sql`${accounts.email} || ' · ' || ${organizations.name}`,
    organizationId: memberships.organizationId,
    from: sql`${memberships} ${ofOrganization(memberships.organizationId)}
      inner join ${accounts} on ${accounts.id} = ${memberships.accountId}`,
    // A limit or an offset keeps the planner from undoing it.
    fromMatching: (matching, most) => sql`(select * from ${accounts} where ${matching} limit ${most} offset 0) as ${accounts}
      inner join ${memberships} on ${memberships.accountId} = ${accounts.id} ${ofOrganization(memberships.organizationId)}`,
    reach: 'teams',
    visible: (reaches) =>
      and(
        ne(memberships.status, 'removed'),
        withinReach(reaches, { organizationId: memberships.organizationId, membershipId: memberships.id }),
      ),
  },
  {
    kind: 'key',
    id: keys.id,
    names: [keys.name],
    detail: sql`${organizations.name} || ' · …' || ${keys.lastFour}`,
    organizationId: keys.organizationId,
    teamId: keys.teamId,
    from: sql`${keys} ${ofOrganization(keys.organizationId)}`,
    fromNewest: sql`${newest(keys, keys.id)} ${ofOrganization(keys.organizationId)}`,
    reach: 'teams',
    visible: (reaches) =>
      and(
        ne(keys.status, 'revoked'),
        withinReach(reaches, {
          organizationId: keys.organizationId,
          teamId: keys.teamId,
          membershipId: keys.ownerMembershipId,
        }),
      ),
  },
  {
    kind: 'service_account',
    id: serviceAccounts.id,
    names: [serviceAccounts.name],
    detail: sql`${teams.name} || ' · ' || ${organizations.name}`,
    organizationId: serviceAccounts.organizationId,
    teamId: serviceAccounts.teamId,
    from: sql`${serviceAccounts} ${ofTeam}`,
    reach: 'teams',
    visible: (reaches) =>
      and(
        isNull(serviceAccounts.deletedAt),
        withinReach(reaches, { organizationId: serviceAccounts.organizationId, teamId: serviceAccounts.teamId }),
      ),
  },
  {
    kind: 'webhook',
    id: webhooks.id,
    // Not the address: a part of it can be a secret of the receiver.
    names: [webhooks.name],
    detail: sql`coalesce(${organizations.name}, '')`,
    organizationId: webhooks.organizationId,
    from: sql`${webhooks} left join ${organizations} on ${organizations.id} = ${webhooks.organizationId}`,
    reach: 'webhooks',
    visible: (reaches) =>
      and(
        or(isNull(webhooks.organizationId), ne(organizations.status, 'deleted')),
        withinReach(reaches, { organizationId: webhooks.organizationId }),
      ),
  },
];

const everything = () => undefined;

export const PLATFORM: readonly Source[] = [
  {
    kind: 'account',
    id: accounts.id,
    names: [accounts.name, accounts.email],
    detail: accounts.email,
    organizationId: null,
    from: sql`${accounts}`,
    fromNewest: newest(accounts, accounts.id),
    reach: null,
    visible: everything,
  },
  {
    kind: 'access_group',
    id: accessGroups.key,
    names: [accessGroups.name, accessGroups.key],
    detail: accessGroups.key,
    organizationId: null,
    from: sql`${accessGroups}`,
    reach: null,
    visible: everything,
  },
  {
    kind: 'credential',
    id: credentials.id,
    names: [credentials.name],
    detail: credentials.provider,
    organizationId: null,
    from: sql`${credentials}`,
    reach: null,
    visible: () => eq(credentials.owner, ''),
  },
  {
    kind: 'deployment',
    id: deployments.id,
    names: [deployments.model, deployments.upstreamModel],
    detail: sql`${deployments.provider} || ' · ' || ${deployments.upstreamModel}`,
    organizationId: null,
    from: sql`${deployments}`,
    reach: null,
    visible: () => and(isNull(deployments.deletedAt), eq(deployments.owner, '')),
  },
];
