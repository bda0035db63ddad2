/** Searches all named objects by the beginning of the name or the whole id. */
import { and, eq, isNull, ne, or, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Reach } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { lowered } from '../named-list.ts';
import { prefixPattern } from '../paging.ts';
import {
  accessGroups,
  accounts,
  credentials,
  deployments,
  keys,
  memberships,
  organizations,
  teams,
  tenantObjects,
} from '../schema.ts';
import { withinReach } from './reach.ts';

export type TenantKind = 'organization' | 'team' | 'member' | 'key';
export type PlatformKind = 'account' | 'access_group' | 'credential' | 'deployment';

/** An object that was found. `detail` distinguishes it from others of the same name. */
export interface Found {
  readonly kind: TenantKind | PlatformKind;
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly organizationId: string | null;
  /** True if the text is the whole name or the id. */
  readonly isExact: boolean;
}

export interface SearchQuestion {
  readonly text: string;
  /** The organizations that the reader may see. */
  readonly organizations: readonly Reach[];
  /** The reach in which the reader may see teams and the objects in them. */
  readonly teams: readonly Reach[];
  /** True to include accounts and the catalogue, which belong to the platform. */
  readonly mayReadPlatform: boolean;
  /** The most objects of each kind. */
  readonly limit: number;
}

/** Searches in one statement. Returns exact matches first within each kind, and only objects that the reader may see. */
export async function searchNamed(db: Database, question: SearchQuestion): Promise<readonly Found[]> {
  const sources = question.mayReadPlatform ? [...TENANTS, ...PLATFORM] : TENANTS;
  // Exact matches are selected separately, so that the limit on names that begin so cannot cut them off.
  const parts = sources.flatMap((source) => [
    partOf(source, question, { isExact: true, matching: isExactly(source, question.text) }),
    partOf(source, question, { isExact: false, matching: beginsSo(source, question.text) }),
  ]);
  const { rows } = await db.execute<FoundRow>(sql.join(parts, sql` union all `));
  return sources.flatMap((source) => foundIn(source, rows, question.limit));
}

interface FoundRow extends Record<string, unknown> {
  readonly kind: string;
  readonly is_exact: boolean;
  readonly id: string;
  readonly name: string;
  readonly detail: string;
  readonly organization_id: string | null;
}

/** The table and columns of one kind of object. */
interface Source {
  readonly kind: Found['kind'];
  readonly id: PgColumn;
  readonly names: readonly PgColumn[];
  readonly detail: SQLWrapper;
  readonly organizationId: PgColumn | null;
  readonly from: SQL;
  visible(reaches: readonly Reach[]): SQL | undefined;
}

interface Matching {
  readonly isExact: boolean;
  readonly matching: SQL | undefined;
}

function partOf(source: Source, question: SearchQuestion, { isExact, matching }: Matching): SQL {
  const { kind, id, names, detail, organizationId, from, visible } = source;
  const reaches = kind === 'organization' ? question.organizations : question.teams;
  return sql`(select ${kind}::text as kind, ${isExact}::boolean as is_exact, ${id} as id, ${names[0]} as name, ${detail} as detail,
    ${organizationId ?? sql`null::text`} as organization_id from ${from} where ${and(matching, visible(reaches))} limit ${question.limit})`;
}

/** Returns the objects of one kind, exact matches first. An exact match also begins so, but appears only once. */
function foundIn({ kind }: Source, rows: readonly FoundRow[], limit: number): readonly Found[] {
  const byId = new Map<string, Found>();
  const ofKind = rows.filter((row) => row.kind === kind);
  for (const row of [...ofKind.filter((row) => row.is_exact), ...ofKind.filter((row) => !row.is_exact)]) {
    const { id, name, detail, organization_id: organizationId, is_exact: isExact } = row;
    if (!byId.has(id)) byId.set(id, { kind, id, name, detail, organizationId, isExact });
  }
  return [...byId.values()].slice(0, limit);
}

function beginsSo({ names }: Source, text: string): SQL | undefined {
  return or(...names.map((name) => sql`${lowered(name)} like ${prefixPattern(text)}`));
}

function isExactly({ id, names, organizationId }: Source, text: string): SQL | undefined {
  const named = names.map((name) => sql`${lowered(name)} = ${text.toLowerCase()}`);
  if (organizationId === null || organizationId === id || !TENANT_ID.test(text)) return or(eq(id, text), ...named);
  // The id does not tell its organization, so find that through tenant_objects.
  return sql`(${organizationId}, ${id}) in (select ${tenantObjects.organizationId}, ${tenantObjects.id}
    from ${tenantObjects} where ${tenantObjects.id} = ${text})`;
}

const TENANT_ID = /^(team|mem|key)_/;

const ofOrganization = (organizationId: PgColumn) =>
  sql`inner join ${organizations} on ${organizations.id} = ${organizationId} and ${organizations.status} <> 'deleted'`;

const TENANTS: readonly Source[] = [
  {
    kind: 'organization',
    id: organizations.id,
    names: [organizations.name, organizations.slug],
    detail: organizations.slug,
    organizationId: organizations.id,
    from: sql`${organizations}`,
    visible: (reaches) => and(withinReach(reaches, { organizationId: organizations.id }), ne(organizations.status, 'deleted')),
  },
  {
    kind: 'team',
    id: teams.id,
    names: [teams.name],
    detail: organizations.name,
    organizationId: teams.organizationId,
    from: sql`${teams} ${ofOrganization(teams.organizationId)}`,
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
    from: sql`${keys} ${ofOrganization(keys.organizationId)}`,
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
];

const everything = () => undefined;

const PLATFORM: readonly Source[] = [
  {
    kind: 'account',
    id: accounts.id,
    names: [accounts.name, accounts.email],
    detail: accounts.email,
    organizationId: null,
    from: sql`${accounts}`,
    visible: everything,
  },
  {
    kind: 'access_group',
    id: accessGroups.key,
    names: [accessGroups.name, accessGroups.key],
    detail: accessGroups.key,
    organizationId: null,
    from: sql`${accessGroups}`,
    visible: everything,
  },
  {
    kind: 'credential',
    id: credentials.id,
    names: [credentials.name],
    detail: credentials.provider,
    organizationId: null,
    from: sql`${credentials}`,
    visible: everything,
  },
  {
    kind: 'deployment',
    id: deployments.id,
    names: [deployments.model, deployments.upstreamModel],
    detail: sql`${deployments.provider} || ' · ' || ${deployments.upstreamModel}`,
    organizationId: null,
    from: sql`${deployments}`,
    visible: () => isNull(deployments.deletedAt),
  },
];
