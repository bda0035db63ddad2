import { z } from 'zod';
import { can, capabilitiesOf } from '../../domain/tenancy/permission.ts';
import { CACHE_SCOPES, MIRRORING, RESPONSES_SCOPES, type ScopePolicy } from '../../domain/tenancy/tenancy.ts';
import { END_USERS } from '../../domain/usage/attribution.ts';
import { organizationAccessFrom } from '../../store/configuration/policy-columns.ts';
import { type StandingRow, standingsOf } from '../../store/tenancy/organization-list.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { accessCatalogue, grantsOut, renderGrants, renderIneffective } from '../access/access-fields.ts';
import type { AdminCall } from '../http/call.ts';
import { capabilities, instantOut, isoOf, isoOrNull, metadataOut } from '../http/fields.ts';
import { renderTags, tagsOut } from '../limits/tag-fields.ts';
import { visibleLimitsStatus, visibleStatusOut } from './limits-status.ts';
import { loadPolicies, policyOut, renderPolicy } from './policy.ts';
import { renderStanding, standingOut } from './standing-view.ts';

export { capabilities };

/** The API view of an organization. */

const auditOut = z.object({
  content: z.enum(['off', 'metadata', 'redacted', 'full']),
  content_retention_days: z.int().nullable(),
  event_retention_days: z.int().nullable(),
});

const NEEDS_TEAMS = 'Null if the caller lacks teams.read in the whole organization.';

export const organizationOut = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(['active', 'suspended', 'archived', 'deleted']),
    time_zone: z.string(),
    ...policyOut,
    asset_access: grantsOut,
    ...tagsOut,
    audit: auditOut,
    responses_storage: z.enum(['off', 'keep']),
    responses_scope: z.enum(RESPONSES_SCOPES),
    batches: z.enum(['off', 'on']),
    files_scope: z.enum(RESPONSES_SCOPES),
    cache_scope: z.enum(['off', ...CACHE_SCOPES]),
    mirroring: z.enum(MIRRORING),
    end_users: z.enum(END_USERS),
    metadata: metadataOut
      .nullable()
      .meta({ description: 'Null if the caller lacks teams.read in the whole organization and organization.profile.' }),
    owners: z
      .array(z.object({ member_id: z.string(), account_id: z.string(), name: z.string(), email: z.string() }))
      .nullable()
      .meta({ description: NEEDS_TEAMS }),
    team_count: z.int().nullable().meta({ description: NEEDS_TEAMS }),
    member_count: z.int().nullable().meta({ description: NEEDS_TEAMS }),
    key_count: z.int().nullable().meta({ description: NEEDS_TEAMS }),
    limits_status: visibleStatusOut,
    standing: standingOut
      .nullable()
      .meta({ description: 'The standing. Null if the caller lacks usage.read here, because it depends on spend.' }),
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
    archived_at: instantOut.nullable(),
  })
  .meta({ id: 'Organization' });

export async function viewOrganization(call: AdminCall, row: OrganizationRow): Promise<z.output<typeof organizationOut>> {
  const [view] = await viewOrganizations(call, [row]);
  if (view === undefined) throw new Error('the view of the row is missing');
  const ineffective = renderIneffective(null, organizationAccessFrom(row), await accessCatalogue(call.deps.db));
  return { ...view, asset_access: { ...view.asset_access, ineffective } };
}

/**
 * Renders several organizations with one query each for standings, owners and budgets, and one to the counters. None may be
 * deleted. A value that the caller may not read is null.
 */
export async function viewOrganizations(
  call: AdminCall,
  rows: readonly OrganizationRow[],
): Promise<z.output<typeof organizationOut>[]> {
  const { db } = call.deps;
  const ids = rows.map((row) => row.id);
  const placed = rows.map((row) => ({ ...row, organizationId: row.id }));
  const [policies, standings, owners] = await Promise.all([
    loadPolicies(db, 'organization', placed),
    standingsOf(db, ids),
    organizations.owners(db, ids),
  ]);
  const live = await visibleLimitsStatus(
    call,
    rows.map((row, index) => scopeOf(row, policies[index] as ScopePolicy)),
  );
  return rows.map((row, index) => {
    const standing = standings.get(row.id) as StandingRow;
    const place = { organizationId: row.id };
    const seesTeams = can(call.actor, 'teams.read', place);
    return {
      id: row.id,
      ...organizationFacts(row, policies[index] as ScopePolicy),
      metadata: seesTeams || can(call.actor, 'organization.profile', place) ? row.metadata : null,
      owners: seesTeams ? (owners.get(row.id) ?? []).map(renderOwner) : null,
      team_count: seesTeams ? standing.teamCount : null,
      member_count: seesTeams ? standing.memberCount : null,
      key_count: seesTeams ? standing.keyCount : null,
      limits_status: live[index] ?? null,
      standing: can(call.actor, 'usage.read', place) ? renderStanding(standing) : null,
      capabilities: [...capabilitiesOf(call.actor, place)],
      version: row.version,
      created_at: isoOf(row.createdAt),
      updated_at: isoOf(row.updatedAt),
      archived_at: isoOrNull(row.archivedAt),
    };
  });
}

function scopeOf({ id, timeZone }: OrganizationRow, policy: ScopePolicy) {
  return { organizationId: id, scope: 'organization', scopeId: id, policy, timeZone, place: { organizationId: id } } as const;
}

function renderOwner(owner: organizations.Owner) {
  return { member_id: owner.memberId, account_id: owner.accountId, name: owner.name, email: owner.email };
}

/** Returns the fields that people set, which the audit log compares. */
export function organizationFacts(row: OrganizationRow, policy: ScopePolicy) {
  return {
    slug: row.slug,
    name: row.name,
    status: row.status,
    time_zone: row.timeZone,
    ...renderPolicy(policy),
    asset_access: renderGrants(organizationAccessFrom(row)),
    ...renderTags(row),
    audit: {
      content: row.auditContent,
      content_retention_days: row.contentRetentionDays,
      event_retention_days: row.eventRetentionDays,
    },
    responses_storage: row.responsesStorage,
    responses_scope: row.responsesScope,
    batches: row.batches,
    files_scope: row.filesScope,
    cache_scope: row.cacheScope ?? ('off' as const),
    mirroring: row.mirroring,
    end_users: row.endUsers,
    metadata: row.metadata,
  };
}
