/** Scopes with a limit on requests in flight that were used recently. Global: jobs go over every tenant. */
import { sql } from 'drizzle-orm';
import type { Scope } from '../../domain/tenancy/tenancy.ts';
import type { StoredModelLimit, StoredRateLimits } from '../configuration/policy-columns.ts';
import type { Database } from '../database.ts';
import { keys, memberships, rollups, teamRollups, teams } from '../schema.ts';

/** A scope below the organization, with its stored limits. */
export interface SlotScope {
  readonly organizationId: string;
  readonly scope: Exclude<Scope, 'organization'>;
  readonly scopeId: string;
  readonly rateLimits: StoredRateLimits;
  readonly modelLimits: readonly StoredModelLimit[];
}

interface StoredScope extends Record<string, unknown> {
  readonly organization_id: string;
  readonly scope: SlotScope['scope'];
  readonly id: string;
  readonly rate_limits: StoredRateLimits;
  readonly model_limits: readonly StoredModelLimit[];
}

/**
 * Returns teams, members and keys of these organizations with a `max_parallel`, for all or some models, that were used since a
 * time.
 */
export async function slotScopesInUse(
  db: Database,
  organizationIds: readonly string[],
  usedSince: Date,
): Promise<readonly SlotScope[]> {
  const within = sql`organization_id = any(${sql.param(organizationIds)}::text[])
    and (rate_limits::text like '%"max_parallel"%' or model_limits::text like '%"max_parallel"%')`;
  const used = (column: 'member_id' | 'key_id') => sql`exists (select 1 from ${rollups} as used where
    used.organization_id = scopes.organization_id and used.${sql.identifier(column)} = scopes.id and used.bucket_start >= ${usedSince})`;
  const columns = (scope: SlotScope['scope']) =>
    sql`organization_id, ${sql.raw(`'${scope}'`)} as scope, id, rate_limits, model_limits`;
  const { rows } = await db.execute<StoredScope>(sql`
    select ${columns('team')} from ${teams} as scopes where ${within} and exists (select 1 from ${teamRollups} as used
      where used.organization_id = scopes.organization_id and used.hour_start >= ${usedSince} and used.team_id = scopes.id)
    union all select ${columns('user')} from ${memberships} as scopes where ${within} and ${used('member_id')}
    union all select ${columns('key')} from ${keys} as scopes where ${within} and ${used('key_id')}`);
  return rows.map(({ organization_id, scope, id, rate_limits, model_limits }) => ({
    organizationId: organization_id,
    scope,
    scopeId: id,
    rateLimits: rate_limits,
    modelLimits: model_limits,
  }));
}
