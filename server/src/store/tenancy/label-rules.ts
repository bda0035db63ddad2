/** The limits by tag and end user of one organization, and the rules that they rest on. */
import { and, eq, isNull, ne, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { LabelLimit } from '../../domain/limits/label-limit.ts';
import type { EndUsers } from '../../domain/usage/attribution.ts';
import { labelLimitsFrom, type StoredLabelLimit } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { keys, limitedTags, organizations, teams } from '../schema.ts';

/** An organization, a team or a key as far as labels are concerned. */
export interface LabelledLevel {
  readonly level: 'organization' | 'team' | 'key';
  readonly id: string;
  readonly name: string;
  /** The team of a key; a team's own id; null for an organization. */
  readonly teamId: string | null;
  readonly requiredTags: readonly string[];
  readonly requireEndUser: boolean;
  readonly labelLimits: readonly LabelLimit[];
}

/** Waits for other changes of an organization's labels. Two at once could each take away what the other one relies on. */
export async function lockLabels(db: Database, organizationId: string): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`labels ${organizationId}`}, 0))`);
}

/** Returns the form in which an organization stores end users. */
export async function endUsersOf(db: Database, organizationId: string): Promise<EndUsers> {
  const [row] = await db
    .select({ endUsers: organizations.endUsers })
    .from(organizations)
    .where(eq(organizations.id, organizationId));
  return row?.endUsers ?? 'hashed';
}

/** Returns the organization, all its teams, and its keys with limits by label. Deleted teams and revoked keys are left out. */
export async function labelledLevels(db: Database, organizationId: string): Promise<readonly LabelledLevel[]> {
  const columns = (table: typeof organizations | typeof teams | typeof keys) => ({
    ...{ id: table.id, name: table.name, requiredTags: table.requiredTags },
    ...{ requireEndUser: table.requireEndUser, labelLimits: table.labelLimits },
  });
  const [organization] = await db.select(columns(organizations)).from(organizations).where(eq(organizations.id, organizationId));
  const teamRows = await db
    .select(columns(teams))
    .from(teams)
    .where(and(eq(teams.organizationId, organizationId), isNull(teams.deletedAt)));
  const keyRows = await db
    .select({ ...columns(keys), teamId: keys.teamId })
    .from(keys)
    .where(and(livingKeys(organizationId), ne(keys.labelLimits, sql`'[]'::jsonb`)));
  return [
    ...(organization === undefined ? [] : [levelFrom('organization', organization, null)]),
    ...teamRows.map((row) => levelFrom('team', row, row.id)),
    ...keyRows.map((row) => levelFrom('key', row, row.teamId)),
  ];
}

/** A tag that some key of a team requires. */
interface RequiredByKeys {
  readonly teamId: string;
  readonly tag: string;
}

/** Returns which of some tags are required by keys. `exceptKeyId`: a key that does not count. */
export async function tagsRequiredByKeys(
  db: Database,
  organizationId: string,
  tags: readonly string[],
  exceptKeyId: string | null,
): Promise<readonly RequiredByKeys[]> {
  if (tags.length === 0) return [];
  const { rows } = await db.execute<{ team_id: string; tag: string }>(sql`
    select distinct ${keys.teamId} as team_id, t.tag from ${keys}, unnest(${keys.requiredTags}) as t(tag)
    where ${livingKeys(organizationId)} and ${keys.id} <> ${exceptKeyId ?? ''} and ${overlaps(keys.requiredTags, tags)}
      and t.tag = any(${sql.param(tags)}::text[])`);
  return rows.map(({ team_id: teamId, tag }) => ({ teamId, tag }));
}

/** Notes that limits name these tags, so that usage tells them apart from then on. */
export async function noteLimitedTags(db: Database, organizationId: string, limits: readonly LabelLimit[]): Promise<void> {
  const tags = limits.flatMap(({ match }) => (match.is === 'tag' ? [match.tag] : []));
  if (tags.length === 0) return;
  await db
    .insert(limitedTags)
    .values(tags.map((tag) => ({ organizationId, tag })))
    .onConflictDoNothing();
}

function livingKeys(organizationId: string): SQL | undefined {
  return and(eq(keys.organizationId, organizationId), ne(keys.status, 'revoked'));
}

function overlaps(column: PgColumn, tags: readonly string[]): SQL {
  return sql`${column} && ${sql.param(tags)}::text[]`;
}

interface Row extends Pick<LabelledLevel, 'id' | 'name' | 'requiredTags' | 'requireEndUser'> {
  readonly labelLimits: readonly StoredLabelLimit[];
}

function levelFrom(level: LabelledLevel['level'], { labelLimits, ...row }: Row, teamId: string | null): LabelledLevel {
  return { ...row, level, teamId, labelLimits: labelLimitsFrom(labelLimits) };
}
